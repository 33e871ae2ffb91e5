"""This file asks Windows for its Wi-Fi. Source: Microsoft, wlanapi.h.

Newer Windows tell a program that may not know the place no access point: then none is known.
"""

from __future__ import annotations

import sys

assert sys.platform == "win32"  # for mypy: read on Windows alone

import ctypes
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

from hardware.host.nl80211 import WifiLink, WifiMode
from hardware.network.neighbours import plain_mac
from hardware.network.windows.ip_helper import alias_of
from hardware.readings import clean

_VISTA: Final = 2
_CONNECTION: Final = 7  # wlan_intf_opcode_current_connection
_INTERFACE: Final = struct.Struct("=16s512sI")  # WLAN_INTERFACE_INFO
_LIST_HEAD: Final = 8
_INTERFACES_MOST: Final = 64
# WLAN_CONNECTION_ATTRIBUTES: state, mode, profile; then the association's fields.
_ATTRIBUTES: Final = struct.Struct("=II512sI32sI6s2xIII")


def wifi_links() -> list[WifiLink]:
    """Every Wi-Fi connection that is up; none where there is no Wi-Fi."""
    try:
        with _client() as client:
            return [link for guid in _interfaces(client) if (link := _link(client, guid))]
    except OSError:
        return []


@contextmanager
def _client() -> Iterator[Any]:
    version, client = ctypes.c_ulong(), ctypes.c_void_p()
    error = _api().WlanOpenHandle(_VISTA, None, ctypes.byref(version), ctypes.byref(client))
    if error:
        raise OSError(error, "no Wi-Fi service")
    try:
        yield client
    finally:
        _api().WlanCloseHandle(client, None)


def _interfaces(client: Any) -> list[bytes]:
    found = ctypes.c_void_p()
    if _api().WlanEnumInterfaces(client, None, ctypes.byref(found)) or not found.value:
        return []
    try:
        count = int.from_bytes(ctypes.string_at(found.value, 4), sys.byteorder)
        size = min(count, _INTERFACES_MOST) * _INTERFACE.size
        rows = ctypes.string_at(found.value + _LIST_HEAD, size)
        return [guid for guid, _, _ in _INTERFACE.iter_unpack(rows)]
    finally:
        _api().WlanFreeMemory(found)


def _link(client: Any, guid: bytes) -> WifiLink | None:
    size, data = ctypes.c_ulong(), ctypes.c_void_p()
    refused = _api().WlanQueryInterface(
        client, guid, _CONNECTION, None, ctypes.byref(size), ctypes.byref(data), None
    )
    if refused or not data.value or size.value < _ATTRIBUTES.size:
        return None
    try:
        fields = _ATTRIBUTES.unpack(ctypes.string_at(data.value, _ATTRIBUTES.size))
    finally:
        _api().WlanFreeMemory(data)
    _, _, _, length, name, _, mac, _, _, quality = fields
    return WifiLink(
        interface=_name(guid),
        mode=WifiMode.STATION,
        bssid=plain_mac(mac.hex(":")),
        ssid=clean(name[: min(length, len(name))].decode("utf-8", "replace")),
        signal_dbm=min(quality, 100) / 2 - 100,  # wlanapi.h: 0 % is -100 dBm, 100 % is -50
    )


def _name(guid: bytes) -> str:
    luid = ctypes.create_string_buffer(8)
    failed = ctypes.WinDLL("iphlpapi").ConvertInterfaceGuidToLuid(guid, luid)
    return "" if failed else alias_of(luid.raw)


@cache
def _api() -> Any:
    return ctypes.WinDLL("wlanapi")
