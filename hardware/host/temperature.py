"""This file reads how warm the processor is."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

from hardware.text import read_number, read_text

# Thermal zones (sysfs-class-thermal) and hardware monitors (sysfs-class-hwmon) of processors, by
# patterns without regard to case, the best first: each maker of boards calls his zones anew.
_ZONES = (
    *("x86_pkg_temp", "cpu-thermal", "cpu_thermal", "cpu", "cpu*", "*cpu*", "b0d4"),
    *("*package*", "*bigcore*", "*core*", "soc*", "*soc*"),
)
_MONITORS = ("coretemp", "k10temp", "zenpower", "*cpu*", "k8temp", "soc*")
_BOARD_ZONES = ("acpitz",)
# Outside this a sensor is broken or unplugged, and says so by nonsense such as -273 or 255; or by
# nothing at all, which no running processor is (MediaTek's zones; lm-sensors issue 70).
_COLDEST_C, _HOTTEST_C = -40.0, 150.0


class Thermometer:
    """The one file that holds the processor's temperature; found at the first reading.

    root: where `sys` is found.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._file: Path | None = None
        self._searched = False

    def read(self) -> float | None:
        """Give the processor's temperature in degrees Celsius, or None without a sensor."""
        if not self._searched:
            self._file = find_sensor(self._root)
            self._searched = True
        if self._file is None:
            return None
        milli_c = read_number(self._file)
        if not milli_c or not _COLDEST_C <= milli_c / 1000 <= _HOTTEST_C:
            return None
        return round(milli_c / 1000, 1)


def find_sensor(root: Path) -> Path | None:
    """Find the file with the processor's temperature in thousandths of a degree, best first."""
    for folder, label, value, patterns in (
        ("sys/class/thermal", "type", "temp", _ZONES),
        ("sys/class/hwmon", "name", "temp1_input", _MONITORS),
        ("sys/class/thermal", "type", "temp", _BOARD_ZONES),
    ):
        named = {
            read_text(path / label).casefold(): path / value for path in _last_first(root / folder)
        }
        found = (named[name] for one in patterns for name in _fitting(named, one))
        if (sensor := next(found, None)) is not None:
            return sensor
    return None


def _fitting(names: Iterable[str], pattern: str) -> list[str]:
    return sorted(name for name in names if fnmatchcase(name, pattern))


def _last_first(folder: Path) -> list[Path]:
    # A later entry overwrites an earlier one of the same name, and the first sensor is the main.
    return sorted(folder.glob("*"), reverse=True)
