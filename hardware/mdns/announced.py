"""This file reads what one mDNS service says of the device that announces it; pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from hardware.matchers import MdnsRow, matchers
from hardware.mdns.ids import identity_of, named_key, split_name, told_uuid
from hardware.network.interfaces import Networks, via
from hardware.network.neighbours import told_mac, trusted_mac
from hardware.readings import Kind, KindProof, Sighting, clean

# What one neighbour may make us keep: a TXT record can hold thousands of keys, a host addresses.
_TXT_KEYS_LIMIT = 64
_ADDRESSES_LIMIT = 16
_ALIASES_LIMIT = 4
_CAPABILITIES = re.compile(r"(\d{1,19})|0x([0-9a-f]{1,16})(?:,0x([0-9a-f]{1,8}))?", re.IGNORECASE)
_PRINTABLE = range(0x20, 0x7F)

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncedService:
    """What one service says. sighting: its device, known by the strongest mark that it tells.

    weak_key: what the device is known by where its marks are no good. host, addresses: who says
    so, to tell a device with several services from several devices with one mark. bluetooth: the
    marks that are Bluetooth's: a device has another MAC for its network.
    """

    sighting: Sighting
    weak_key: str
    host: str
    addresses: frozenset[str]
    type: str = ""
    bluetooth: frozenset[str] = frozenset()

    @property
    def marks(self) -> tuple[str, ...]:
        """The keys that name one device in the world, strongest first."""
        strong = () if self.sighting.key == self.weak_key else (self.sighting.key,)
        return strong + self.sighting.aliases

    def mark_kind(self, mark: str) -> str:
        """Give of which kind a mark is: two of one kind are two devices'."""
        return "bluetooth" if mark in self.bluetooth else mark.partition(":")[0]


def types() -> tuple[str, ...]:
    """Give the service types to browse, each once, without the domain."""
    return tuple(dict.fromkeys(row.type for row in matchers().mdns))


def service_of(
    type_: str,
    name: str,
    server: str,
    addresses: Iterable[str],
    txt: Mapping[bytes, bytes | None],
    *,
    port: int = 0,
    ours: Networks | None = None,
) -> AnnouncedService | None:
    """Give what this service says, or None if no row of matchers.toml fits.

    type_: "_ipp._tcp" or "_ipp._tcp.local.". name: the service's full name. server: its host's.
    addresses: IPv4 and IPv6, newest first. txt: keys and values as they came, however hostile.
    ours: our own networks, where known; a service that is in none of them is out of reach, and
    None (pyatv issue 143). Source: RFC 6763 sections 4.1 and 6.4.
    """
    plain_type = type_.removesuffix(".").removesuffix(".local")
    instance = clean(name.removesuffix(".").removesuffix(".local").removesuffix(f".{plain_type}"))
    values = _texts(txt)
    row = _row(plain_type, values)
    near = _near(addresses, ours)
    if row is None or row.ignored or (ours is not None and not near):
        return None
    weak_key = named_key(server, instance)
    marks, weak = _marks(row, values, instance)
    key, *aliases = [*marks, weak_key]
    address = best_address(near)
    model = _first(values, row.model)
    kind, asks, proof = row.kind, row.asks, KindProof.CAPABILITY if row.bits else KindProof.SERVICE
    if kind is Kind.BOARD and _is_computer(server):
        kind, asks, proof = Kind.HOST, Kind.BOARD, KindProof.NAME
    return AnnouncedService(
        sighting=Sighting(
            source="mdns",
            key=key,
            identity=identity_of(key),
            kind=kind,
            name=model if row.private else _first(values, row.name) or _shown_name(row, instance),
            vendor=_first(values, row.vendor) or row.maker,
            model=model,
            serial=_serial(row, values, instance),
            aliases=tuple(aliases[:-1]),
            weak=weak,
            asks=asks,
            proof=f"{proof} {plain_type}",
            address=address,
            port=port if address and plain_type.endswith("._tcp") else 0,
            via=via(address, ours or ()),
        ),
        weak_key=weak_key,
        type=plain_type,
        bluetooth=frozenset(_macs(values.get(key, "") for key in row.bluetooth)),
        host=clean(server).rstrip(".").casefold(),
        addresses=frozenset(near),
    )


def flaw_in(name: str, txt: Mapping[bytes, bytes | None]) -> str:
    """Give what is wrong with a service's texts ("nonsense", "oversized"); "" of a sound one.

    Source: RFC 6763 section 4.1.1 (no control characters) and 6.4 (keys are printable ASCII).
    """
    if len(txt) > _TXT_KEYS_LIMIT:
        return "oversized"
    sound = name.isprintable() and "\ufffd" not in name
    sound = sound and all(byte in _PRINTABLE for key in txt for byte in key)
    return "" if sound else "nonsense"


def best_address(addresses: Iterable[str]) -> str:
    """Give the address most likely to answer, of equal ones the first; "" of none.

    addresses: newest first, for a device that moved shows its old address for a while.
    """
    parsed = [address for text in addresses if (address := _parse(text)) is not None]
    return str(min(parsed, key=_address_rank)) if parsed else ""


def _near(addresses: Iterable[str], ours: Networks | None) -> list[str]:
    """Give the addresses, as far as they are in a network of ours or always on the link."""
    near: list[str] = []
    for text in addresses:
        address = _parse(text)
        if address is None or len(near) >= _ADDRESSES_LIMIT:
            continue
        if ours is None or address.is_link_local or via(str(address), ours):
            near.append(str(address))
    return near


def _texts(txt: Mapping[bytes, bytes | None]) -> dict[str, str]:
    values: dict[str, str] = {}
    for key, value in txt.items():
        if len(values) >= _TXT_KEYS_LIMIT:
            break
        # RFC 6763 section 6.4: any case, and of the same key twice the first counts.
        values.setdefault(_text(key).lower(), _text(value or b""))
    return values


def _text(raw: bytes) -> str:
    # Most texts are plain, and hundreds come at once.
    if raw.isascii() and (text := raw.decode("ascii")).isprintable() and "  " not in text:
        return text.strip()[:200]
    return clean(raw.decode("utf-8", "replace"))


def _first(values: Mapping[str, str], keys: Iterable[str]) -> str:
    return next((values[key] for key in keys if values.get(key)), "")


def _row(type_: str, values: Mapping[str, str]) -> MdnsRow | None:
    return next((row for row in matchers().mdns if row.type == type_ and _fits(row, values)), None)


def _fits(row: MdnsRow, values: Mapping[str, str]) -> bool:
    fits = all(fnmatchcase(values.get(key, "").lower(), wish) for key, wish in row.txt.items())
    return fits and (not row.bits or _has_bits(row, values.get(row.bits, "")))


def _has_bits(row: MdnsRow, text: str) -> bool:
    """Whether a number of capabilities has one of the bits wished for, and none of the others.

    It is decimal, or (AirPlay) hexadecimal in two words of 32 bits, the lower first.
    """
    if not (match := _CAPABILITIES.fullmatch(text)):
        return False
    number = int(match[1] or match[2], 10 if match[1] else 16)
    number |= int(match[3] or "0", 16) << 32
    has = not row.has_bits or any(number >> bit & 1 for bit in row.has_bits)
    return has and not any(number >> bit & 1 for bit in row.lacks_bits)


def _is_computer(server: str) -> bool:
    """Whether a host is called as computers are by their own systems."""
    name = clean(server).partition(".")[0].casefold()
    return any(fnmatchcase(name, pattern) for pattern in matchers().computer_hosts)


def _marks(
    row: MdnsRow, values: Mapping[str, str], instance: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give every mark that names this one device, the strongest first: MACs, then ids.

    Beside them those that it tells, and that name no piece.
    """
    texts = [values.get(key, "") for key in (*row.mac, *row.bluetooth)]
    if row.mac_in_name:
        texts.append(split_name(instance)[0])
    macs = [told_mac(text) for text in texts]
    texts = [values.get(key, "") for key in row.uuid]
    if row.serial_in_name:
        texts.append(_serial(row, values, instance))
    ids = [told_uuid(text) for text in texts]
    sound = [f"mac:{mac.sound}" for mac in macs if mac.sound]
    sound += [f"uuid:{uuid.sound}" for uuid in ids if uuid.sound]
    weak = [f"mac:{mac.weak}" for mac in macs if mac.weak]
    weak += [f"uuid:{uuid.weak}" for uuid in ids if uuid.weak]
    limit = _ALIASES_LIMIT + 1
    return tuple(dict.fromkeys(sound))[:limit], tuple(dict.fromkeys(weak))[:limit]


def _macs(texts: Iterable[str]) -> list[str]:
    return [f"mac:{mac}" for text in texts if (mac := trusted_mac(text))]


def _serial(row: MdnsRow, values: Mapping[str, str], instance: str) -> str:
    if row.serial_in_name and (match := re.fullmatch(row.serial_in_name, instance)):
        return match[1]
    return _first(values, row.serial)


def _shown_name(row: MdnsRow, instance: str) -> str:
    return split_name(instance)[1] if row.mac_in_name else instance


def _parse(text: str) -> _Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return None if address.is_multicast or address.is_unspecified else address


def _address_rank(address: _Address) -> tuple[bool, bool, int]:
    return address.is_loopback, address.is_link_local, address.version
