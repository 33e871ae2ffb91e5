"""This file asks the kernel about Wi-Fi by nl80211, which drivers without extensions speak, too."""

from __future__ import annotations

import contextlib
import struct
import sys
from collections.abc import Iterator
from enum import IntEnum
from typing import Final, NamedTuple

from hardware.network import netlink_talk
from hardware.network.neighbours import plain_mac
from hardware.network.netlink_talk import DUMP, REQUEST, Exchange, attribute, attributes
from hardware.readings import clean

# linux/genetlink.h, linux/nl80211.h
_CONTROL, _GET_FAMILY, _FAMILY_ID, _FAMILY_NAME = 16, 3, 1, 2
_GET_INTERFACE, _GET_STATION = 5, 17
_IFINDEX, _IFNAME, _IFTYPE, _MAC, _STATION, _SSID = 3, 4, 5, 6, 21, 52
_SIGNAL, _SIGNAL_AVERAGE = 7, 13

_GENERIC_HEADER: Final = struct.Struct("=BBH")  # command, version, reserved
_MESSAGES_LIMIT: Final = 500  # an access point has as many stations as tablets are joined
_WEAKEST_DBM, _STRONGEST_DBM = -120, -1


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
    ask = exchange or netlink_talk.asking_kernel(netlink_talk.GENERIC)
    with contextlib.suppress(OSError):
        if family := _family(ask):
            return [_link(ask, family, one) for one in _interfaces(ask, family)]
    return []


def _family(ask: Exchange) -> int:
    name = attribute(_FAMILY_NAME, b"nl80211\0")
    for told in _answers(ask, _request(_CONTROL, _GET_FAMILY, name, flags=REQUEST)):
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
    wanted = attribute(_IFINDEX, one.number.to_bytes(4, sys.byteorder))
    stations = _answers(ask, _request(family, _GET_STATION, wanted))
    told = next(iter(stations), {})
    return WifiLink(
        one.name,
        one.mode,
        bssid=plain_mac(told.get(_MAC, b"").hex(":")),
        ssid=one.ssid,
        signal_dbm=_signal_dbm(dict(attributes(told.get(_STATION, b"")))),
    )


def _signal_dbm(station: dict[int, bytes]) -> float | None:
    for kind in (_SIGNAL_AVERAGE, _SIGNAL):
        if len(raw := station.get(kind, b"")) == 1:
            dbm = int.from_bytes(raw, sys.byteorder, signed=True)
            if _WEAKEST_DBM <= dbm <= _STRONGEST_DBM:
                return float(dbm)
    return None


def _request(kind: int, command: int, body: bytes = b"", flags: int = REQUEST | DUMP) -> bytes:
    return netlink_talk.request(kind, _GENERIC_HEADER.pack(command, 1, 0) + body, flags)


def _answers(ask: Exchange, request: bytes) -> list[dict[int, bytes]]:
    """Give the attributes of each message until the kernel is done. Raises OSError."""
    told = netlink_talk.answers(ask, request, _MESSAGES_LIMIT)
    return [dict(attributes(payload[_GENERIC_HEADER.size :])) for payload in told]


def _text(raw: bytes) -> str:
    return clean(raw.decode("utf-8", "replace").rstrip("\0"))
