"""Raspberry Pi: under-voltage and throttling, by the kernel and by its own program."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.host.raspberry import PiReading, Raspberry, pi_reading
from simulators.devices.host import FaultyHost, HostFault, HostMake
from tests.waiting import calm_s

SYSFS = "sys/devices/platform/soc/soc:firmware/get_throttled"


@pytest.mark.parametrize(
    ("before", "bits", "expected"),
    [
        (None, 0x0, PiReading(False, False)),
        (None, 0x1, PiReading(True, False)),
        (None, 0x2, PiReading(False, True)),
        (None, 0x4, PiReading(False, True)),
        (None, 0x8, PiReading(False, False)),
        (None, 0x50005, PiReading(True, True)),
        (None, 0x70000, PiReading(False, False)),
        (0x0, 0x10000, PiReading(True, False)),
        (0x0, 0x20000, PiReading(False, True)),
        (0x10000, 0x50000, PiReading(False, True)),
        (0x50005, 0x50000, PiReading(False, False)),
        (0x70000, 0x0, PiReading(False, False)),
    ],
)
def test_each_bit_means_what_the_firmware_says(
    before: int | None, bits: int, expected: PiReading
) -> None:
    """Now, or come about since the reading before."""
    assert pi_reading(before, bits) == expected


@given(st.integers(0, 0xFFFFFFFF), st.integers(0, 0xFFFFFFFF))
def test_what_is_so_now_is_never_missed(before: int, bits: int) -> None:
    """Whatever was so before."""
    reading = pi_reading(before, bits)
    assert reading.under_voltage or not bits & 1
    assert reading.throttled or not bits & 6


def test_what_happened_between_two_readings_is_told_once(tmp_path: Path) -> None:
    """A dip of half a second counts, and counts once."""
    host = FaultyHost(tmp_path, HostMake.PI)
    host.write()
    pi = Raspberry(tmp_path)
    assert pi.read().under_voltage is False
    host.fault(HostFault.UNDER_VOLTAGE_SINCE_BOOT)
    assert [pi.read().under_voltage for _ in range(3)] == [True, False, False]


def test_a_firmwares_file_that_says_0_for_ever_hides_nothing(tmp_path: Path) -> None:
    """The monitor of newer kernels is asked beside it."""
    host = FaultyHost(tmp_path, HostMake.PI)
    host.fault(HostFault.OLD_FIRMWARE_FILE)
    pi = Raspberry(tmp_path)
    assert pi.read() == PiReading(under_voltage=False, throttled=False)
    host.fault(HostFault.UNDER_VOLTAGE)
    assert pi.read() == PiReading(under_voltage=True, throttled=False)
    host.fault(HostFault.UNDER_VOLTAGE, on=False)
    assert pi.read() == PiReading(under_voltage=False, throttled=False)


@pytest.mark.parametrize("bits", [0x0, 0x50005])
def test_without_a_monitor_the_program_is_asked_beside_that_file(tmp_path: Path, bits: int) -> None:
    """A kernel that has the file alone may be the one whose file says nothing."""
    file = tmp_path / SYSFS
    file.parent.mkdir(parents=True)
    file.write_text("0\n")
    pi = Raspberry(tmp_path, lambda: f"throttled={bits:#x}")
    assert pi.read() == PiReading(bool(bits), bool(bits))


def test_without_the_firmwares_file_the_monitor_tells(tmp_path: Path) -> None:
    """It knows the voltage, and nothing of throttling."""
    host = FaultyHost(tmp_path, HostMake.PI)
    host.fault(HostFault.UNDER_VOLTAGE)
    (tmp_path / SYSFS).unlink()
    assert Raspberry(tmp_path).read() == PiReading(under_voltage=True)


def vcgencmd(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a program of that name where it is found."""
    program = folder / "vcgencmd"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ('test "$1" = get_throttled && echo throttled=0x50005', PiReading(True, True)),
        ("echo throttled=0x0", PiReading(False, False)),
        ("echo VCHI initialization failed", PiReading()),
        ("echo throttled=0x50005000050000500005", PiReading()),
        ("head -c 100000 /dev/zero", PiReading()),
        ("exit 255", PiReading()),
    ],
)
def test_without_the_kernel_its_program_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, expected: PiReading
) -> None:
    """And what is not an answer is none."""
    vcgencmd(tmp_path, script, monkeypatch)
    assert Raspberry(tmp_path / "root").read() == expected


def test_a_program_that_hangs_is_given_up_and_not_piled_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It costs one time-out, is killed, and is asked again once it is gone."""
    vcgencmd(tmp_path, f"echo >> {tmp_path}/asked; exec sleep 60", monkeypatch)
    pi = Raspberry(tmp_path / "root")
    began_s = calm_s()
    assert pi.read() == PiReading()
    assert calm_s() - began_s < 30
    vcgencmd(tmp_path, "echo throttled=0x1", monkeypatch)
    deadline_s = time.monotonic() + 30
    while pi.read() != PiReading(True, False):
        assert time.monotonic() < deadline_s
    assert (tmp_path / "asked").read_text() == "\n"


def test_a_machine_that_is_no_pi_tells_nothing(tmp_path: Path) -> None:
    """Not even "no"."""
    assert Raspberry(tmp_path, lambda: "").read() == PiReading()
