"""This file says which IPv4 subnets this machine is in, and how all of one are called at once."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from ipaddress import IPv4Interface

import psutil

# A subnet of two addresses or of one has no broadcast address (RFC 3021).
_LONGEST_PREFIX = 30


def subnets() -> tuple[IPv4Interface, ...]:
    """Give this machine's own addresses with their subnets, loopback left out, in order."""
    up = {name for name, state in psutil.net_if_stats().items() if state.isup}
    own = {
        ipaddress.IPv4Interface(f"{entry.address}/{entry.netmask}")
        for name, entries in psutil.net_if_addrs().items()
        for entry in entries
        if name in up and entry.family == socket.AF_INET and entry.netmask
    }
    return tuple(sorted(one for one in own if not one.is_loopback))


def broadcasts(within: Iterable[IPv4Interface]) -> tuple[str, ...]:
    """Give the address that calls everyone in each subnet (RFC 919), each once."""
    called = (
        str(one.network.broadcast_address)
        for one in within
        if one.network.prefixlen <= _LONGEST_PREFIX
    )
    return tuple(dict.fromkeys(called))


def own_address(towards: str, within: Iterable[IPv4Interface]) -> str:
    """Give our own address in the subnet of another; "" where we are not in it."""
    try:
        address = ipaddress.ip_address(towards)
    except ValueError:
        return ""
    return next((str(one.ip) for one in within if address in one.network), "")
