"""This file turns mDNS services into the network devices that announce them; pure."""

from __future__ import annotations

import functools
import hashlib
import ipaddress
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase

from hardware.matchers import MdnsRow, matchers
from hardware.readings import Identity, Kind, Sighting, clean

# What one neighbour may make us keep: a TXT record can hold thousands of keys.
_TXT_KEYS_LIMIT = 64
_UUID_SHORTEST, _UUID_LONGEST, _FEWEST_SIGNS = 8, 64, 3
_MAC = re.compile(r"([0-9a-f]{2})" + r"[:-]?([0-9a-f]{2})" * 5, re.IGNORECASE)
# "<MAC>@<name>" (AirPlay audio) and "<host> [<MAC>]" (Avahi).
_MAC_IN_NAME = re.compile(r"([0-9a-f]{12})@(.*)|(.*) \[([0-9a-f:]{17})\]", re.IGNORECASE)
_UUID = re.compile(r"[0-9a-z][0-9a-z._:-]*")
# The lowest bits of the first octet: sent to many, and made up on the spot (IEEE 802, 8.2).
_MADE_UP = 0b11

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def types() -> tuple[str, ...]:
    """Give the service types to browse, each once, without the domain."""
    return tuple(dict.fromkeys(row.type for row in matchers().mdns))


def sighting_of(
    type_: str,
    name: str,
    server: str,
    addresses: Iterable[str],
    txt: Mapping[bytes, bytes | None],
) -> Sighting | None:
    """Give the device that announces this service, or None if no row of matchers.toml fits.

    type_: "_ipp._tcp" or "_ipp._tcp.local.". name: the service's full name. server: its host's.
    addresses: IPv4 and IPv6, newest first. txt: keys and values as they came, however hostile.
    Source: RFC 6763 sections 4.1 and 6.4.
    """
    plain_type = type_.removesuffix(".").removesuffix(".local")
    instance = clean(name.removesuffix(".").removesuffix(".local").removesuffix(f".{plain_type}"))
    values = _texts(txt)
    row = _row(plain_type, values)
    if row is None:
        return None
    model = _first(values, row.model)
    shown = model if row.private else _first(values, row.name) or _shown_name(row, instance)
    identity, key = _identity(row, values, instance, server)
    return Sighting(
        source="mdns",
        key=key,
        identity=identity,
        kind=row.kind,
        name=shown,
        vendor=_first(values, row.vendor) or row.maker,
        model=model,
        address=best_address(addresses),
    )


def best_address(addresses: Iterable[str]) -> str:
    """Give the address most likely to answer, of equal ones the first; "" of none.

    addresses: newest first, for a device that moved shows its old address for a while.
    """
    parsed = [address for text in addresses if (address := _parsed(text)) is not None]
    return str(min(parsed, key=_address_rank)) if parsed else ""


class Announced:
    """The devices of the network as their services come and go; several services are one device."""

    def __init__(self) -> None:
        self._services: dict[str, Sighting] = {}
        self._by_key: defaultdict[str, set[str]] = defaultdict(set)
        self._reported: dict[str, Sighting] = {}

    def __len__(self) -> int:
        return len(self._services)

    def __contains__(self, service: str) -> bool:
        return service in self._services

    def see(self, service: str, sighting: Sighting) -> list[Sighting]:
        """Take in what a service says now, by its full name. Gives the devices that changed."""
        before = self._services.get(service)
        changes = self.leave(service) if before is not None and before.key != sighting.key else []
        self._services[service] = sighting
        self._by_key[sighting.key].add(service)
        return changes + self._change(sighting.key)

    def leave(self, service: str) -> list[Sighting]:
        """Take in that a service said goodbye. Gives the device if it was its last."""
        sighting = self._services.pop(service, None)
        if sighting is None:
            return []
        self._by_key[sighting.key].discard(service)
        return self._change(sighting.key)

    def _change(self, key: str) -> list[Sighting]:
        services = sorted(self._by_key[key], key=self._rank)
        if not services:
            del self._by_key[key]
            return [replace(self._reported.pop(key), present=False, reason="goodbye")]
        merged = functools.reduce(_filled, (self._services[service] for service in services))
        if self._reported.get(key) == merged:
            return []
        self._reported[key] = merged
        return [merged]

    def _rank(self, service: str) -> tuple[bool, int, str]:
        known = (rank for rank, type_ in enumerate(types()) if f".{type_}." in service)
        return self._services[service].kind is Kind.OTHER, next(known, 0), service


def _filled(device: Sighting, other: Sighting) -> Sighting:
    """Fill what one service left open with what another of the same device says."""
    return replace(
        device,
        name=device.name or other.name,
        vendor=device.vendor or other.vendor,
        model=device.model or other.model,
        address=device.address or other.address,
    )


def _texts(txt: Mapping[bytes, bytes | None]) -> dict[str, str]:
    values: dict[str, str] = {}
    for key, value in txt.items():
        if len(values) >= _TXT_KEYS_LIMIT:
            break
        # RFC 6763 section 6.4: any case, and of the same key twice the first counts.
        values.setdefault(_text(key).lower(), _text(value or b""))
    return values


def _text(raw: bytes) -> str:
    return clean(raw.decode("utf-8", "replace"))


def _first(values: Mapping[str, str], keys: Iterable[str]) -> str:
    return next((values[key] for key in keys if values.get(key)), "")


def _row(type_: str, values: Mapping[str, str]) -> MdnsRow | None:
    return next((row for row in matchers().mdns if row.type == type_ and _fits(row, values)), None)


def _fits(row: MdnsRow, values: Mapping[str, str]) -> bool:
    return all(fnmatchcase(values.get(key, "").lower(), wish) for key, wish in row.txt.items())


def _identity(
    row: MdnsRow, values: Mapping[str, str], instance: str, server: str
) -> tuple[Identity, str]:
    """Give what the device is known by, the strongest it has: MAC, then id, then its names."""
    macs = [values.get(key, "") for key in row.mac]
    if row.mac_in_name:
        macs.append(_split(instance)[0])
    for text in macs:
        if mac := trusted_mac(text):
            return Identity.MAC, f"mac:{mac}"
    if uuid := trusted_uuid(_first(values, row.uuid)):
        return Identity.UUID, f"uuid:{uuid}"
    # Names are often people's, and keys go into topics and logs.
    names = f"{clean(server).rstrip('.')}\n{instance}".casefold()
    return Identity.HOST, f"name:{hashlib.sha256(names.encode()).hexdigest()[:32]}"


def trusted_mac(text: str) -> str:
    """Give a MAC as 12 hex digits; "" if it is none, or one that a device made up."""
    found = _MAC.fullmatch(text.strip())
    if found is None:
        return ""
    mac = "".join(found.groups()).lower()
    return "" if int(mac[:2], 16) & _MADE_UP or not mac.strip("0") else mac


def trusted_uuid(text: str) -> str:
    """Give an id in one spelling; "" if it is too plain or too strange to name one device."""
    uuid = text.lower().removeprefix("urn:").removeprefix("uuid:").strip("{} ")
    if not _UUID_SHORTEST <= len(uuid) <= _UUID_LONGEST or not _UUID.fullmatch(uuid):
        return ""
    return uuid if len(set(uuid) - {"-", "0"}) >= _FEWEST_SIGNS else ""


def _shown_name(row: MdnsRow, instance: str) -> str:
    return _split(instance)[1] if row.mac_in_name else instance


def _split(instance: str) -> tuple[str, str]:
    """Split (MAC, name) out of an instance name that holds both."""
    found = _MAC_IN_NAME.fullmatch(instance)
    if found is None:
        return "", instance
    before, name_after, name_before, after = found.groups()
    return (before, name_after) if before else (after, name_before)


def _parsed(text: str) -> _Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return None if address.is_multicast or address.is_unspecified else address


def _address_rank(address: _Address) -> tuple[bool, bool, int]:
    return address.is_loopback, address.is_link_local, address.version
