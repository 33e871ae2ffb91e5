"""This file reads the battery and the mains."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import psutil

from hardware.text import entries, read_number, read_text

_SUPPLIES = "sys/class/power_supply"
_DISCHARGING = "Discharging"
# What a battery is only while something feeds it. Source: Linux, drivers/acpi/battery.c.
_FED = frozenset({"Charging", "Full", "Not charging"})
# 10 kWh in the microwatt-hours of sysfs; no battery of a computer comes near.
_FULL_MOST = 1e10
# A new battery holds a little more than its label says; beyond this one of the figures is wrong.
_FULL_TO_DESIGN_MOST = 1.5


class PowerReading(NamedTuple):
    """The battery and the mains; None where the machine has no such supply."""

    battery_percent: float | None = None
    on_mains: bool | None = None
    battery_wear_percent: float | None = None


def read_power(root: Path) -> PowerReading:
    """Read every power supply once. root: where `sys` is found.

    Source: Linux Documentation/ABI/testing/sysfs-class-power.
    """
    folder = root / _SUPPLIES
    if not folder.is_dir():
        return _read_elsewhere()
    supplies = entries(folder)
    batteries = [path for path in supplies if _is_own_battery(path)]
    mains = [read_text(path / "online") for path in supplies if _is_mains(path)]
    return PowerReading(
        _charge_percent(batteries), _on_mains(batteries, mains), _wear_percent(batteries)
    )


def wear_percent(capacities: list[tuple[float, float]]) -> float | None:
    """Give how much of the batteries' first capacity is gone, all taken together.

    capacities: what each holds when full and what it held when new, in the same unit each.
    Batteries whose figures are nonsense are left out; None if none is left.
    """
    sane = [
        (full, design)
        for full, design in capacities
        if 0 < full <= _FULL_TO_DESIGN_MOST * design <= _FULL_TO_DESIGN_MOST * _FULL_MOST
    ]
    if not sane:
        return None
    held = sum(full for full, _ in sane) / sum(design for _, design in sane)
    return round(max(0.0, 100 * (1 - held)), 1)


def _is_own_battery(supply: Path) -> bool:
    is_battery = read_text(supply / "type") == "Battery" and read_text(supply / "present") != "0"
    return is_battery and _is_own(supply)  # a bay may be empty


def _is_mains(supply: Path) -> bool:
    return read_text(supply / "type") in {"Mains", "USB", "Wireless"} and _is_own(supply)


def _is_own(supply: Path) -> bool:
    # A wireless mouse shows its battery here too, a pen tablet its plug (Linux, wacom_sys.c).
    return read_text(supply / "scope") != "Device"


def _charge_percent(batteries: list[Path]) -> float | None:
    """Weigh each battery by what it holds when full: two of one laptop are seldom alike."""
    told = {
        battery: min(100.0, max(0.0, percent))
        for battery in batteries
        if (percent := _percent(battery)) is not None
    }
    if not told:
        return None
    weights = _weights([*told])
    total = sum(percent * weight for percent, weight in zip(told.values(), weights, strict=True))
    return round(total / sum(weights), 1)


def _percent(battery: Path) -> float | None:
    """What a battery tells of its charge; reckoned where it only tells what it holds."""
    told = read_number(battery / "capacity")
    if told is not None:
        return told
    for unit in ("energy", "charge"):
        now, full = (read_number(battery / f"{unit}_{name}") for name in ("now", "full"))
        if now is not None and full and full > 0:
            return 100 * now / full
    return None


def _wear_percent(batteries: list[Path]) -> float | None:
    # Firmware tells either energy (µWh) or charge (µAh), for all of a machine's batteries alike.
    for unit in ("energy", "charge"):
        capacities = [
            (full, design)
            for battery in batteries
            if (full := read_number(battery / f"{unit}_full")) is not None
            and (design := read_number(battery / f"{unit}_full_design")) is not None
        ]
        if (percent := wear_percent(capacities)) is not None:
            return percent
    return None


def _weights(batteries: list[Path]) -> list[float]:
    """What each holds when full, all in one unit; all alike where no unit is told by all."""
    for unit in ("energy", "charge"):
        full = [read_number(battery / f"{unit}_full") or 0.0 for battery in batteries]
        if all(0 < one <= _FULL_MOST for one in full):
            return full
    return [1.0] * len(batteries)


def _on_mains(batteries: list[Path], mains: list[str]) -> bool | None:
    """Whether the mains feed it: what a battery does tells more than any plug.

    Plugs that stay "online" for a charger too weak, or for good, are common, and so are those that
    know nothing of the charger in the other socket (rickysarraf/laptop-mode-tools issue 191).
    Without a battery whatever runs is fed; plugs that deny it tell nothing.
    """
    is_online = any(online not in {"", "0"} for online in mains)
    empties = [path for path in batteries if read_text(path / "status") == _DISCHARGING]
    if empties:
        return is_online and all(map(_stands_still, empties))
    is_fed = is_online or any(read_text(path / "status") in _FED for path in batteries)
    if batteries:
        return is_fed if mains else True
    return True if is_fed else None


def _stands_still(battery: Path) -> bool:
    """Whether it empties by nothing at all: it waits to be charged (linuxmint/cinnamon 6324)."""
    rates = [read_number(battery / name) for name in ("power_now", "current_now")]
    told = [rate for rate in rates if rate is not None]
    return bool(told) and not any(told)


def _read_elsewhere() -> PowerReading:
    """Ask psutil, which knows the systems that have no such folder and offer a battery at all."""
    if not hasattr(psutil, "sensors_battery"):
        return PowerReading()
    battery = psutil.sensors_battery()
    if battery is None:
        return PowerReading()
    return PowerReading(round(min(100.0, max(0.0, battery.percent)), 1), battery.power_plugged)
