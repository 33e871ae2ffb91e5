"""This file asks the kernel about Wi-Fi by nl80211, which drivers without extensions speak, too."""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
from collections.abc import Callable, Iterator
from enum import IntEnum
from typing import Final, NamedTuple

from hardware.network.neighbours import plain_mac
from hardware.readings import clean

# linux/netlink.h, linux/genetlink.h, linux/nl80211.h
_GENERIC: Final = 16
_REQUEST, _DUMP = 0x1, 0x300
_ERROR, _DONE = 2, 3
_CONTROL, _GET_FAMILY, _FAMILY_ID, _FAMILY_NAME = 16, 3, 1, 2
_GET_INTERFACE, _GET_STATION = 5, 17
_IFINDEX, _IFNAME, _IFTYPE, _MAC, _STATION, _SSID = 3, 4, 5, 6, 21, 52
_SIGNAL, _SIGNAL_AVERAGE = 7, 13
_KIND_MASK: Final = 0x3FFF  # the two bits above say how an attribute is packed

_HEADER: Final = struct.Struct("=IHHII")  # length, type, flags, sequence, port
_GENERIC_HEADER: Final = struct.Struct("=BBH")  # command, version, reserved
_ATTRIBUTE: Final = struct.Struct("=HH")  # length, kind
_PATIENCE_S: Final = 0.5
_READ_BYTES: Final = 1 << 16
_MESSAGES_LIMIT: Final = 500  # an access point has as many stations as tablets are joined
_WEAKEST_DBM, _STRONGEST_DBM = -120, -1

# Sends one request and gives what came back, datagram by datagram; raises OSError.
Exchange = Callable[[bytes], Iterator[bytes]]


class WifiMode(IntEnum):
    """What an interface does (enum nl80211_iftype)."""

    OTHER = 0
    STATION = 2
    ACCESS_POINT = 3


class WifiLink(NamedTuple):
    """One Wi-Fi interface. bssid: of the access point, 12 hex digits; "" while there is none."""

    interface: str
    mode: WifiMode
    bssid: str = ""
    ssid: str = ""
    signal_dbm: float | None = None


class _Interface(NamedTuple):
    number: int
    name: str
    mode: WifiMode
    ssid: str


def wifi_links(exchange: Exchange | None = None) -> list[WifiLink]:
    """Give the Wi-Fi interfaces; none where the kernel has no nl80211. Takes some 0.3 ms.

    Source: linux/nl80211.h, NL80211_CMD_GET_INTERFACE and NL80211_CMD_GET_STATION.
    """
    ask = exchange or _ask_kernel
    with contextlib.suppress(OSError):
        if family := _family(ask):
            return [_link(ask, family, one) for one in _interfaces(ask, family)]
    return []


def _family(ask: Exchange) -> int:
    name = _attribute(_FAMILY_NAME, b"nl80211\0")
    for told in _answers(ask, _request(_CONTROL, _GET_FAMILY, name, flags=_REQUEST)):
        if len(number := told.get(_FAMILY_ID, b"")) == struct.calcsize("=H"):
            return int.from_bytes(number, sys.byteorder)
    return 0


def _interfaces(ask: Exchange, family: int) -> Iterator[_Interface]:
    for told in _answers(ask, _request(family, _GET_INTERFACE)):
        number = int.from_bytes(told.get(_IFINDEX, b""), sys.byteorder)
        if number:
            mode = int.from_bytes(told.get(_IFTYPE, b""), sys.byteorder)
            known = mode in {WifiMode.STATION, WifiMode.ACCESS_POINT}
            yield _Interface(
                number,
                _text(told.get(_IFNAME, b"")),
                WifiMode(mode) if known else WifiMode.OTHER,
                _text(told.get(_SSID, b"")),
            )


def _link(ask: Exchange, family: int, one: _Interface) -> WifiLink:
    if one.mode is not WifiMode.STATION:
        return WifiLink(one.name, one.mode, ssid=one.ssid)
    wanted = _attribute(_IFINDEX, one.number.to_bytes(4, sys.byteorder))
    stations = _answers(ask, _request(family, _GET_STATION, wanted))
    told = next(iter(stations), {})
    return WifiLink(
        one.name,
        one.mode,
        bssid=plain_mac(told.get(_MAC, b"").hex(":")),
        ssid=one.ssid,
        signal_dbm=_signal_dbm(dict(_attributes(told.get(_STATION, b"")))),
    )


def _signal_dbm(station: dict[int, bytes]) -> float | None:
    for kind in (_SIGNAL_AVERAGE, _SIGNAL):
        if len(raw := station.get(kind, b"")) == 1:
            dbm = int.from_bytes(raw, sys.byteorder, signed=True)
            if _WEAKEST_DBM <= dbm <= _STRONGEST_DBM:
                return float(dbm)
    return None


def _request(kind: int, command: int, body: bytes = b"", flags: int = _REQUEST | _DUMP) -> bytes:
    payload = _GENERIC_HEADER.pack(command, 1, 0) + body
    return _HEADER.pack(_HEADER.size + len(payload), kind, flags, 1, 0) + payload


def _attribute(kind: int, value: bytes) -> bytes:
    return _ATTRIBUTE.pack(_ATTRIBUTE.size + len(value), kind) + value + b"\0" * (-len(value) % 4)


def _answers(ask: Exchange, request: bytes) -> list[dict[int, bytes]]:
    """Give the attributes of each message until the kernel is done. Raises OSError."""
    found: list[dict[int, bytes]] = []
    is_dump = bool(struct.unpack_from("=H", request, 6)[0] & _DUMP)
    for datagram in ask(request):
        for kind, payload in _messages(datagram):
            if kind in {_ERROR, _DONE}:
                return found
            found.append(dict(_attributes(payload[_GENERIC_HEADER.size :])))
            if not is_dump or len(found) >= _MESSAGES_LIMIT:
                return found
    return found


def _messages(datagram: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + _HEADER.size <= len(datagram):
        length, kind, *_ = _HEADER.unpack_from(datagram, at)
        if not _HEADER.size <= length <= len(datagram) - at:
            return
        yield kind, datagram[at + _HEADER.size : at + length]
        at += length + -length % 4


def _attributes(payload: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + _ATTRIBUTE.size <= len(payload):
        length, kind = _ATTRIBUTE.unpack_from(payload, at)
        if not _ATTRIBUTE.size <= length <= len(payload) - at:
            return
        yield kind & _KIND_MASK, payload[at + _ATTRIBUTE.size : at + length]
        at += length + -length % 4


def _text(raw: bytes) -> str:
    return clean(raw.decode("utf-8", "replace").rstrip("\0"))


def _ask_kernel(request: bytes) -> Iterator[bytes]:
    if sys.platform != "linux":
        return
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _GENERIC) as kernel:
        kernel.settimeout(_PATIENCE_S)
        kernel.send(request)
        while datagram := kernel.recv(_READ_BYTES):
            yield datagram
