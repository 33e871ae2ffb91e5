"""This file tells how well this machine hears its Wi-Fi, and by which access point."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from hardware.host.nl80211 import WifiLink
from hardware.network.neighbours import plain_mac
from hardware.readings import IdentityKind, Kind, Sighting, clean
from hardware.text import entries, read_raw

if sys.platform != "win32":
    import fcntl

    from hardware.host.nl80211 import wifi_links
else:
    from hardware.host.windows.wlan import wifi_links

_TABLE_LIMIT = 20_000
_HEAD_LINES = 2
_WEAKEST_DBM, _STRONGEST_DBM = -120.0, -1.0
# linux/wireless.h: a level in dBm is kept in one byte, and some drivers show it bare.
_BYTE, _BARE_FROM = 256, 128
_SIOCGIWAP, _SIOCGIWESSID = 0x8B15, 0x8B1B
_NAME_BYTES, _REQUEST_BYTES, _SSID_BYTES = 16, 32, 32
# What some drivers give as the access point's address while there is none.
_NO_ACCESS_POINT = "44" * 6

Links = Callable[[], Sequence[WifiLink]]
# Fills in the buffer of one request of linux/wireless.h; raises OSError.
Ioctl = Callable[[int, bytearray], None]


def signal_dbm(root: Path = Path("/"), links: Links = wifi_links) -> float | None:
    """Give the strongest signal this machine hears its access point with, in dBm, or None.

    root: where `proc` is found. Where the kernel has no wireless extensions, asked by nl80211.
    Source: Linux net/wireless/wext-proc.c, /proc/net/wireless.
    """
    table = read_raw(root / "proc/net/wireless", _TABLE_LIMIT).decode("ascii", "replace")
    levels = list(_levels(table)) or [
        link.signal_dbm for link in links() if link.signal_dbm is not None
    ]
    return max(levels, default=None)


def interfaces(root: Path = Path("/")) -> tuple[str, ...]:
    """Give the names of the Wi-Fi interfaces. root: where `sys` is found."""
    if sys.platform == "win32":
        return tuple(link.interface for link in wifi_links())
    cards = entries(root / "sys/class/net")
    return tuple(
        card.name for card in cards if (card / "phy80211").exists() or (card / "wireless").exists()
    )


def access_point(
    interface: str, ioctl: Ioctl | None = None, links: Links = wifi_links
) -> Sighting | None:
    """Give the access point this interface is associated with, or None while there is none.

    Source: linux/wireless.h, SIOCGIWAP and SIOCGIWESSID; where there are none, nl80211.
    """
    ask = ioctl or _ask_kernel
    try:
        mac = _bssid(interface, ask)
        name = _ssid(interface, ask) if mac else ""
    except OSError:
        mac, name = _by_nl80211(interface, links)
    if not mac:
        return None
    return Sighting(
        source="line",
        key=f"mac:{mac}",
        identity=IdentityKind.MAC,
        kind=Kind.NETWORK,
        name=name,
        via=clean(interface),
    )


def _by_nl80211(interface: str, links: Links) -> tuple[str, str]:
    link = next((one for one in links() if one.interface == interface), None)
    return (link.bssid, link.ssid) if link else ("", "")


def _levels(table: str) -> Iterator[float]:
    for line in table.splitlines()[_HEAD_LINES:]:
        # "wlan0: 0000   54.  -56.  -256 ...": status, then quality, level and noise.
        fields = line.partition(":")[2].split()
        try:
            level = float(fields[2])
        except (IndexError, ValueError):
            continue
        dbm = level - _BYTE if _BARE_FROM <= level < _BYTE else level
        # A small positive level is on the driver's own scale, and no dBm.
        if _WEAKEST_DBM <= dbm <= _STRONGEST_DBM:
            yield dbm


def _bssid(interface: str, ask: Ioctl) -> str:
    request = _request(interface)
    ask(_SIOCGIWAP, request)
    # A struct sockaddr: two bytes of family, then the address.
    raw = request[_NAME_BYTES + 2 : _NAME_BYTES + 8]
    mac = plain_mac(raw.hex(":"))
    return "" if mac == _NO_ACCESS_POINT else mac


def _ssid(interface: str, ask: Ioctl) -> str:
    text = ctypes.create_string_buffer(_SSID_BYTES + 1)
    request = _request(interface)
    # A struct iw_point: where to write, how much room there is, flags.
    struct.pack_into("PHH", request, _NAME_BYTES, ctypes.addressof(text), _SSID_BYTES, 0)
    ask(_SIOCGIWESSID, request)
    length = struct.unpack_from("PHH", request, _NAME_BYTES)[1]
    return clean(text.raw[: min(length, _SSID_BYTES)].decode("utf-8", "replace").strip("\0"))


def _request(interface: str) -> bytearray:
    return bytearray(os.fsencode(interface)[: _NAME_BYTES - 1].ljust(_REQUEST_BYTES, b"\0"))


def _ask_kernel(request: int, buffer: bytearray) -> None:
    if sys.platform != "win32":
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as anyone:
            fcntl.ioctl(anyone, request, buffer)
    else:
        # It has no wireless extensions to ask.
        raise OSError
