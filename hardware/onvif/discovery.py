"""This file asks a network for its cameras by WS-Discovery, and reads what they answer.

Source: OASIS Web Services Dynamic Discovery 1.0 (April 2005 draft, which ONVIF cameras speak);
ONVIF Core Specification, section 7.
"""

from __future__ import annotations

import asyncio
import re
import socket
import struct
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException, ElementTree

from hardware.mdns.ids import trusted_uuid
from hardware.network.neighbours import trusted_mac
from hardware.readings import clean

GROUP, PORT = "239.255.255.250", 3702
_SCOPE = "onvif://www.onvif.org/"
_VIDEO = "NetworkVideoTransmitter"
_BYTES_LIMIT = 64 * 1024  # no datagram is longer
_MATCHES_LIMIT, _SCOPES_LIMIT, _XADDRS_LIMIT = 16, 64, 8
# How makers call these scopes, whose names the specification leaves open.
_MACS = ("mac", "macaddr", "macaddress", "mac_address")
_VENDORS = ("manufacturer", "vendor", "brand")
# What makers leave in a scope that they forgot to fill in.
_UNFILLED = re.compile(r"(model|unknown|none|n/a|default|\W*)", re.IGNORECASE)

_PROBE = """<?xml version="1.0" encoding="UTF-8"?>
<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"
 xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing"
 xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"
 xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><e:Header>
<w:MessageID>uuid:{id}</w:MessageID>
<w:To e:mustUnderstand="true">urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>
<w:Action e:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action>
</e:Header><e:Body><d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe></e:Body>
</e:Envelope>"""


class Garbage(ValueError):  # noqa: N818 - what came, not a fault of ours
    """What came is no answer of a camera. code: "entity", "oversized" or "nonsense"."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What a camera says of itself in its answer; empty where it does not say.

    endpoint: its uuid in one spelling. mac: 12 hex digits. vendor: as its scopes say.
    ports, paths: of its services.
    """

    endpoint: str = ""
    mac: str = ""
    name: str = ""
    hardware: str = ""
    serial: str = ""
    vendor: str = ""
    services: tuple[tuple[str, int, str], ...] = field(default=())

    @property
    def service(self) -> tuple[int, str] | None:
        """The port and path of its device service by plain HTTP, or None."""
        plain = ((port, path) for scheme, port, path in self.services if scheme == "http")
        return next(plain, None)


def probe(message_id: uuid.UUID) -> bytes:
    """Give the question that every camera answers."""
    return _PROBE.replace("{id}", str(message_id)).encode()


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


def parse_xml(data: bytes) -> Element:
    """Read XML from a stranger. Raises Garbage: entities and document types are refused."""
    try:
        root: Element = ElementTree.fromstring(data, forbid_dtd=True)
    except DefusedXmlException as error:
        raise Garbage("entity") from error
    except (ParseError, ValueError, LookupError, RecursionError) as error:
        raise Garbage("nonsense") from error
    return root


def elements(root: Element, *names: str) -> Iterator[Element]:
    """The elements below, and this one, with one of these names, whatever their namespaces."""
    # A comment's tag is no text.
    return (node for node in root.iter() if str(node.tag).rpartition("}")[2] in names)


def words_of(element: Element, name: str) -> str:
    """Give the text of the first element below with this local name, bounded; "" of none."""
    texts = (node.text or "" for node in elements(element, name))
    return next(texts, "")[:_BYTES_LIMIT]


def text_of(element: Element, name: str) -> str:
    """Give the text as words_of does, cleaned."""
    return clean(words_of(element, name))


class DiscoveryListener(asyncio.DatagramProtocol):
    """Hands on each datagram with its sender's address; limit: how many until `renew`."""

    def __init__(self, take: Callable[[bytes, str], None], limit: int = 500) -> None:
        self._take = take
        self._limit = limit
        self._left = limit

    def renew(self) -> None:
        """Be ready to hear as many again."""
        self._left = self._limit

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        """Hand it on, unless there were too many."""
        if self._left > 0:
            self._left -= 1
            self._take(data, str(addr[0]))


@asynccontextmanager
async def asking(
    own: str, ear: DiscoveryListener, group: tuple[str, int] = (GROUP, PORT)
) -> AsyncIterator[Callable[[], None]]:
    """Open a socket on one of our own addresses; gives what sends the question from there.

    Raises OSError where the address is not ours (any more).
    """
    loop = asyncio.get_running_loop()
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(own))
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, struct.pack("b", 1))
        sock.bind((own, 0))
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    transport, _ = await loop.create_datagram_endpoint(lambda: ear, sock=sock)

    def ask() -> None:
        ear.renew()
        with suppress(OSError):
            transport.sendto(probe(uuid.uuid4()), group)

    try:
        yield ask
    finally:
        transport.close()


def _match(element: Element) -> Match:
    scopes = dict(_scopes(words_of(element, "Scopes")))
    return Match(
        endpoint=trusted_uuid(text_of(element, "Address")),
        mac=next(filter(None, (trusted_mac(scopes.get(name, "")) for name in _MACS)), ""),
        name=scopes.get("name", ""),
        hardware=scopes.get("hardware", ""),
        serial=scopes.get("serial", ""),
        vendor=next((scopes[name] for name in _VENDORS if name in scopes), ""),
        services=tuple(_services(words_of(element, "XAddrs"))),
    )


def _is_camera(element: Element) -> bool:
    types = [word.rpartition(":")[2] for word in words_of(element, "Types").split()]
    scopes = words_of(element, "Scopes")
    return _VIDEO in types or f"{_SCOPE}type/{_VIDEO}".lower() in scopes.lower()


def _scopes(text: str) -> Iterator[tuple[str, str]]:
    """Give (category, value), the first of each category last, so that it counts in a dict."""
    for scope in reversed(text.split()[:_SCOPES_LIMIT]):
        if not scope.lower().startswith(_SCOPE):
            continue
        category, _, value = scope[len(_SCOPE) :].partition("/")
        label = clean(unquote(value))
        if label and not _UNFILLED.fullmatch(label):
            yield category.lower(), label


def _services(text: str) -> Iterator[tuple[str, int, str]]:
    for url in text.split()[:_XADDRS_LIMIT]:
        try:
            split = urlsplit(url)
            port = split.port
        except ValueError:
            continue
        if split.scheme in {"http", "https"} and split.hostname:
            usual = 443 if split.scheme == "https" else 80
            yield split.scheme, port or usual, split.path or "/"
