"""This file asks the kernel which card answers for an IPv6 address; Linux alone tells it.

Source: rtnetlink(7), RTM_GETNEIGH; linux/neighbour.h.
"""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Iterator
from ipaddress import IPv6Address
from typing import Final, NamedTuple

from hardware.network import netlink_talk
from hardware.network.netlink_talk import Exchange

_GET_NEIGHBOURS: Final = 30
_ADDRESS, _MAC = 1, 2  # NDA_DST, NDA_LLADDR
_MESSAGE: Final = struct.Struct("=BxxxiHBB")  # family, interface, state, flags, type
_ANSWERED: Final = 0x02 | 0x04 | 0x08 | 0x10 | 0x80  # reachable, stale, delay, probe, permanent
_ADDRESS_BYTES, _MAC_BYTES = 16, 6
_LIMIT: Final = 4096


class Neighbour6(NamedTuple):
    """Who has answered. address: with the number of its interface; mac: 12 hex digits."""

    address: str
    mac: str


def neighbours_6(exchange: Exchange | None = None) -> list[Neighbour6]:
    """Give the IPv6 addresses that have answered; none where the kernel does not tell."""
    ask = exchange or netlink_talk.asking_kernel(netlink_talk.ROUTE)
    wanted = netlink_talk.request(_GET_NEIGHBOURS, _MESSAGE.pack(socket.AF_INET6, 0, 0, 0, 0))
    with contextlib.suppress(OSError):
        return list(_read(netlink_talk.answers(ask, wanted, _LIMIT)))
    return []


def _read(payloads: Iterator[bytes]) -> Iterator[Neighbour6]:
    for payload in payloads:
        if len(payload) >= _MESSAGE.size:
            _, interface, state, _, _ = _MESSAGE.unpack_from(payload)
            told = dict(netlink_talk.attributes(payload[_MESSAGE.size :]))
            raw, mac = told.get(_ADDRESS, b""), told.get(_MAC, b"")
            if state & _ANSWERED and (len(raw), len(mac)) == (_ADDRESS_BYTES, _MAC_BYTES):
                yield Neighbour6(_scoped(IPv6Address(raw), interface), mac.hex())


def _scoped(address: IPv6Address, interface: int) -> str:
    return f"{address}%{interface}" if address.is_link_local else str(address)
