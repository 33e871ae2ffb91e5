"""A UPS is known by what its HID says that it is, and tells how full it is."""

from __future__ import annotations

import fcntl
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.readings import Kind
from hardware.usb.devices import devices_of
from hardware.usb.hidraw import CHARGE, UPS, ups_properties
from hardware.usb.power_device import charge_in, power_device
from simulators.devices.plugged import MAKES, plugged

REMAINING, OTHER_USAGE = 0x66, 0x67


def item(kind: int, value: int) -> bytes:
    """An item of a descriptor, as long as its value needs."""
    size = 1 if value < 1 << 8 else 2 if value < 1 << 16 else 4
    return bytes([kind | {1: 1, 2: 2, 4: 3}[size]]) + value.to_bytes(size, "little")


@dataclass(frozen=True)
class Field:
    """Some bits of a report, and what they are."""

    usage: int
    bits: int


def descriptor(reports: dict[int, list[Field]], usage: int = 0x04) -> bytes:
    """What a power device with these feature reports says; fields of one width stand together."""
    said = item(0x04, 0x84) + item(0x08, usage) + b"\xa1\x01"
    for number, fields in reports.items():
        said += item(0x84, number) + item(0x04, 0x85)
        for bits, alike in groupby(fields, lambda one: one.bits):
            usages = [item(0x08, one.usage) for one in alike]
            said += b"".join(usages) + item(0x74, bits) + item(0x94, len(usages)) + b"\xb1\x02"
    return said + b"\xc0"


@given(
    before=st.lists(st.sampled_from([1, 7, 8, 16]), max_size=6),
    number=st.integers(1, 255),
    bits=st.sampled_from([7, 8, 16]),
    charge=st.integers(0, 100),
    noise=st.integers(0, 2**96),
)
def test_the_charge_is_found_wherever_its_bits_stand(
    before: list[int], number: int, bits: int, charge: int, noise: int
) -> None:
    """Behind other fields of any width, in any report; what stands around it is not read."""
    fields = [*(Field(OTHER_USAGE, width) for width in before), Field(REMAINING, bits)]
    other = {number % 255 + 1: [Field(OTHER_USAGE, 8)]}
    device = power_device(descriptor({**other, number: fields}))
    assert device.is_ups
    assert device.charge is not None
    assert device.charge.report == number
    at = sum(before)
    value = (noise & ((1 << at) - 1)) | charge << at | noise << (at + bits)
    report = bytes([number]) + (value & ((1 << 512) - 1)).to_bytes(64, "little")
    assert charge_in(report, device.charge) == charge
    assert charge_in(report[: 1 + at // 8], device.charge) is None


@given(st.binary(max_size=200), st.integers(0, 60))
def test_a_broken_descriptor_is_read_as_far_as_it_goes(noise: bytes, cut: int) -> None:
    """Whatever a device says, nothing is raised."""
    power_device(noise)
    power_device(descriptor({1: [Field(REMAINING, 8)]})[:cut] + noise)


def test_what_is_no_ups_is_none() -> None:
    """A power supply of the same page, and a mouse; a charge beyond full is none."""
    assert not power_device(descriptor({1: [Field(REMAINING, 8)]}, usage=0x05)).is_ups
    assert not power_device(bytes.fromhex("05010902a1010901a100c0c0")).is_ups
    place = power_device(descriptor({1: [Field(REMAINING, 8)]})).charge
    assert place is not None
    assert charge_in(b"\x01\xff", place) is None


def test_the_kernels_node_is_asked_and_what_refuses_is_known_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a kernel of pretence: the report of that id; a silent or locked one tells no charge."""
    (tmp_path / "device").mkdir()
    said = descriptor({3: [Field(OTHER_USAGE, 8), Field(REMAINING, 8)]})
    (tmp_path / "device/report_descriptor").write_bytes(said)
    node = tmp_path / "hidraw0"
    node.touch()

    def kernel(_file: int, request: int, asked: bytearray) -> int:
        assert (request & 0xFFFF, request >> 30) == (0x4807, 3)
        assert (request >> 16 & 0x3FFF, asked[0]) == (len(asked), 3)
        asked[1:3] = 7, 85
        return 3

    monkeypatch.setattr(fcntl, "ioctl", kernel)
    asked = ups_properties(tmp_path, str(node), is_asked=True)
    assert asked == {UPS: "1", CHARGE: "85"}
    assert ups_properties(tmp_path, str(node), is_asked=False) == {UPS: "1"}
    assert ups_properties(tmp_path, str(tmp_path / "none"), is_asked=True) == {UPS: "1"}
    assert ups_properties(tmp_path / "elsewhere", str(node), is_asked=True) == {}


def test_an_unknown_makers_ups_is_a_ups_with_its_charge() -> None:
    """By no table: its numbers and its name tell nothing."""
    nodes = [
        dict(node) | ({UPS: "1", CHARGE: "42"} if node["SUBSYSTEM"] == "hidraw" else {})
        for node in plugged(MAKES["relay"])
    ]
    (known,) = devices_of(nodes, "room12").values()
    assert (known.kind, known.charge_percent) == (Kind.UPS, 42)
    assert known.proof == "capability HID Power Device"
