"""This file says on which addresses simulated devices can stand, and opens their UDP there."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable, Iterable
from ipaddress import IPv4Interface
from typing import Any, Final

import ifaddr

Hear = Callable[[bytes, tuple[str | Any, int]], None]

LOOPBACK: Final = "127.0.0.1"
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


async def open_udp(
    at: tuple[str, int], hear: Hear, *, joined_from: str = ""
) -> asyncio.DatagramTransport:
    """Listen at an address and port, which others on this computer may share.

    joined_from: where `at` is a multicast group, the own address that joins it. Raises OSError.
    """
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(at)
        if joined_from:
            member = socket.inet_aton(at[0]) + socket.inet_aton(joined_from)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Ear(hear), sock=sock)
    return transport


class _Ear(asyncio.DatagramProtocol):
    def __init__(self, hear: Hear) -> None:
        self._hear = hear

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        """Hand on one datagram."""
        self._hear(data, addr)
