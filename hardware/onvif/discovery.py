"""This file asks a network for its cameras by WS-Discovery, and reads what they answer.

Source: OASIS Web Services Dynamic Discovery 1.0 (April 2005 draft, which ONVIF cameras speak),
section 2.4 for where to ask; ONVIF Core Specification, section 7.
"""

from __future__ import annotations

import asyncio
import re
import socket
import struct
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element

from hardware.mdns.ids import told_uuid
from hardware.network.neighbours import ToldMac, told_mac
from hardware.onvif.envelope import Garbage, elements, parse_xml, text_of, words_of
from hardware.readings import clean

GROUP, PORT = "239.255.255.250", 3702
GROUP_6 = "ff02::c"
_SCOPE = re.compile(r"onvif://[^/\s]*/([^/\s]+)/(\S+)", re.IGNORECASE)
_VIDEO = frozenset({"networkvideotransmitter", "networkvideostorage", "networkvideodisplay"})
_DEVICE = "device"  # of ONVIF, but printers have a type of this name too
# Profiles of doors and alarms, and those of cameras.
_OTHER_PROFILES, _VIDEO_PROFILES = {"a", "c", "d"}, {"s", "t", "g", "m", "streaming"}
# How makers write the categories of scopes, without signs and capitals.
_SPELLINGS = {
    "mac": ("hwaddr", "hwaddress"),  # and whatever has "mac" in it, and holds one
    "vendor": ("manufacturer", "manufacture", "manufactory", "vendor", "brand", "mfr", "maker"),
    "hardware": ("hardware", "model", "devicemodel", "hardwareid", "modelname"),
    "name": ("name", "devicename", "friendlyname"),
    "serial": ("serial", "serialnumber", "sn", "serialno", "deviceserial"),
}
_OTHER_CATEGORIES = frozenset({"location", "type", "profile"})  # which have folders below
_CATEGORIES = {spelling: name for name, all_ in _SPELLINGS.items() for spelling in all_}
_BYTES_LIMIT = 64 * 1024  # no datagram is longer
_MATCHES_LIMIT, _SCOPES_LIMIT, _XADDRS_LIMIT = 16, 64, 8
_IPV4_PARTS = 2  # of a place: address and port; IPv6 has a flow and a link besides
_SEPARATORS = re.compile(r"[\s,;]+")
# What a card calls itself while nobody gave it an address (RFC 3927; RFC 4291, 2.5.6).
_UNSET = ("169.254.", "fe80:")
# What makers leave in a scope that they forgot to fill in.
_UNFILLED = re.compile(r"(model|unknown|none|n/a|default|\W*)", re.IGNORECASE)

_PROBE = """<?xml version="1.0" encoding="UTF-8"?>
<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"
 xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing"
 xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"
 xmlns:dn="http://www.onvif.org/ver10/network/wsdl"
 xmlns:tds="http://www.onvif.org/ver10/device/wsdl"><e:Header>
<w:MessageID>uuid:{id}</w:MessageID>
<w:To e:mustUnderstand="true">urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>
<w:Action e:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action>
</e:Header><e:Body><d:Probe><d:Types>{types}</d:Types></d:Probe></e:Body>
</e:Envelope>"""
# Some answer to the second alone.
_TYPES = ("dn:NetworkVideoTransmitter", "tds:Device")


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What a camera says of itself in its answer; empty where it does not say.

    endpoint: its uuid in one spelling. mac: 12 hex digits. vendor: as its scopes say.
    services: scheme, port and path. weak: the marks that it tells and that name no one piece.
    """

    endpoint: str = ""
    mac: str = ""
    name: str = ""
    hardware: str = ""
    serial: str = ""
    vendor: str = ""
    services: tuple[tuple[str, int, str], ...] = field(default=())
    weak: tuple[str, ...] = ()

    @property
    def service(self) -> tuple[int, str] | None:
        """The port and path of its device service, by plain HTTP if it may be; or None."""
        first = sorted(self.services, key=lambda service: service[0] != "http")
        return first[0][1:] if first else None


def probes(message_ids: Iterator[uuid.UUID]) -> list[bytes]:
    """Give the questions of which every camera answers one, each with an id of its own."""
    return [
        _PROBE.replace("{id}", str(message_id)).replace("{types}", types).encode()
        for types, message_id in zip(_TYPES, message_ids, strict=False)
    ]


def matches(data: bytes) -> list[Match]:
    """Read an answer; the devices in it that are cameras. Raises Garbage."""
    if len(data) > _BYTES_LIMIT:
        raise Garbage("oversized")
    root = parse_xml(data)
    probe_matches = list(elements(root, "ProbeMatch"))[:_MATCHES_LIMIT]
    if not probe_matches and not any(elements(root, *_QUIET)):
        raise Garbage("nonsense")
    return [_match(node) for node in probe_matches if _is_camera(node)]


# Answers of others to others, which we hear as well.
_QUIET = frozenset({"Probe", "ProbeMatches", "Hello", "Bye", "Resolve", "ResolveMatches"})


class DiscoveryListener(asyncio.DatagramProtocol):
    """Hands on each datagram with its sender's address; limit: how many until `renew`."""

    def __init__(self, take: Callable[[bytes, str], None], limit: int = 500) -> None:
        self._take = take
        self._limit = limit
        self._left = limit

    def renew(self) -> None:
        """Be ready to hear as many again."""
        self._left = self._limit

    def datagram_received(self, data: bytes, addr: tuple[str | Any, ...]) -> None:
        """Hand it on, unless there were too many."""
        if self._left > 0:
            self._left -= 1
            self._take(data, _sender(addr))


@asynccontextmanager
async def asking(
    own: str, ear: DiscoveryListener, group: tuple[str, int] = (GROUP, PORT)
) -> AsyncIterator[Callable[[], None]]:
    """Open a socket where we are; gives what sends the question from there.

    own: one of our IPv4 addresses, or a link of ours by its number ("%2"), where IPv6 is spoken.
    group: where IPv4's question goes, and the port of both. Raises OSError where we are not there
    (any more).
    """
    loop = asyncio.get_running_loop()
    is_ipv6 = own.startswith("%")
    number = int(own.removeprefix("%")) if is_ipv6 else 0
    sock = _mouth_6(number) if is_ipv6 else _mouth(own)
    to = (GROUP_6, group[1], 0, number) if is_ipv6 else group
    transport, _ = await loop.create_datagram_endpoint(lambda: ear, sock=sock)

    def ask() -> None:
        ear.renew()
        with suppress(OSError):
            for question in probes(iter(uuid.uuid4, None)):
                transport.sendto(question, to)

    try:
        yield ask
    finally:
        transport.close()


def _mouth(own: str) -> socket.socket:
    with _opening(socket.AF_INET) as sock:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(own))
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, struct.pack("b", 1))
        sock.bind((own, 0))
    return sock


def _mouth_6(link: int) -> socket.socket:
    with _opening(socket.AF_INET6) as sock:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, link)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 1)
        sock.bind(("::", 0))
    return sock


@contextmanager
def _opening(family: socket.AddressFamily) -> Iterator[socket.socket]:
    """A datagram socket that waits for nothing, and is closed where it cannot be set up."""
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        yield sock
    except OSError:
        sock.close()
        raise


def _sender(place: tuple[str | Any, ...]) -> str:
    """A sender's address; a link-local one with the number of the link that it was heard on."""
    address, scope = str(place[0]), place[3] if len(place) > _IPV4_PARTS else 0
    return f"{address}%{scope}" if scope and "%" not in address else address


def _match(element: Element) -> Match:
    said = list(_scopes(words_of(element, "Scopes")))
    scopes = dict(said)
    macs = [told_mac(value) for name, value in reversed(said) if name == "mac"]
    endpoint = told_uuid(text_of(element, "Address"))
    weak = [f"mac:{mac.weak}" for mac in macs if mac.weak]
    return Match(
        endpoint=endpoint.sound,
        mac=next((mac.sound for mac in macs if mac.sound), ""),
        name=scopes.get("name", ""),
        hardware=scopes.get("hardware", ""),
        serial=scopes.get("serial", ""),
        vendor=scopes.get("vendor", ""),
        services=tuple(_services(words_of(element, "XAddrs"))),
        weak=(*weak, *([f"uuid:{endpoint.weak}"] if endpoint.weak else [])),
    )


def _is_camera(element: Element) -> bool:
    types = {word.rpartition(":")[2].lower() for word in words_of(element, "Types").split()}
    said = [(name.lower(), value.lower()) for name, value in _raw_scopes(element)]
    if types & _VIDEO or any(name == "type" and value in _VIDEO for name, value in said):
        return True
    profiles = {value for name, value in said if name == "profile"}
    is_other = bool(profiles & _OTHER_PROFILES) and not profiles & _VIDEO_PROFILES
    return _DEVICE in types and bool(said) and not is_other


def _raw_scopes(element: Element) -> list[tuple[str, str]]:
    words = words_of(element, "Scopes").split()[:_SCOPES_LIMIT]
    return [(scope[1], scope[2]) for word in words if (scope := _SCOPE.fullmatch(word))]


def _scopes(text: str) -> Iterator[tuple[str, str]]:
    """Give (category, value), the first of each category last, so that it counts in a dict."""
    for word in reversed(text.split()[:_SCOPES_LIMIT]):
        if (scope := _SCOPE.fullmatch(word)) and (said := _said_in(f"{scope[1]}/{scope[2]}")):
            yield said


def _said_in(path: str) -> tuple[str, str] | None:
    """Give (category, value) of a scope's path; some put a folder of their own before both.

    Source: andreikop/python-ws-discovery issue 56 (A1C2B3/mac/00:12:43:1b:d7:d5).
    """
    before, _, rest = path.partition("/")
    while rest and before.lower() not in _OTHER_CATEGORIES:
        spelling, label = re.sub(r"[^a-z]", "", before.lower()), clean(unquote(rest))
        is_mac = "mac" in spelling and told_mac(label) != ToldMac()
        category = "mac" if is_mac else _CATEGORIES.get(spelling, "")
        if category:
            return None if _UNFILLED.fullmatch(label) else (category, label)
        before, _, rest = rest.partition("/")
    return None


def _services(text: str) -> Iterator[tuple[str, int, str]]:
    """Give scheme, port and path of each address; those of a network card unset come last."""
    said: list[tuple[bool, tuple[str, int, str]]] = []
    for url in _SEPARATORS.split(text)[:_XADDRS_LIMIT]:
        try:
            split = urlsplit(url if "://" in url else f"http://{url}")
            port = split.port
        except ValueError:
            continue
        if split.scheme in {"http", "https"} and split.hostname:
            usual = 443 if split.scheme == "https" else 80
            is_unset = split.hostname.startswith(_UNSET)
            said.append((is_unset, (split.scheme, port or usual, split.path or "/")))
    yield from (service for _, service in sorted(said, key=lambda one: one[0]))
