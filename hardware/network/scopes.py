"""This file tells an IPv6 address from the link on which we hear it; pure.

The number behind its sign is this machine's own, and another after a restart (RFC 4007, 11).
"""

from __future__ import annotations


def unscoped(address: str) -> str:
    """The address, or the host's name, as the device itself has it."""
    return address.partition("%")[0]


def is_ipv6(address: str) -> bool:
    """Whether a numeric address is one of IPv6."""
    return ":" in address
