"""This file says on which addresses of this computer simulated devices can stand."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from ipaddress import IPv4Interface
from typing import Final

import ifaddr

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
