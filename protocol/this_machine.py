"""This file tells an address of this very machine from others."""

from __future__ import annotations

from ipaddress import ip_address


def is_this_machine(host: str) -> bool:
    """Whether it is loopback (RFC 1122, 3.2.1.3; RFC 4291, 2.5.3), also as IPv6 maps it.

    Of names only `localhost` is (RFC 6761, 6.3).
    """
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost"
    mapped = getattr(address, "ipv4_mapped", None)
    return address.is_loopback or (mapped is not None and mapped.is_loopback)
