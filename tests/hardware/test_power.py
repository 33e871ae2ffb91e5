"""Power: how worn the batteries are."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.host.power import read_power, wear_percent

FOLDER = "sys/class/power_supply"


def battery(root: Path, name: str, **files: str) -> None:
    folder = root / FOLDER / name
    folder.mkdir(parents=True)
    for file, text in ({"type": "Battery"} | files).items():
        (folder / file).write_text(f"{text}\n")


@pytest.mark.parametrize(
    ("capacities", "expected"),
    [
        ([(42.0, 42.0)], 0.0),
        ([(21.0, 42.0)], 50.0),
        ([(44.0, 42.0)], 0.0),
        ([(10.0, 20.0), (80.0, 80.0)], 10.0),
        ([(10.0, 20.0), (80.0, 0.0)], 50.0),
        ([(0.0, 42.0)], None),
        ([(-5.0, 42.0)], None),
        ([(42.0, 0.0)], None),
        ([(90.0, 42.0)], None),
        ([(1e200, 1e200)], None),
        ([], None),
    ],
)
def test_wear_is_what_is_gone_of_the_first_capacity(
    capacities: list[tuple[float, float]], expected: float | None
) -> None:
    """A big battery counts for more than a small one, nonsense for nothing."""
    assert wear_percent(capacities) == expected


@given(st.lists(st.tuples(st.floats(), st.floats())))
def test_wear_is_a_share_or_unknown(capacities: list[tuple[float, float]]) -> None:
    """Whatever the firmware says."""
    percent = wear_percent(capacities)
    assert percent is None or 0 <= percent <= 100


def test_firmware_that_tells_charge_instead_of_energy_is_read(tmp_path: Path) -> None:
    """Ampere-hours do as well as watt-hours."""
    battery(tmp_path, "BAT0", charge_full="3000000", charge_full_design="4000000")
    assert read_power(tmp_path).battery_wear_percent == 25.0


def test_a_mouse_does_not_wear_the_laptop_out(tmp_path: Path) -> None:
    """Its battery is its own."""
    battery(tmp_path, "BAT0", energy_full="90", energy_full_design="100")
    battery(tmp_path, "mouse", scope="Device", energy_full="1", energy_full_design="100")
    assert read_power(tmp_path).battery_wear_percent == 10.0


def test_a_battery_that_does_not_tell_its_design_has_no_wear(tmp_path: Path) -> None:
    """A charge without a design says nothing of age."""
    battery(tmp_path, "BAT0", capacity="50", energy_full="90")
    reading = read_power(tmp_path)
    assert reading.battery_percent == 50.0
    assert reading.battery_wear_percent is None


def test_a_battery_whose_size_is_nonsense_weighs_no_more_than_the_other(tmp_path: Path) -> None:
    """Else its charge would be the laptop's."""
    battery(tmp_path, "BAT0", capacity="80", energy_full="9" * 30)
    battery(tmp_path, "BAT1", capacity="20", energy_full="40000000")
    assert read_power(tmp_path).battery_percent == 50.0
