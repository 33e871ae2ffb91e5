"""A reading of the host that cannot be had is unknown, and takes no other with it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

import psutil
import pytest

from hardware.host import machine, software
from hardware.host.machine import HostSense
from hardware.host.sensed import FAULTS
from hardware.host.software import Software, WantedProgram

ASKED = sorted(name for name in vars(psutil) if name.islower() and callable(vars(psutil)[name]))
# What the sense calls, by the places where it finds it; and what of its answer is then unknown.
READS: dict[str, set[str]] = {
    "_memory": {"memory_used_percent", "memory_free_mb"},
    "_disk": {"disk_used_percent", "disk_free_mb"},
    "_busy": {"cpu_percent"},
    "signal_dbm": {"wifi_signal_dbm"},
    "_uptime_s": {"uptime_s"},
    "read_disk": {"disk_read_only", "disk_errors"},
    "read_power": {"battery_percent", "battery_wear_percent", "on_mains"},
    "Thermometer.read": {"temperature_c"},
    "Raspberry.read": {"under_voltage", "throttled"},
}
SURE = {"at", "clock_jump_s"}


@pytest.fixture(autouse=True)
def busy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A processor that was at work between any two looks."""
    count = itertools.count(1)
    monkeypatch.setattr(machine, "_busy", lambda: machine._Busy(next(count), 10.0 * next(count)))


def failing(error: type[Exception]) -> Callable[..., NoReturn]:
    """Something that fails however it is called."""

    def fail(*_: object, **__: object) -> NoReturn:
        raise error

    return fail


def place(name: str) -> tuple[Any, str]:
    """Where the sense finds what it calls by this name."""
    owner, _, method = name.rpartition(".")
    return (getattr(machine, owner), method) if owner else (machine, name)


def read(root: Path = Path("/")) -> dict[str, object]:
    """What two readings give; only the second has all."""
    sense = HostSense(Path("/"), root)
    sense.read(0.0, 0.0)
    return asdict(sense.read(1.0, 1.0))


def test_every_field_is_one_readings(tmp_path: Path) -> None:
    """A new sensor has its line here, or this fails."""
    assert set().union(*READS.values()) | SURE == {*read(tmp_path)}


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize("error", [one for one in FAULTS if one is not psutil.Error])
def test_one_reading_that_fails_leaves_the_others(
    name: str, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own fields are unknown, and nothing else is."""
    before = {field for field, value in read().items() if value is None}
    monkeypatch.setattr(*place(name), failing(error))
    unknown = {field for field, value in read().items() if value is None}
    assert READS[name] <= unknown
    assert unknown <= before | READS[name]


@pytest.mark.parametrize("asked", [*ASKED, "*"])
def test_a_machine_that_answers_nothing_is_unknown_and_not_the_end(
    asked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No sysfs, no proc, and psutil fails as it does there: in one call or in all."""
    for name in ASKED if asked == "*" else [asked]:
        monkeypatch.setattr(psutil, name, failing(FileNotFoundError))
    known = {field for field, value in read(tmp_path).items() if value is not None}
    assert known >= SURE
    assert asked != "*" or known == SURE | {"cpu_percent"}  # the processor is played


@pytest.mark.parametrize("name", ["read_installed", "running_processes"])
def test_programs_that_cannot_be_listed_are_unknown(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is installed, and what runs, each for itself."""
    monkeypatch.setattr(software, name, failing(PermissionError))
    [state] = Software([WantedProgram("LibreOffice")], root=tmp_path).read()
    assert (state.running if name == "running_processes" else state.installed) is None
