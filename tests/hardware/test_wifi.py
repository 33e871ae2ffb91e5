"""Wi-Fi: the signal, the access point, and the gateway that stands for a cable."""

from __future__ import annotations

import ctypes
import struct
from pathlib import Path

import pytest

from hardware.host.gateway import gateway_sighting
from hardware.host.uplink import Links, uplink
from hardware.host.wifi import Ioctl, access_point, signal_dbm
from hardware.network.routes import Gateway, gateway, tells_routes
from hardware.readings import IdentityKind, Kind, Sighting
from simulators.devices.host import GATEWAY, FaultyHost, HostMake

HEAD = (
    "Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE\n"
    " face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22\n"
)
ROUTES = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"


def told(root: Path, name: str, text: str) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return root


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (" wlan0: 0000   54.  -56.  -256        0      0      0      0     75        0\n", -56.0),
        ("wlp0s20f3: 0000   54   -56   -256   0   0   0   0   75   0\n", -56.0),
        ("wlan0:0000   54.  -56.  -256   0   0   0   0   75   0\n", -56.0),
        (" wlan0: 0000   54.  200.  161.   0   0   0   0   75   0\n", -56.0),
        (" wlan0: 0000   54.  70.  0.   0   0   0   0   75   0\n", None),
        (" wlan0: 0000   0.  -256.  -256.   0   0   0   0   0   0\n", None),
        (" wlan0: 0000   0   0   0   0   0   0   0   0   0\n", None),
        (" wlan0: 0000   0.  nan  0   0   0   0   0   0   0\n", None),
        (
            (
                " wlan0: 0000   0.  -256.  -256.  0  0  0  0  0  0\n"
                " wlan1: 0000   30.  -80.  -256.  0  0  0  0  0  0\n"
            ),
            -80.0,
        ),
        (" wlan0: 0000\n", None),
        ("", None),
    ],
)
def test_the_signal_is_read_in_each_of_its_spellings(
    tmp_path: Path, lines: str, expected: float | None
) -> None:
    """dBm, dBm as a byte, and a driver's own scale, which is no dBm."""
    assert signal_dbm(told(tmp_path, "proc/net/wireless", HEAD + lines)) == expected


def test_without_wireless_extensions_there_is_no_signal(tmp_path: Path) -> None:
    """As on a machine with a cable only."""
    assert signal_dbm(tmp_path) is None


def kernel(bssid: bytes, ssid: bytes = b"Truong THCS") -> Ioctl:
    """Answer as the kernel does, into the buffers that were handed over."""

    def ioctl(request: int, buffer: bytearray) -> None:
        assert bytes(buffer[:16]).rstrip(b"\0") == b"wlan0"
        if request == 0x8B15:
            buffer[16:24] = b"\x01\x00" + bssid
        else:
            pointer, room, _ = struct.unpack_from("PHH", buffer, 16)
            ctypes.memmove(pointer, ssid, min(room, len(ssid)))
            struct.pack_into("PHH", buffer, 16, pointer, len(ssid), 1)

    return ioctl


def test_the_access_point_is_a_device_of_the_network() -> None:
    """Known by its address, called by its network's name."""
    seen = access_point("wlan0", kernel(bytes.fromhex("00e04c010203")))
    assert seen is not None
    assert (seen.key, seen.identity) == ("mac:00e04c010203", IdentityKind.MAC)
    assert (seen.source, seen.kind) == ("line", Kind.NETWORK)
    assert (seen.name, seen.via) == ("Truong THCS", "wlan0")


@pytest.mark.parametrize("bssid", ["000000000000", "ffffffffffff", "444444444444"])
def test_an_interface_without_access_point_has_none(bssid: str) -> None:
    """Drivers say "none" in three ways."""
    assert access_point("wlan0", kernel(bytes.fromhex(bssid))) is None


def test_a_hostile_network_name_is_only_text() -> None:
    """32 bytes of anything, and a length that lies."""
    mac = bytes.fromhex("00e04c010203")
    seen = access_point("wlan0", kernel(mac, b"\x1b[31m\xff\x00A\xe2\x80\xae" * 3))
    assert seen is not None
    assert "\x1b" not in seen.name
    assert "\u202e" not in seen.name
    assert len(seen.name) <= 32
    hidden = access_point("wlan0", kernel(mac, b"\0" * 8))
    assert hidden is not None
    assert hidden.name == ""


def test_the_real_kernel_knows_no_access_point_of_loopback() -> None:
    """Its refusal is an answer."""
    assert access_point("lo") is None
    assert access_point("none\udcffhere") is None


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            (
                "eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
                "wlan0\t00000000\t0102A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n"
            ),
            Gateway("192.168.1.1", "eth0", 100),
        ),
        (
            (
                "wlan0\t00000000\t0102A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n"
                "eth0\t00000000\t0101A8C0\t0002\t0\t0\t100\t00000000\t0\t0\t0\n"
            ),
            Gateway("192.168.2.1", "wlan0", 600),
        ),
        ("tun0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000080\t0\t0\t0\n", None),
        ("ppp0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0\n", None),
        ("eth0\tlies\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n", None),
        ("eth0\t00000000\tFFFFFFFFFF\t0003\t0\t0\t100\t00000000\t0\t0\t0\n", None),
        ("", None),
    ],
)
def test_the_gateway_is_that_of_the_cheapest_default_route(
    tmp_path: Path, lines: str, expected: Gateway | None
) -> None:
    """A cable before Wi-Fi; a half of a VPN's split route is no default."""
    root = told(tmp_path, "proc/net/route", ROUTES + lines)
    assert tells_routes(root)
    assert gateway(root) == expected


def test_with_a_cable_the_gateway_stands_for_the_network(tmp_path: Path) -> None:
    """The switch between them cannot be seen."""
    FaultyHost(tmp_path, HostMake.MINI_PC).write()
    seen = uplink(tmp_path)
    assert seen is not None
    assert seen == gateway_sighting(tmp_path)
    assert (seen.key, seen.address, seen.via) == ("mac:00e04c680001", GATEWAY, "eth0")
    assert (seen.source, seen.kind) == ("line", Kind.NETWORK)


def test_with_wifi_the_access_point_stands_for_it(tmp_path: Path) -> None:
    """The gateway may be three floors away."""
    FaultyHost(tmp_path, HostMake.LAPTOP).write()
    seen = uplink(tmp_path, kernel(bytes.fromhex("00e04c010203")))
    assert seen is not None
    assert seen.key == "mac:00e04c010203"


def test_a_gateway_that_never_answered_is_no_device(tmp_path: Path) -> None:
    """Its address alone names nobody."""
    FaultyHost(tmp_path, HostMake.MINI_PC).write()
    (tmp_path / "proc/net/arp").write_text("head\n")
    assert uplink(tmp_path) is None


def point(digit: int) -> Sighting:
    return Sighting(
        source="line", key=f"mac:{digit:012x}", identity=IdentityKind.MAC, kind=Kind.NETWORK
    )


def test_the_uplink_is_reported_when_it_changes_and_only_then() -> None:
    """The old one goes as the new one comes; a moment without any is no news."""
    links = Links()
    assert links.see(point(1)) == [point(1)]
    assert links.see(point(1)) == []
    assert links.see(None) == []
    assert links.see(point(1)) == []
    left, came = links.see(point(2))
    assert (left.key, left.present, left.reason) == (point(1).key, False, "unplugged")
    assert came == point(2)
    assert links.see(None) == []
    assert [(gone.key, gone.present) for gone in links.see(None)] == [(point(2).key, False)]
    assert links.see(None) == []
