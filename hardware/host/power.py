"""This file reads the battery and the mains."""

from __future__ import annotations

from pathlib import Path

import psutil

from hardware.text import read_number, read_text

_SUPPLIES = "sys/class/power_supply"


class Power:
    """The machine's power supplies. Source: Linux Documentation/ABI/testing/sysfs-class-power.

    root: where `sys` is found.
    """

    def __init__(self, root: Path) -> None:
        self._folder = root / _SUPPLIES

    def read(self) -> tuple[float | None, bool | None]:
        """Give (battery percent, on mains); None where the machine has no such supply."""
        if not self._folder.is_dir():
            return _read_elsewhere()
        supplies = sorted(self._folder.iterdir())
        batteries = [path for path in supplies if _is_own_battery(path)]
        mains = [read_text(path / "online") for path in supplies if _is_mains(path)]
        return _charge_percent(batteries), _on_mains(batteries, mains)


def _is_own_battery(supply: Path) -> bool:
    # A wireless mouse shows its battery here too, with the scope "Device".
    return read_text(supply / "type") == "Battery" and read_text(supply / "scope") != "Device"


def _is_mains(supply: Path) -> bool:
    return read_text(supply / "type") in {"Mains", "USB", "Wireless"}


def _charge_percent(batteries: list[Path]) -> float | None:
    """Weigh each battery by what it holds when full: two of one laptop are seldom alike."""
    weighed = [
        (percent, _full(battery))
        for battery in batteries
        if (percent := read_number(battery / "capacity")) is not None
    ]
    if not weighed:
        return None
    known = all(full for _, full in weighed)
    weights = [full if known else 1.0 for _, full in weighed]
    total = sum(percent * weight for (percent, _), weight in zip(weighed, weights, strict=True))
    return round(min(100.0, max(0.0, total / sum(weights))), 1)


def _full(battery: Path) -> float:
    energy = read_number(battery / "energy_full")
    return max(0.0, energy or read_number(battery / "charge_full") or 0.0)


def _on_mains(batteries: list[Path], mains: list[str]) -> bool | None:
    if mains:
        return any(online not in {"", "0"} for online in mains)
    if batteries:
        return all(read_text(battery / "status") != "Discharging" for battery in batteries)
    return None


def _read_elsewhere() -> tuple[float | None, bool | None]:
    """Ask psutil, which knows the systems that have no such folder and offer a battery at all."""
    if not hasattr(psutil, "sensors_battery"):
        return None, None
    battery = psutil.sensors_battery()
    if battery is None:
        return None, None
    return round(battery.percent, 1), battery.power_plugged
