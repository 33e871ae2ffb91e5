"""This file asks Windows for its IPv4 routes and for who answered in its networks.

Source: Microsoft, GetIpForwardTable, GetIpNetTable (iphlpapi.h).
"""

from __future__ import annotations

import sys

assert sys.platform == "win32"  # for mypy: read on Windows alone

import ctypes
import struct
from collections.abc import Iterator
from functools import cache
from ipaddress import IPv4Address
from typing import Any, Final, NamedTuple

from hardware.readings import clean

_MORE: Final = 122  # ERROR_INSUFFICIENT_BUFFER
_TABLE_MOST: Final = 1 << 20
_ROUTE: Final = struct.Struct("=4s4sI4s10I")  # MIB_IPFORWARDROW
_NEIGHBOUR: Final = struct.Struct("=II8s4sI")  # MIB_IPNETROW
_ANSWERED: Final = frozenset({3, 4})  # learned, or set by hand
_MAC_BYTES: Final = 6
_ALIAS_CHARS: Final = 257


class ListedRoute(NamedTuple):
    """A route: where to, through whom, by which interface; 0.0.0.0 is everywhere, or nobody."""

    destination: str
    mask: str
    gateway: str
    interface: str
    metric: int


class ListedNeighbour(NamedTuple):
    """Who answers for an address, on which interface."""

    address: str
    mac: str
    interface: str


def routes() -> list[ListedRoute]:
    """Every IPv4 route; none where Windows does not say."""
    return [*_routes(_table("GetIpForwardTable"))]


def neighbours() -> list[ListedNeighbour]:
    """Who has answered on IPv4."""
    return [*_neighbours(_table("GetIpNetTable"))]


def alias_of(luid: bytes) -> str:
    """The name that a person reads of an interface, by its locally unique number of 8 bytes."""
    name = ctypes.create_unicode_buffer(_ALIAS_CHARS)
    failed = _api().ConvertInterfaceLuidToAlias(luid, name, ctypes.c_size_t(_ALIAS_CHARS))
    return "" if failed else clean(name.value)


def _routes(table: bytes) -> Iterator[ListedRoute]:
    for destination, mask, _, gateway, index, *rest in _rows(table, _ROUTE):
        to, part, through = (str(IPv4Address(one)) for one in (destination, mask, gateway))
        yield ListedRoute(to, part, through, _interface(index), rest[4])


def _neighbours(table: bytes) -> Iterator[ListedNeighbour]:
    for index, length, mac, address, kind in _rows(table, _NEIGHBOUR):
        if length == _MAC_BYTES and kind in _ANSWERED:
            found = mac[:_MAC_BYTES].hex(":")
            yield ListedNeighbour(str(IPv4Address(address)), found, _interface(index))


def _rows(table: bytes, row: struct.Struct) -> Iterator[tuple[Any, ...]]:
    count = int.from_bytes(table[:4], sys.byteorder)
    rows = table[4 : 4 + count * row.size]
    return row.iter_unpack(rows[: len(rows) - len(rows) % row.size])


def _table(function: str) -> bytes:
    size = ctypes.c_ulong(0)
    call = getattr(_api(), function)
    if call(None, ctypes.byref(size), True) != _MORE or size.value > _TABLE_MOST:
        return b""
    buffer = ctypes.create_string_buffer(size.value)
    return b"" if call(buffer, ctypes.byref(size), True) else buffer.raw


def _interface(index: int) -> str:
    luid = ctypes.create_string_buffer(8)
    return "" if _api().ConvertInterfaceIndexToLuid(index, luid) else alias_of(luid.raw)


@cache
def _api() -> Any:
    return ctypes.WinDLL("iphlpapi")
