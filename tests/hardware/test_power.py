"""Power: how worn the batteries are."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.host.power import read_power, wear_percent
from simulators.devices.host import FaultyHost, HostFault, HostMake

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


@pytest.mark.parametrize(
    ("statuses", "plugs", "expected"),
    [
        (["Discharging"], ["1"], False),
        (["Charging", "Discharging"], ["1"], False),
        (["Full"], ["1"], True),
        (["Not charging"], ["1"], True),
        (["Unknown"], ["0"], False),
        (["Charging"], [], True),
        (["Charging"], ["0"], True),
        (["Full"], ["0"], True),
        (["Not charging"], ["0"], True),
        (["Full", "Discharging"], ["0"], False),
        (["Unknown", "Charging"], ["0"], True),
        (["Discharging"], [], False),
        ([], ["1"], True),
        ([], ["0"], None),
        ([], ["0", "1"], True),
        ([], [], None),
    ],
)
def test_a_battery_that_empties_knows_better_than_any_plug(
    tmp_path: Path, statuses: list[str], plugs: list[str], *, expected: bool | None
) -> None:
    """Without a battery whatever runs is fed, and a plug that denies it tells nothing."""
    (tmp_path / FOLDER).mkdir(parents=True)
    for number, status in enumerate(statuses):
        battery(tmp_path, f"BAT{number}", status=status, capacity="50")
    for number, online in enumerate(plugs):
        battery(tmp_path, f"AC{number}", type="Mains", online=online)
    assert read_power(tmp_path).on_mains is expected


@pytest.mark.parametrize(
    ("rates", "online", "expected"),
    [
        ([{"power_now": "0"}], "1", True),
        ([{"current_now": "0", "power_now": "0"}], "1", True),
        ([{"current_now": "0"}], "0", False),
        ([{"current_now": "1250000"}], "1", False),
        ([{"current_now": "-1250000"}], "1", False),
        ([{"current_now": "0", "power_now": "9100000"}], "1", False),
        ([{"power_now": "0"}, {"power_now": "8000000"}], "1", False),
        ([{}], "1", False),
    ],
)
def test_a_battery_that_empties_by_nothing_waits_to_be_charged(
    tmp_path: Path, rates: list[dict[str, str]], online: str, *, expected: bool
) -> None:
    """Some say so of one that is full enough; what tells no rate is believed (issue 6324)."""
    for number, rate in enumerate(rates):
        battery(tmp_path, f"BAT{number}", status="Discharging", capacity="96", **rate)
    battery(tmp_path, "AC", type="Mains", online=online)
    assert read_power(tmp_path).on_mains is expected


@pytest.mark.parametrize("online", ["0", "1"])
@pytest.mark.parametrize("plugs", [[], ["0"], ["1"]])
def test_a_pen_tablets_plug_is_not_the_machines(
    tmp_path: Path, plugs: list[str], online: str
) -> None:
    """With it or without it the machine is fed by the same (Linux, wacom_sys.c)."""
    battery(tmp_path, "BAT0", status="Unknown", capacity="50")
    for number, plug in enumerate(plugs):
        battery(tmp_path, f"AC{number}", type="Mains", online=plug)
    before = read_power(tmp_path)
    battery(tmp_path, "wacom_ac_1", type="Mains", scope="Device", online=online)
    assert read_power(tmp_path) == before


def test_batteries_that_tell_in_different_units_weigh_alike(tmp_path: Path) -> None:
    """A watt-hour is no ampere-hour."""
    battery(tmp_path, "BAT0", capacity="80", energy_full="50000000")
    battery(tmp_path, "BAT1", capacity="20", charge_full="4000000")
    assert read_power(tmp_path).battery_percent == 50.0


def test_a_mouse_that_empties_is_no_laptop_on_its_battery(tmp_path: Path) -> None:
    """Nor is a bay without a battery in it."""
    battery(tmp_path, "hidpp_battery_0", scope="Device", status="Discharging", capacity="5")
    battery(tmp_path, "BAT1", present="0", status="Discharging", capacity="0")
    battery(tmp_path, "AC", type="Mains", online="1")
    reading = read_power(tmp_path)
    assert (reading.on_mains, reading.battery_percent) == (True, None)


@given(st.lists(st.integers(-500, 500), min_size=1, max_size=4))
def test_each_battery_holds_between_nothing_and_all(
    tmp_path_factory: pytest.TempPathFactory, percents: list[int]
) -> None:
    """One that says 255 makes no empty one half full."""
    root = tmp_path_factory.mktemp("power")
    for number, percent in enumerate(percents):
        battery(root, f"BAT{number}", capacity=str(percent))
    clamped = [min(100, max(0, percent)) for percent in percents]
    assert read_power(root).battery_percent == pytest.approx(sum(clamped) / len(clamped), abs=0.06)


def test_the_played_laptop_with_a_lying_plug_is_on_its_battery(tmp_path: Path) -> None:
    """As a charger that is too weak shows itself."""
    host = FaultyHost(tmp_path, HostMake.LAPTOP)
    host.fault(HostFault.LYING_PLUG)
    assert read_power(tmp_path).on_mains is False
    host.fault(HostFault.LYING_PLUG, on=False)
    assert read_power(tmp_path).on_mains is True
    for fault in (HostFault.MUTE_PLUG, HostFault.WAITING_BATTERY, HostFault.FULL_BATTERY):
        host.fault(fault)
        assert read_power(tmp_path).on_mains is True, fault
        host.fault(fault, on=False)


def test_a_battery_that_tells_no_share_is_reckoned(tmp_path: Path) -> None:
    """By what it holds; without that, nobody knows."""
    battery(tmp_path, "BAT0", status="Discharging", energy_now="10000000", energy_full="40000000")
    assert read_power(tmp_path).battery_percent == 25.0
    battery(tmp_path, "BAT1", status="Discharging", energy_now="10000000", energy_full="0")
    assert read_power(tmp_path).battery_percent == 25.0
