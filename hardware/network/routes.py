"""This file reads by which gateways this machine's network cards lead out."""

from __future__ import annotations

import socket
import struct
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from hardware.network.links import room_links
from hardware.readings import clean
from hardware.text import read_raw

_ROUTES: Final = "proc/net/route"
_ROUTES_6, _FIELDS_6, _ANYWHERE_6 = "proc/net/ipv6_route", 10, "0" * 32
# A machine with containers and VPNs has dozens of routes, of 128 bytes each.
_TABLE_LIMIT: Final = 100_000
_HALF: Final = int.from_bytes(b"\x80\0\0\0", sys.byteorder)
# By destination and mask: all that there is, or one of its two halves; some VPNs name both.
_PARTS: Final = {(0, 0): 0b11, (0, _HALF): 0b01, (_HALF, _HALF): 0b10}
_WHOLE: Final = 0b11
# linux/route.h
_UP, _GATEWAY = 0x1, 0x2
_FIELDS: Final = 8


class Gateway(NamedTuple):
    """The gateway of a route. metric: of two routes the lower is taken."""

    address: str
    interface: str
    metric: int


class _Route(NamedTuple):
    gateway: Gateway
    part: int  # of the world: _WHOLE, a half, or 0 for less


def tells_routes(root: Path = Path("/")) -> bool:
    """Say whether this system tells its routes at all. root: where `proc` is found."""
    return sys.platform == "win32" or (root / _ROUTES).exists()


def gateways(root: Path = Path("/")) -> list[Gateway]:
    """Give the IPv4 gateways by which this machine's cards lead out, the one in use first.

    A VPN that takes the whole way out is none: what it is reached by still is. root: where `sys`
    and `proc` are found. Source: proc(5), /proc/net/route.
    """
    routes = [*_listed(root)]
    links = room_links({route.gateway.interface for route in routes}, root=root)
    near = [one for one in routes if one.gateway.address and one.gateway.interface in links]
    parts: dict[str, int] = {}
    for route in routes:
        interface = route.gateway.interface
        parts[interface] = parts.get(interface, 0) | route.part
    ways_out = {interface for interface, part in parts.items() if part == _WHOLE}
    defaults = [
        route.gateway for route in near if route.part and route.gateway.interface in ways_out
    ]
    if not defaults and ways_out:
        counted = Counter(route.gateway for route in near)
        return [one for one, _ in counted.most_common()]
    return sorted(dict.fromkeys(defaults), key=lambda one: one.metric)


def gateway(root: Path = Path("/")) -> Gateway | None:
    """Give the IPv4 gateway in use, or None in no network."""
    return next(iter(gateways(root)), None)


def ways_out_by_ipv6(root: Path = Path("/")) -> frozenset[str]:
    """Give the cards by which a gateway leads out by IPv6; none where the system does not tell.

    root: where `sys` and `proc` are found. Source: Linux net/ipv6/route.c, /proc/net/ipv6_route.
    """
    found: set[str] = set()
    for line in read_raw(root / _ROUTES_6, _TABLE_LIMIT).decode("ascii", "replace").splitlines():
        fields = line.split()
        if len(fields) != _FIELDS_6 or fields[:2] != [_ANYWHERE_6, "00"]:
            continue
        with suppress(ValueError):
            if int(fields[8], 16) & _GATEWAY:
                found.add(clean(fields[9]))
    return room_links(found, root=root)


def _listed(root: Path) -> Iterator[_Route]:
    if sys.platform == "win32":
        from hardware.network.windows import ip_helper  # noqa: PLC0415 - there alone

        nobody = "0.0.0.0"  # noqa: S104 - no address that is listened on
        for one in ip_helper.routes():
            is_default = one.destination == one.mask == nobody
            if is_default and one.gateway != nobody:
                yield _Route(Gateway(one.gateway, one.interface, one.metric), _WHOLE)
    else:
        yield from _routes(read_raw(root / _ROUTES, _TABLE_LIMIT).decode("ascii", "replace"))


def _routes(table: str) -> Iterator[_Route]:
    for line in table.splitlines()[1:]:
        fields = line.split()
        if len(fields) < _FIELDS:
            continue
        try:
            destination, address, flags, mask = (int(fields[at], 16) for at in (1, 2, 3, 7))
            metric = int(fields[6])
            plain = socket.inet_ntoa(struct.pack("=I", address))
        except (ValueError, struct.error):
            continue
        part = _PARTS.get((destination, mask), 0)
        if flags & _UP and (part or (address and flags & _GATEWAY)):
            yield _Route(Gateway(plain if address else "", clean(fields[0]), metric), part)
