"""Host: what ails the simulated computers is read from them, and garbage never hurts."""

from __future__ import annotations

import math
import tempfile
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.host.machine import HostSense, identify
from hardware.host.uplink import uplink
from hardware.readings import HostReading
from simulators.devices.host import FaultyHost, HostFault, HostMake, files_of

LAPTOP, PI, MINI_PC = HostMake.LAPTOP, HostMake.PI, HostMake.MINI_PC
DATA = Path("/var/lib/lophoc-agent")


def reading_of(root: Path, make: HostMake, *faults: HostFault) -> HostReading:
    host = FaultyHost(root, make)
    host.write()
    for fault in faults:
        host.fault(fault)
    return HostSense(DATA, root).read(1000.0, 50.0)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (
            LAPTOP,
            {
                "battery_wear_percent": 6.0,
                "battery_percent": 71.0,
                "on_mains": True,
                "wifi_signal_dbm": -52.0,
                "under_voltage": None,
                "throttled": None,
                "disk_read_only": False,
                "disk_errors": 0,
                "temperature_c": 51.5,
            },
        ),
        (
            PI,
            {
                "battery_wear_percent": None,
                "wifi_signal_dbm": -52.0,
                "under_voltage": False,
                "throttled": False,
                "disk_read_only": False,
                "disk_errors": 0,
            },
        ),
        (
            MINI_PC,
            {
                "battery_percent": None,
                "on_mains": None,
                "wifi_signal_dbm": None,
                "under_voltage": None,
                "disk_read_only": False,
                "disk_errors": 0,
            },
        ),
    ],
)
def test_a_healthy_computer_is_read_as_such(
    tmp_path: Path, make: HostMake, expected: dict[str, object]
) -> None:
    """Every sensor it has, and None for those it has not."""
    reading = reading_of(tmp_path, make)
    assert {name: getattr(reading, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("make", "fault", "field", "value"),
    [
        (LAPTOP, HostFault.WORN_BATTERY, "battery_wear_percent", 57.4),
        (LAPTOP, HostFault.WEAK_WIFI, "wifi_signal_dbm", -84.0),
        (LAPTOP, HostFault.HOT, "temperature_c", 96.0),
        (LAPTOP, HostFault.PEN_TABLET, "on_mains", False),
        (LAPTOP, HostFault.READ_ONLY, "disk_read_only", True),
        (LAPTOP, HostFault.DISK_ERRORS, "disk_errors", 17),
        (MINI_PC, HostFault.DISK_ERRORS, "disk_errors", 20),
        (MINI_PC, HostFault.READ_ONLY, "disk_read_only", True),
        (PI, HostFault.UNDER_VOLTAGE, "under_voltage", True),
        (PI, HostFault.UNDER_VOLTAGE_SINCE_BOOT, "under_voltage", False),
        (PI, HostFault.THROTTLED, "throttled", True),
        (PI, HostFault.READ_ONLY, "disk_read_only", True),
    ],
)
def test_each_fault_is_seen_and_no_other(
    tmp_path: Path, make: HostMake, fault: HostFault, field: str, value: object
) -> None:
    """What one fault changes is its own reading."""
    well, ill = reading_of(tmp_path, make), reading_of(tmp_path, make, fault)
    assert getattr(ill, field) == value
    kernel = {"temperature_c", "wifi_signal_dbm", "under_voltage", "throttled", "battery_percent"}
    kernel |= {"disk_read_only", "disk_errors", "battery_wear_percent", "on_mains"}
    for other in kernel - {field}:
        assert getattr(ill, other) == getattr(well, other), other


@pytest.mark.parametrize("make", HostMake)
@pytest.mark.parametrize("fault", [HostFault.DEAD_ZONE, HostFault.CORES_ONLY])
def test_a_processor_is_read_by_whichever_of_its_sensors_tells(
    tmp_path: Path, make: HostMake, fault: HostFault
) -> None:
    """A zone that is dead, a monitor without a first input: neither hides the one that tells."""
    assert reading_of(tmp_path, make, fault).temperature_c == 51.5
    assert reading_of(tmp_path, make, fault, HostFault.HOT).temperature_c == 96.0


@pytest.mark.parametrize("make", HostMake)
def test_a_computer_without_sensors_tells_none(tmp_path: Path, make: HostMake) -> None:
    """Unknown is neither good nor bad."""
    reading = reading_of(tmp_path, make, HostFault.NO_SENSORS)
    for name in ("battery_wear_percent", "wifi_signal_dbm", "under_voltage", "throttled"):
        assert getattr(reading, name) is None
    assert reading.disk_read_only is None
    assert reading.disk_errors is None
    assert reading.temperature_c is None
    assert uplink(tmp_path) is None


def test_a_fault_that_is_switched_off_is_over(tmp_path: Path) -> None:
    """The same sense sees it come and go."""
    host = FaultyHost(tmp_path, LAPTOP)
    host.write()
    sense = HostSense(DATA, tmp_path)
    host.fault(HostFault.READ_ONLY)
    assert sense.read(1.0, 1.0).disk_read_only is True
    host.fault(HostFault.READ_ONLY, on=False)
    assert sense.read(2.0, 2.0).disk_read_only is False


def sane(reading: HostReading) -> None:
    """Fail if any value lies where nothing can lie."""
    bounds = {
        "battery_percent": (0, 100),
        "battery_wear_percent": (0, 100),
        "wifi_signal_dbm": (-120, -1),
        "temperature_c": (-40, 150),
        "disk_errors": (0, 10**11),
        "uptime_s": (0, math.inf),
    }
    for name, (least, most) in bounds.items():
        value = getattr(reading, name)
        assert value is None or (least <= value <= most and math.isfinite(value)), (name, value)
    for each in fields(reading):
        assert getattr(reading, each.name) == getattr(reading, each.name), each.name


@pytest.mark.parametrize("make", HostMake)
def test_garbage_in_every_file_is_no_reading(tmp_path: Path, make: HostMake) -> None:
    """Random bytes are neither a fault of the computer nor of ours."""
    reading = reading_of(tmp_path, make, HostFault.GARBAGE)
    sane(reading)
    assert reading.disk_read_only is None
    assert reading.wifi_signal_dbm is None
    assert identify(tmp_path).machine


PATHS = sorted({path for make in HostMake for path in files_of(make)} | {"etc/resolv.conf"})
# Numbers beyond every bound, the words that float and int take, and what comes as it comes.
NASTY = st.one_of(
    st.binary(max_size=200),
    st.integers().map(lambda number: str(number).encode()),
    st.sampled_from(
        [b"nan", b"inf", b"-inf", b"1e999", b"0x", b"-1", b"0", b"", b"1_0", b"\xd9\xa1"]
    ),
    st.integers(1, 60).map(lambda digits: b"9" * digits),
)


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, bytes]:
    """A computer with one to all of its files, or words in them, replaced."""
    files = {
        path: text.encode() for path, text in files_of(draw(st.sampled_from(HostMake))).items()
    }
    for path in draw(st.lists(st.sampled_from(PATHS), max_size=8)):
        words = files.get(path, b"").split(b" ")
        if draw(st.booleans()):
            files[path] = draw(NASTY)
        else:
            words[draw(st.integers(0, len(words) - 1))] = draw(NASTY)
            files[path] = b" ".join(words)
    return files


@settings(max_examples=150, deadline=None)
@given(mutated())
def test_whatever_stands_in_its_files_nothing_is_raised(files: dict[str, bytes]) -> None:
    """Each value is None or sane, from the first reading on."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        sense = HostSense(DATA, root)
        sane(sense.read(1000.0, 50.0))
        sane(sense.read(1010.0, 60.0))
        uplink(root)


def test_this_machine_gives_a_sane_reading(tmp_path: Path) -> None:
    """The real kernel, whatever it shows here."""
    reading = HostSense(tmp_path).read(1000.0, 50.0)
    sane(reading)
    if Path("/proc/self/mountinfo").exists():
        assert reading.disk_read_only is False
    uplink()
