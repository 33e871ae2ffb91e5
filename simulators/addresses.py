"""This file says on which addresses simulated devices can stand, and opens their UDP there."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import struct
from collections.abc import Callable, Iterable
from ipaddress import IPv4Interface
from typing import Any, Final

import ifaddr

Hear = Callable[[bytes, tuple[str | Any, ...]], None]

LOOPBACK: Final = "127.0.0.1"
SETTLED_S: Final = 5.0  # other hosts are asked for a second, as Linux is set
_LONGEST_PREFIX: Final = 30  # longer ones have no broadcast address (RFC 3021)


def own_interfaces() -> list[IPv4Interface]:
    """This computer's IPv4 addresses with their networks, loopback left out, in order."""
    return sorted(
        one
        for adapter in ifaddr.get_adapters()
        for entry in adapter.ips
        if entry.is_IPv4
        and not (one := ipaddress.IPv4Interface(f"{entry.ip}/{entry.network_prefix}")).is_loopback
    )


def own_address() -> str:
    """The first of them; loopback where there is none."""
    return next((str(one.ip) for one in own_interfaces()), LOOPBACK)


def call_address(host: str, within: Iterable[IPv4Interface]) -> str:
    """The address at which everybody in the host's network is called (RFC 919).

    A device on loopback is called with the first network; "" where there is no such address.
    """
    inside = ipaddress.IPv4Address(host)
    calls = [one for one in within if one.network.prefixlen <= _LONGEST_PREFIX]
    fitting = [one for one in calls if inside.is_loopback or inside == one.ip]
    return str(fitting[0].network.broadcast_address) if fitting else ""


async def settled_beside(host: str) -> str:
    """What stands beside, once no other on the link may have it (RFC 4862, 5.4); else "".

    A new link's address cannot be stood on in its first seconds.
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SETTLED_S):
            while (own := link_local_beside(host)) and not _is_settled(own):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            return own
    return ""


def _is_settled(own: str) -> bool:
    address, _, link = own.partition("%")
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0, 0, int(link)))
        except OSError:
            return False
    return True


def link_local_beside(host: str) -> str:
    """The link-local IPv6 address of the card with an IPv4 address, and its link ("fe80::1%2").

    "" where it has none.
    """
    for adapter in ifaddr.get_adapters():
        if any(entry.ip == host for entry in adapter.ips):
            six = (entry.ip for entry in adapter.ips if not entry.is_IPv4)
            own = (f"{one[0]}%{one[2]}" for one in six if one[0].lower().startswith("fe80:"))
            return next(own, "")
    return ""


async def open_udp(
    at: tuple[str, int], hear: Hear, *, joined_from: str = ""
) -> asyncio.DatagramTransport:
    """Listen at an address and port, which others on this computer may share.

    joined_from: where `at` is a multicast group, the own address that joins it. A link-local IPv6
    address has its link behind it. Raises OSError.
    """
    is_ipv6 = ":" in at[0]
    sock = socket.socket(socket.AF_INET6 if is_ipv6 else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if is_ipv6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            _join_6(sock, at, joined_from)
        else:
            _join(sock, at, joined_from)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Ear(hear), sock=sock)
    return transport


def _join(sock: socket.socket, at: tuple[str, int], joined_from: str) -> None:
    sock.bind(at)
    if joined_from:
        member = socket.inet_aton(at[0]) + socket.inet_aton(joined_from)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)


def _join_6(sock: socket.socket, at: tuple[str, int], joined_from: str) -> None:
    address, _, link = (joined_from or at[0]).partition("%")
    sock.bind(("::" if joined_from else address, at[1], 0, int(link or "0")))
    if joined_from:
        member = socket.inet_pton(socket.AF_INET6, at[0]) + struct.pack("@I", int(link or "0"))
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, member)


class _Ear(asyncio.DatagramProtocol):
    def __init__(self, hear: Hear) -> None:
        self._hear = hear

    def datagram_received(self, data: bytes, addr: tuple[str | Any, ...]) -> None:
        """Hand on one datagram."""
        self._hear(data, addr)
