"""This file says on which addresses this machine is in a network, and follows their changes."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import sys
from collections.abc import Iterable
from typing import Generic, NamedTuple, TypeVar

import psutil

from hardware.network.links import ANY_LINK, LinkChoice, room_links
from hardware.readings import SenseMissing

Addresses = tuple[str, ...]
Network = ipaddress.IPv4Interface | ipaddress.IPv6Interface
Networks = tuple[Network, ...]
Places = TypeVar("Places", bound=tuple[object, ...])  # where a program is in its networks

# How often to look where the kernel tells of changes, and where it does not.
NOTIFIED_POLL_S = 30.0
POLL_S = 2.0
# Wi-Fi that moves between two transmitters drops its address and has it back within a second.
CALM_S = 1.0
# So many polls without any address, and the network is gone rather than changing.
_POLLS_UNTIL_GONE = 3
LOOPBACK = "127.0.0.1"
# A subnet of two addresses or of one has no broadcast address (RFC 3021).
LONGEST_PREFIX = 30


class NamedNetwork(NamedTuple):
    """One of our own addresses with its network, and the interface that has it."""

    interface: str
    network: Network


def named_networks(choice: LinkChoice = ANY_LINK) -> list[NamedNetwork]:
    """Give our own addresses of the interfaces that are up and may lead to the room; in order.

    Loopback is left out, and what leads to no room (see links). Takes some 0.3 ms.
    """
    up = {name for name, state in psutil.net_if_stats().items() if state.isup}
    own = {
        NamedNetwork(name, one)
        for label, entries in psutil.net_if_addrs().items()
        if (name := _link_of(label)) in up
        for entry in entries
        if entry.family in {socket.AF_INET, socket.AF_INET6}
        and (one := _network(entry.address, entry.netmask)) is not None
    }
    links = room_links({one.interface for one in own}, choice)
    return sorted((one for one in own if one.interface in links), key=_order)


def networks(choice: LinkChoice = ANY_LINK) -> Networks:
    """Give our own addresses as named_networks does, each with its network, each once."""
    return tuple(dict.fromkeys(one.network for one in named_networks(choice)))


def addresses(choice: LinkChoice = ANY_LINK) -> Addresses:
    """Give our own IPv4 addresses as named_networks does."""
    return addresses_of(named_networks(choice))


def addresses_of(ours: Iterable[NamedNetwork]) -> Addresses:
    """Give the IPv4 addresses of these, each once."""
    found = (one.network.ip for one in ours)
    return tuple(dict.fromkeys(str(ip) for ip in found if isinstance(ip, ipaddress.IPv4Address)))


def call_places(choice: LinkChoice = ANY_LINK) -> Addresses:
    """Give where to call everybody from, as call_places_of does."""
    return call_places_of(named_networks(choice))


def call_places_of(ours: Iterable[NamedNetwork]) -> Addresses:
    """Give where to call everybody from: our IPv4 addresses, and each link with IPv6 as "%2".

    Several IPv6 addresses of one link would only repeat what is said (RFC 4007, section 11).
    """
    named = list(ours)
    six = (one for one in named if one.network.version == 6)  # noqa: PLR2004 - IPv6
    links = {one.interface for one in six if one.network.is_link_local}
    numbers = sorted(filter(None, map(_number_of, links)))
    return (*addresses_of(named), *(f"%{number}" for number in numbers))


def openable_of(ours: Iterable[NamedNetwork]) -> Addresses:
    """Give the addresses of these that others can open, each once: IPv4, and IPv6 but link-local.

    A link-local IPv6 address means nothing without the name of the caller's own interface, which
    no browser takes (RFC 4007, section 11; RFC 6874 was never built).
    """
    found = (one.network.ip for one in ours)
    return tuple(dict.fromkeys(str(ip) for ip in found if ip.version == 4 or not ip.is_link_local))  # noqa: PLR2004 - IPv4


def via(address: str, ours: Iterable[Network]) -> str:
    """Give our own address in the network that this address is in; "" if it is in none of ours.

    A link-local IPv6 address is in whichever network it was heard in, told by its scope.
    """
    try:
        target = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if target.is_loopback:
        return address
    if isinstance(target, ipaddress.IPv6Address) and target.is_link_local:
        return f"%{target.scope_id}" if target.scope_id else ""
    return next((str(one.ip) for one in ours if _holds(one, target)), "")


def leads_to(address: str, ours: Iterable[Network]) -> bool:
    """Whether we are in the network of this address now, or on the link where it was heard."""
    links = {one.scope_id for one in ours if isinstance(one, ipaddress.IPv6Interface)}
    link = address.partition("%")[2]
    return link in links if link and any(links) else bool(via(address, ours))


def _number_of(link: str) -> int:
    """The kernel's number of a link; 0 of one that just went, and where names are for people."""
    try:
        return socket.if_nametoindex(link)
    except OSError:
        return 0


def _link_of(label: str) -> str:
    """The interface of an address that is labelled so: "eth0:1" is eth0's (ip-address(8))."""
    return label if sys.platform == "win32" else label.partition(":")[0]


def _holds(one: Network, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return one.version == address.version and address in one.network


def _network(address: str, netmask: str | None) -> Network | None:
    """One of our addresses with its network; of a link-local one with the number of its link."""
    plain, _, link = address.partition("%")
    scope = f"%{number}" if link and (number := _number_of(link)) else ""
    try:
        bits = int(ipaddress.ip_address(netmask)).bit_count() if netmask else None
        one = ipaddress.ip_interface(f"{plain}{scope}" + ("" if bits is None else f"/{bits}"))
    except ValueError:
        return None
    return None if one.ip.is_loopback else one


def _order(one: NamedNetwork) -> tuple[int, bytes, str]:
    return one.network.version, one.network.ip.packed, one.network.with_prefixlen


class Interfaces(Generic[Places]):
    """Damps changes of addresses: one counts when seen twice in a row. bound: those in use."""

    def __init__(self, bound: Places) -> None:
        self._bound = bound
        self._last = bound
        self._empty_polls = 0
        self._was_empty = False

    @property
    def bound(self) -> Places:
        """The addresses in use."""
        return self._bound

    @bound.setter
    def bound(self, moved_to: Places) -> None:
        self._bound, self._was_empty = moved_to, False

    def see(self, current: Places) -> Places | None:
        """Take in the addresses found now. Gives those to move to, or None to stay.

        After a time without any, the same ones count as new: what was missed is asked anew.
        """
        calm = current == self._last
        self._last = current
        self._empty_polls = 0 if current else self._empty_polls + 1
        self._was_empty = self._was_empty or not current
        changed = current != self._bound or self._was_empty
        return current if calm and current and changed else None

    @property
    def is_gone(self) -> bool:
        """Whether there has been no network for so long that it must be said."""
        return self._empty_polls >= _POLLS_UNTIL_GONE

    @property
    def is_settled(self) -> bool:
        """Whether the addresses found last are in use."""
        return self._last == self._bound and not self._was_empty

    @property
    def poll_in_s(self) -> float:
        """How long to wait until the next look: short while something changes."""
        return POLL_S if self.is_settled or not self._last else CALM_S


def broadcasts(ours: Networks) -> Addresses:
    """Give the address that calls everyone in each IPv4 subnet (RFC 919), each once."""
    called = (
        str(one.network.broadcast_address)
        for one in ours
        if isinstance(one, ipaddress.IPv4Interface) and one.network.prefixlen <= LONGEST_PREFIX
    )
    return tuple(dict.fromkeys(called))


def no_network(sense: str = "mdns") -> SenseMissing:
    """Give what to raise where this machine is in no network."""
    hint = "This machine is in no network; check the cable or the Wi-Fi."
    return SenseMissing("no_network", {"sense": sense}, hint)


async def next_look(
    interfaces: Interfaces[Places], changed: asyncio.Event, *, notified: bool
) -> None:
    """Wait until it is time to look at our addresses again, or the kernel tells of a change."""
    is_calm = interfaces.is_settled or interfaces.is_gone
    wait_s = NOTIFIED_POLL_S if notified and is_calm else interfaces.poll_in_s
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(wait_s):
            # Two looks in a row count only if they are apart, however much the kernel tells.
            await (changed.wait() if wait_s > CALM_S else asyncio.sleep(wait_s))
    changed.clear()
