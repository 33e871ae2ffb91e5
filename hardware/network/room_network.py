"""This file says at which of our addresses the room's tablets reach this machine."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import AsyncGenerator, Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from hardware.network import netlink
from hardware.network.interfaces import (
    LONGEST_PREFIX,
    Addresses,
    Interfaces,
    NamedNetwork,
    named_networks,
    next_look,
    openable_of,
)
from hardware.network.links import ANY_LINK, LinkChoice, is_lent
from hardware.network.neighbours import answered_on
from hardware.network.routes import gateways, tells_routes, ways_out_by_ipv6
from hardware.text import read_raw

# A gateway speaks for a network as this many neighbours do: a room may have no other yet.
_GATEWAY_WEIGHT: Final = 3
# Addresses stand on boards and in tablets: another one must be clearly better (x > 2 y + 2).
_TIMES, _MORE = 2, 2
_IPV4: Final = 4
_ADDRESSES_6, _TABLE_LIMIT = "proc/net/if_inet6", 100_000
# Made up for a day (RFC 8981), not proven to be ours alone, another's, on its way out.
_PASSING: Final = 0x01 | 0x08 | 0x20 | 0x40
# An address that no network has (TEST-NET-1, RFC 5737), and the discard port.
_ANYWHERE: Final = ("192.0.2.1", 9)


class RoomLink(NamedTuple):
    """One of our addresses, and what speaks for the room's tablets being behind it.

    is_lent: a telephone's, a modem's, or between two machines alone: it leads out and to no
    tablet. neighbours: how many others have answered there.
    """

    address: str
    has_gateway: bool = False
    is_lent: bool = False
    neighbours: int = 0

    @property
    def _rank(self) -> tuple[bool, bool, bool]:
        own = ipaddress.ip_address(self.address)
        return not self.is_lent, not own.is_link_local, own.version == _IPV4

    @property
    def _weight(self) -> int:
        return self.neighbours + _GATEWAY_WEIGHT * self.has_gateway

    def is_clearly_better(self, other: RoomLink) -> bool:
        """Whether to leave the other for this one."""
        if self._rank != other._rank:
            return self._rank > other._rank
        return self._weight > _TIMES * other._weight + _MORE

    @property
    def order(self) -> tuple[tuple[bool, bool, bool], int, bool, int]:
        """The better one is greater; of equal ones that with the lower address."""
        own = ipaddress.ip_address(self.address)
        return self._rank, self._weight, own.is_private, -int(own)


def room_address(links: Sequence[RoomLink], current: str = "") -> str:
    """Pick the address in the room's network; "" if there is none. Pure.

    current: where the tablets' page is now: it stays there unless another is clearly better.
    """
    best = max(links, key=lambda link: link.order, default=None)
    if best is None:
        return ""
    here = next((link for link in links if link.address == current), None)
    return best.address if here is None or best.is_clearly_better(here) else current


def room_links_of(ours: Sequence[NamedNetwork], root: Path = Path("/")) -> list[RoomLink]:
    """Give what speaks for each of our addresses that tablets could open.

    An IPv6 address is one if the network gave it, and it stays. root: where `sys` and `proc` are
    found.
    """
    return [*_by_ipv4(ours, root), *_by_ipv6(ours, root)]


def _by_ipv6(ours: Sequence[NamedNetwork], root: Path) -> list[RoomLink]:
    given = [one for one in ours if one.network.version != _IPV4 and not one.network.is_link_local]
    if not given:
        return []
    ways, passing = ways_out_by_ipv6(root), _passing(root)
    return [
        RoomLink(
            address=str(one.network.ip),
            has_gateway=one.interface in ways,
            is_lent=is_lent(one.interface, root),
        )
        for one in given
        if one.network.ip not in passing
    ]


def _passing(root: Path) -> frozenset[ipaddress.IPv6Address]:
    """Our IPv6 addresses that are another tomorrow, or not ours yet.

    Source: Linux net/ipv6/addrconf.c, /proc/net/if_inet6; linux/if_addr.h.
    """
    text = read_raw(root / _ADDRESSES_6, _TABLE_LIMIT).decode("ascii", "replace")
    found: set[ipaddress.IPv6Address] = set()
    for fields in map(str.split, text.splitlines()):
        with contextlib.suppress(ValueError, IndexError):
            if int(fields[4], 16) & _PASSING:
                found.add(ipaddress.IPv6Address(int(fields[0], 16)))
    return frozenset(found)


def _by_ipv4(ours: Sequence[NamedNetwork], root: Path) -> list[RoomLink]:
    out = {(one.interface, one.address) for one in gateways(root)}
    behind = {address for _, address in out}
    ways = {interface for interface, _ in out}
    outward = "" if tells_routes(root) else _outward()
    answered = answered_on(root)
    return [
        RoomLink(
            address=str(one.network.ip),
            has_gateway=one.interface in ways or str(one.network.ip) == outward,
            is_lent=one.network.network.prefixlen > LONGEST_PREFIX or is_lent(one.interface, root),
            neighbours=len(answered.get(one.interface, frozenset()) - behind),
        )
        for one in ours
        if isinstance(one.network, ipaddress.IPv4Interface)
    ]


async def room_addresses(
    choice: LinkChoice = ANY_LINK,
    *,
    look: Callable[[LinkChoice], Sequence[NamedNetwork]] = named_networks,
    weigh: Callable[[Sequence[NamedNetwork]], Sequence[RoomLink]] = room_links_of,
) -> AsyncGenerator[str, None]:
    """Give our address in the room's network now, and each time it is another; never ends.

    "" is given too: there is no network any more.
    """
    ours = look(choice)
    address = room_address(weigh(ours))
    yield address
    interfaces, changed = Interfaces(openable_of(ours)), asyncio.Event()
    with netlink.listening(changed) as notified:
        while True:
            await next_look(interfaces, changed, notified=notified)
            ours = look(choice)
            if (new := interfaces.see(openable_of(ours))) is not None:
                interfaces.bound = new
            now = _settled(interfaces, weigh, ours, address)
            if now != address:
                address = now
                yield address


def _settled(
    interfaces: Interfaces[Addresses],
    weigh: Callable[[Sequence[NamedNetwork]], Sequence[RoomLink]],
    ours: Sequence[NamedNetwork],
    address: str,
) -> str:
    """Where the room's network is; as before while something changes."""
    if interfaces.is_gone:
        return ""
    return room_address(weigh(ours), address) if interfaces.is_settled else address


def _outward() -> str:
    """Our address by which we would go out: no packet is sent to find that out (udp(7))."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        probe.connect(_ANYWHERE)
        return str(probe.getsockname()[0])
    return ""
