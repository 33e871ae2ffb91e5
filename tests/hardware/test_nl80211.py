"""nl80211: Wi-Fi where the kernel has no wireless extensions any more."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.host.nl80211 import WifiLink, WifiMode, wifi_links
from hardware.host.wifi import access_point, signal_dbm
from hardware.readings import IdentityKind

FAMILY = 28
AP = bytes.fromhex("9c9d7e0a0b0c")
# As linux/netlink.h has them.
DONE, ERROR = 3, 2


def attribute(kind: int, value: bytes) -> bytes:
    length = 4 + len(value)
    return struct.pack("=HH", length, kind) + value + b"\0" * (-length % 4)


def message(kind: int, *attributes: bytes) -> bytes:
    body = struct.pack("=BBH", 0, 1, 0) + b"".join(attributes)
    return struct.pack("=IHHII", 16 + len(body), kind, 2, 1, 77) + body


def end(kind: int = DONE, code: int = 0) -> bytes:
    return struct.pack("=IHHIIi", 20, kind, 2, 1, 77, code)


def interface(index: int, name: str, mode: int, ssid: str = "") -> bytes:
    told = [
        attribute(3, struct.pack("=I", index)),
        attribute(4, name.encode() + b"\0"),
        attribute(5, struct.pack("=I", mode)),
    ]
    return message(FAMILY, *told, *([attribute(52, ssid.encode())] if ssid else []))


def station(mac: bytes, **signals: int) -> bytes:
    """Nested: the average (13) and the last (7) level, each a signed byte."""
    kinds = {"last": 7, "average": 13}
    inside = b"".join(
        attribute(kinds[name], struct.pack("=b", dbm)) for name, dbm in signals.items()
    )
    return message(FAMILY, attribute(6, mac), attribute(0x8000 | 21, inside))


class Kernel:
    """Answers as a kernel with these interfaces; stations: of each, by its number."""

    def __init__(self, interfaces: list[bytes], stations: Mapping[int, list[bytes]]) -> None:
        self._interfaces = interfaces
        self._stations = stations

    def __call__(self, request: bytes) -> Iterator[bytes]:
        length, kind, flags, _, _ = struct.unpack_from("=IHHII", request)
        command = request[16]
        assert length == len(request)
        if kind == 16:
            assert (command, flags) == (3, 1)
            assert b"nl80211\0" in request
            yield message(16, attribute(1, struct.pack("=H", FAMILY)), attribute(2, b"nl80211\0"))
            return
        assert (kind, flags) == (FAMILY, 0x301)
        if command == 5:
            yield b"".join(self._interfaces)
        else:
            index = struct.unpack_from("=I", request, 24)[0]
            yield from self._stations.get(index, [])
        yield end()


def test_a_joined_interface_tells_its_access_point_and_signal() -> None:
    """The average level where it is told; one that is not joined, and one that is a hotspot."""
    kernel = Kernel(
        [
            interface(3, "wlan0", 2, "Trường Minh Hoạ"),
            interface(4, "wlan1", 2),
            interface(5, "ap0", 3, "Lop 6A1"),
            interface(6, "mon0", 6),
        ],
        {3: [station(AP, last=-70, average=-56)], 4: []},
    )
    assert wifi_links(kernel) == [
        WifiLink("wlan0", WifiMode.STATION, AP.hex(), "Trường Minh Hoạ", -56.0),
        WifiLink("wlan1", WifiMode.STATION),
        WifiLink("ap0", WifiMode.ACCESS_POINT, ssid="Lop 6A1"),
        WifiLink("mon0", WifiMode.OTHER),
    ]


@pytest.mark.parametrize(
    ("signals", "dbm"),
    [
        ({"last": -70}, -70.0),
        ({"average": 0, "last": -61}, -61.0),
        ({"average": 5}, None),
        ({}, None),
    ],
)
def test_only_a_level_that_can_be_one_counts(signals: dict[str, int], dbm: float | None) -> None:
    """Drivers that know none tell 0."""
    kernel = Kernel([interface(3, "wlan0", 2)], {3: [station(AP, **signals)]})
    assert [one.signal_dbm for one in wifi_links(kernel)] == [dbm]


def no_extensions(_request: int, _buffer: bytearray) -> None:
    raise OSError(95, "Operation not supported")


def test_without_wireless_extensions_the_same_is_told_by_nl80211(tmp_path: Path) -> None:
    """The signal and the access point, by the key that it always had."""
    links = (WifiLink("wlan0", WifiMode.STATION, AP.hex(), "Minh Hoạ", -56.0),)
    assert signal_dbm(tmp_path, lambda: links) == -56.0
    point = access_point("wlan0", no_extensions, lambda: links)
    assert point is not None
    assert (point.key, point.identity) == (f"mac:{AP.hex()}", IdentityKind.MAC)
    assert (point.name, point.via) == ("Minh Hoạ", "wlan0")
    assert access_point("wlan1", no_extensions, lambda: links) is None
    assert access_point("wlan0", no_extensions, list) is None


def test_a_kernel_without_it_has_no_wifi() -> None:
    """It knows no such family, or no such socket."""

    def knows_none(_request: bytes) -> Iterator[bytes]:
        yield end(ERROR, -2)

    def has_none(_request: bytes) -> Iterator[bytes]:
        raise OSError(93, "Protocol not supported")

    assert wifi_links(knows_none) == wifi_links(has_none) == []
    assert isinstance(wifi_links(), list)  # this machine's own kernel


@given(st.lists(st.binary(max_size=300), max_size=5))
def test_whatever_comes_back_is_no_error(datagrams: list[bytes]) -> None:
    """Cut short, of nonsense lengths, without an end."""
    assert isinstance(wifi_links(lambda _request: iter(datagrams)), list)


@given(st.data())
def test_an_answer_cut_anywhere_gives_no_nonsense(data: st.DataObject) -> None:
    """What is there of it whole is what it says."""
    whole = interface(3, "wlan0", 2, "Minh Hoạ") + station(AP, average=-56)
    cut = whole[: data.draw(st.integers(0, len(whole)))]

    def kernel(request: bytes) -> Iterator[bytes]:
        yield from Kernel([cut], {3: [cut]})(request)

    for one in wifi_links(kernel):
        assert one.interface in {"wlan0", ""}
        assert one.bssid in {AP.hex(), ""}
        assert one.signal_dbm in {-56.0, None}
