"""This file reads how warm the processor is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from hardware.text import entries, read_number, read_text

# Thermal zones (sysfs-class-thermal) and hardware monitors (sysfs-class-hwmon) of processors, by
# patterns without regard to case, the best first: each maker of boards calls his zones anew.
_ZONES = (
    *("x86_pkg_temp", "cpu-thermal", "cpu_thermal", "cpu", "cpu*", "*cpu*", "b0d4"),
    *("*package*", "*bigcore*", "*core*", "soc*", "*soc*"),
)
_MONITORS = ("coretemp", "k10temp", "zenpower", "*cpu*", "k8temp", "soc*")
_BOARD_ZONES = ("acpitz",)
# A monitor's own inputs: many have no first (Celerons and Core 2 begin with the second, oshi issue
# 173), and AMD's "Tctl" is up to 27 degrees more than it is (Linux, drivers/hwmon/k10temp.c).
_INPUT = re.compile(r"temp(\d{1,4})_input", re.ASCII)
_TRUE_LABEL = "Tdie"
# Outside this a sensor is broken or unplugged, and says so by nonsense such as -273 or 255; or by
# nothing at all, which no running processor is (MediaTek's zones; lm-sensors issue 70).
_COLDEST_C, _HOTTEST_C = -40.0, 150.0


class Thermometer:
    """The processor's temperature: by the best sensor that says something sensible.

    root: where `sys` is found.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._file: Path | None = None

    def read(self) -> float | None:
        """Give the processor's temperature in degrees Celsius, or None without a sensor."""
        if self._file is not None and (read_c := _read_c(self._file)) is not None:
            return read_c
        # Not found yet, or broken, or called otherwise since its driver was loaded anew.
        for file in sensors(self._root):
            if (read_c := _read_c(file)) is not None:
                self._file = file
                return read_c
        return None


def sensors(root: Path) -> Iterator[Path]:
    """Give the files with the processor's temperature in thousandths of a degree, best first.

    The board's own only where the processor has none at all.
    """
    zones = [
        (read_text(zone / "type").casefold(), zone / "temp")
        for zone in _numbered(root / "sys/class/thermal")
    ]
    monitors = [
        (read_text(monitor / "name").casefold(), file)
        for monitor in _numbered(root / "sys/class/hwmon")
        for file in _inputs(monitor)
    ]
    own = [*_fitting(zones, _ZONES), *_fitting(monitors, _MONITORS)]
    yield from own or _fitting(zones, _BOARD_ZONES)


def _fitting(named: Iterable[tuple[str, Path]], patterns: Iterable[str]) -> list[Path]:
    found = (file for one in patterns for name, file in named if fnmatchcase(name, one))
    return [*dict.fromkeys(found)]


def _numbered(folder: Path) -> list[Path]:
    """What is in a folder, as the kernel counted it: zone 2 before zone 10."""
    return sorted(entries(folder), key=lambda one: (len(one.name), one.name))


def _inputs(monitor: Path) -> list[Path]:
    """A monitor's inputs, the one that is called true first, then by their numbers."""
    numbers = [int(match[1]) for one in entries(monitor) if (match := _INPUT.fullmatch(one.name))]
    labels = {number: read_text(monitor / f"temp{number}_label") for number in numbers}
    numbers.sort(key=lambda number: (labels[number] != _TRUE_LABEL, number))
    return [monitor / f"temp{number}_input" for number in numbers]


def _read_c(file: Path) -> float | None:
    milli_c = read_number(file)
    if not milli_c or not _COLDEST_C <= milli_c / 1000 <= _HOTTEST_C:
        return None
    return round(milli_c / 1000, 1)
