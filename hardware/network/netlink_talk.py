"""This file asks Linux something by netlink, and takes its answers apart.

Source: linux/netlink.h, netlink(7).
"""

from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Callable, Iterator
from typing import Final

REQUEST, DUMP = 0x1, 0x300
ERROR, DONE = 2, 3
ROUTE, GENERIC = 0, 16  # NETLINK_ROUTE, NETLINK_GENERIC

_KIND_MASK: Final = 0x3FFF  # the two bits above say how an attribute is packed
_HEADER: Final = struct.Struct("=IHHII")  # length, type, flags, sequence, port
_ATTRIBUTE: Final = struct.Struct("=HH")  # length, kind
_PATIENCE_S: Final = 0.5
_READ_BYTES: Final = 1 << 16

# Sends one request and gives what came back, datagram by datagram; raises OSError.
Exchange = Callable[[bytes], Iterator[bytes]]


def request(kind: int, payload: bytes, flags: int = REQUEST | DUMP) -> bytes:
    """One message to the kernel."""
    return _HEADER.pack(_HEADER.size + len(payload), kind, flags, 1, 0) + payload


def attribute(kind: int, value: bytes) -> bytes:
    """One attribute, filled up to its neighbour's place."""
    return _ATTRIBUTE.pack(_ATTRIBUTE.size + len(value), kind) + value + b"\0" * (-len(value) % 4)


def answers(ask: Exchange, request: bytes, limit: int) -> Iterator[bytes]:
    """Give what each message holds until the kernel is done. Raises OSError."""
    is_dump = bool(struct.unpack_from("=H", request, 6)[0] & DUMP)
    count = 0
    for datagram in ask(request):
        for kind, payload in messages(datagram):
            if kind in {ERROR, DONE}:
                return
            yield payload
            count += 1
            if not is_dump or count >= limit:
                return


def messages(datagram: bytes) -> Iterator[tuple[int, bytes]]:
    """Give the type of each message in a datagram, and what it holds."""
    at = 0
    while at + _HEADER.size <= len(datagram):
        length, kind, *_ = _HEADER.unpack_from(datagram, at)
        if not _HEADER.size <= length <= len(datagram) - at:
            return
        yield kind, datagram[at + _HEADER.size : at + length]
        at += length + -length % 4


def attributes(payload: bytes) -> Iterator[tuple[int, bytes]]:
    """Give the kind of each attribute, and what it holds."""
    at = 0
    while at + _ATTRIBUTE.size <= len(payload):
        length, kind = _ATTRIBUTE.unpack_from(payload, at)
        if not _ATTRIBUTE.size <= length <= len(payload) - at:
            return
        yield kind & _KIND_MASK, payload[at + _ATTRIBUTE.size : at + length]
        at += length + -length % 4


def asking_kernel(protocol: int) -> Exchange:
    """Give what asks this machine's kernel; it says nothing where that is no Linux."""

    def ask(request: bytes) -> Iterator[bytes]:
        if sys.platform != "linux":
            return
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol) as kernel:
            kernel.settimeout(_PATIENCE_S)
            kernel.send(request)
            while datagram := kernel.recv(_READ_BYTES):
                yield datagram

    return ask
