"""This file finds the gateway by which this machine reaches the world."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from hardware.network.neighbours import mac_of
from hardware.readings import IdentityKind, Kind, Sighting, clean
from hardware.text import read_raw

_ROUTES = "proc/net/route"
# A machine with containers and VPNs has dozens of routes, of 128 bytes each.
_TABLE_LIMIT = 100_000
# linux/route.h
_UP, _GATEWAY = 0x1, 0x2
_FIELDS = 8


class Gateway(NamedTuple):
    """The gateway of the default route. metric: of two routes the lower is taken."""

    address: str
    interface: str
    metric: int


def tells_routes(root: Path = Path("/")) -> bool:
    """Say whether this system tells its routes at all. root: where `proc` is found."""
    return (root / _ROUTES).exists()


def gateway(root: Path = Path("/")) -> Gateway | None:
    """Give the IPv4 gateway in use, or None in no network. Source: proc(5), /proc/net/route."""
    table = read_raw(root / _ROUTES, _TABLE_LIMIT).decode("ascii", "replace")
    return min(_defaults(table), key=lambda route: route.metric, default=None)


def gateway_sighting(root: Path = Path("/")) -> Sighting | None:
    """Give the gateway as a device of the network, or None while its MAC is not known."""
    route = gateway(root)
    mac = mac_of(route.address, root) if route else ""
    if route is None or not mac:
        return None
    return Sighting(
        source="line",
        key=f"mac:{mac}",
        identity=IdentityKind.MAC,
        kind=Kind.NETWORK,
        address=route.address,
        via=route.interface,
    )


def _defaults(table: str) -> Iterator[Gateway]:
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
        if destination == mask == 0 and address and flags & _UP and flags & _GATEWAY:
            yield Gateway(plain, clean(fields[0]), metric)
