"""Host: what this machine is, and how it does."""

from __future__ import annotations

import hashlib
import os
import socket
from pathlib import Path

import psutil
import pytest

from hardware.host.machine import HostSense, identify, identity_sighting
from hardware.host.temperature import sensors
from hardware.readings import IdentityKind, Kind

MACHINE_ID = "0123456789abcdef0123456789abcde0"


def put(root: Path, files: dict[str, str]) -> Path:
    """Write files below a root, as the kernel would show them."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return root


def machine_of(name: str) -> str:
    """Give the hash that names a machine."""
    return hashlib.sha256(b"lophoc" + name.encode()).hexdigest()[:32]


def test_a_laptop_is_known_by_its_firmware(tmp_path: Path) -> None:
    """Maker, model and serial come from DMI, the machine's name from its installation."""
    root = put(
        tmp_path,
        {
            "sys/class/dmi/id/sys_vendor": "LENOVO\n",
            "sys/class/dmi/id/product_name": "20L5S0\n",
            "sys/class/dmi/id/product_serial": "PF1ABC23\n",
            "etc/machine-id": f"{MACHINE_ID}\n",
            "etc/os-release": 'NAME="Debian"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
        },
    )
    identity = identify(root)
    assert (identity.vendor, identity.model, identity.serial) == ("LENOVO", "20L5S0", "PF1ABC23")
    assert identity.os == "Debian GNU/Linux 12 (bookworm)"
    assert identity.machine == machine_of(MACHINE_ID)
    assert identity.hostname == socket.gethostname()[:200]


def test_a_raspberry_pi_is_known_by_its_device_tree(tmp_path: Path) -> None:
    """It has no DMI, and its texts end in a zero byte."""
    root = put(
        tmp_path,
        {
            "proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\0",
            "proc/device-tree/serial-number": "10000000a1b2c3d4\0",
        },
    )
    identity = identify(root)
    assert identity.vendor == "Raspberry Pi"
    assert identity.model == "Raspberry Pi 4 Model B Rev 1.4"
    assert identity.serial == "10000000a1b2c3d4"


@pytest.mark.parametrize(
    "unfilled",
    [
        *("To Be Filled By O.E.M.", "Default string", "Default_string", "None", "N/A", "Unknow"),
        *("0000000", "xxxxxxx", ".", "123456789", "0123456789", "12345", "SYS-1234567890"),
        *("BSN12345678901234567", "SYS-9876543210", "Chassis Serial Number", "OEM_Serial"),
        *("INVALID", "Not Specified", "System Serial Number", "Type1ProductConfigId"),
    ],
)
def test_what_the_maker_forgot_to_fill_in_is_empty(tmp_path: Path, unfilled: str) -> None:
    """A serial that thousands share is none."""
    root = put(tmp_path, {"sys/class/dmi/id/product_serial": unfilled})
    assert identify(root).serial == ""


def test_without_a_machine_id_the_cards_own_mac_names_the_machine(tmp_path: Path) -> None:
    """A random address, or none, would be another machine tomorrow."""
    root = put(
        tmp_path,
        {
            "etc/machine-id": "uninitialized\n",
            "sys/class/net/lo/address": "00:00:00:00:00:00\n",
            "sys/class/net/lo/addr_assign_type": "0\n",
            "sys/class/net/wlan0/address": "da:a1:19:00:00:01\n",
            "sys/class/net/wlan0/addr_assign_type": "1\n",
            "sys/class/net/wlan1/address": "dc:a6:32:00:00:01\n",
            "sys/class/net/wlan1/addr_assign_type": "0\n",
        },
    )
    assert identify(root).machine == machine_of("dc:a6:32:00:00:01")


@pytest.mark.skipif(os.uname().sysname != "Linux", reason="elsewhere the card is always asked")
def test_without_any_id_the_hostname_names_the_machine(tmp_path: Path) -> None:
    """The last resort, and never an error."""
    identity = identify(tmp_path)
    assert identity.machine == machine_of(identity.hostname)


def test_the_machine_is_a_device_among_the_others(tmp_path: Path) -> None:
    """Its sighting carries what it is, and a key that stays."""
    identity = identify(put(tmp_path, {"etc/machine-id": MACHINE_ID}))
    sighting = identity_sighting(identity)
    assert (sighting.source, sighting.kind, sighting.identity) == (
        "host",
        Kind.HOST,
        IdentityKind.HOST,
    )
    assert sighting.key == f"host:{identity.machine}"
    assert MACHINE_ID not in repr(sighting)


LAPTOP = {
    "proc/uptime": "5025.17 9000.00\n",
    "sys/class/thermal/thermal_zone0/type": "acpitz\n",
    "sys/class/thermal/thermal_zone0/temp": "27800\n",
    "sys/class/thermal/thermal_zone1/type": "x86_pkg_temp\n",
    "sys/class/thermal/thermal_zone1/temp": "61250\n",
    "sys/class/power_supply/AC/type": "Mains\n",
    "sys/class/power_supply/AC/online": "0\n",
    "sys/class/power_supply/BAT0/type": "Battery\n",
    "sys/class/power_supply/BAT0/capacity": "80\n",
    "sys/class/power_supply/BAT0/energy_full": "30000000\n",
    "sys/class/power_supply/BAT1/type": "Battery\n",
    "sys/class/power_supply/BAT1/capacity": "20\n",
    "sys/class/power_supply/BAT1/energy_full": "10000000\n",
    "sys/class/power_supply/mouse/type": "Battery\n",
    "sys/class/power_supply/mouse/scope": "Device\n",
    "sys/class/power_supply/mouse/capacity": "5\n",
}


def test_a_laptops_sensors_are_read(tmp_path: Path) -> None:
    """Two batteries weigh by what they hold; the mouse's is not the laptop's."""
    reading = HostSense(tmp_path, put(tmp_path, LAPTOP)).read(1000.0, 50.0)
    assert reading.at == 1000.0
    assert reading.temperature_c == 61.2
    assert reading.battery_percent == 65.0
    assert reading.on_mains is False
    assert reading.uptime_s == 5025.17


def test_a_machine_without_sensors_says_none_of_them(tmp_path: Path) -> None:
    """Unknown is not zero."""
    (tmp_path / "sys/class/power_supply").mkdir(parents=True)
    reading = HostSense(tmp_path / "absent", tmp_path).read(1000.0, 50.0)
    assert reading.temperature_c is None
    assert reading.battery_percent is None
    assert reading.on_mains is None
    assert reading.disk_used_percent is None
    assert reading.disk_free_mb is None
    assert reading.cpu_percent is None


@pytest.mark.parametrize("milli_c", ["-273000", "255000", "0", "-650788984", "", "hot"])
def test_a_broken_thermometer_says_nothing(tmp_path: Path, milli_c: str) -> None:
    """A sensor that is unplugged answers with nonsense."""
    put(tmp_path, LAPTOP | {"sys/class/thermal/thermal_zone1/temp": milli_c})
    assert HostSense(tmp_path, tmp_path).read(1.0, 1.0).temperature_c is None


def test_a_processor_without_a_zone_is_read_from_its_monitor(tmp_path: Path) -> None:
    """AMD processors have a hardware monitor instead."""
    files = {"sys/class/hwmon/hwmon2/name": "k10temp", "sys/class/hwmon/hwmon2/temp1_input": "4500"}
    root = put(tmp_path, {"sys/class/thermal/thermal_zone0/type": "acpitz"} | files)
    assert HostSense(tmp_path, root).read(1.0, 1.0).temperature_c == 4.5


@pytest.mark.parametrize(("status", "on_mains"), [("Discharging", False), ("Charging", True)])
def test_without_a_mains_supply_the_battery_tells(
    tmp_path: Path, status: str, on_mains: object
) -> None:
    """Some tablets show a battery alone."""
    battery = "sys/class/power_supply/BAT0"
    root = put(tmp_path, {f"{battery}/type": "Battery", f"{battery}/status": status})
    reading = HostSense(tmp_path, root).read(1.0, 1.0)
    assert reading.on_mains is on_mains
    assert reading.battery_percent is None


@pytest.mark.parametrize(
    ("wall_s", "monotonic_s", "jump_s"),
    [(1060.0, 60.0, 0.0), (1060.9, 60.0, 0.0), (4660.0, 60.0, 3600.0), (1000.0, 60.0, -60.0)],
)
def test_a_clock_that_jumps_is_noticed_and_drift_is_not(
    tmp_path: Path, wall_s: float, monotonic_s: float, jump_s: float
) -> None:
    """A Raspberry Pi starts without a clock and is set when the network comes."""
    sense = HostSense(tmp_path)
    assert sense.read(1000.0, 0.0).clock_jump_s == 0.0
    assert sense.read(wall_s, monotonic_s).clock_jump_s == jump_s
    assert sense.read(wall_s + 60, monotonic_s + 60).clock_jump_s == 0.0


def test_this_machine_reads_within_bounds(tmp_path: Path) -> None:
    """The real sensors, whatever this machine has."""
    sense = HostSense(tmp_path)
    sense.read(1000.0, 0.0)
    before = psutil.cpu_times()
    while psutil.cpu_times() == before:
        pass
    reading = sense.read(1001.0, 1.0)
    assert reading.cpu_percent is not None
    assert 0 <= reading.cpu_percent <= 100
    assert reading.memory_used_percent is not None
    assert 0 < reading.memory_used_percent <= 100
    assert reading.disk_free_mb is not None
    assert reading.disk_free_mb > 0
    assert reading.uptime_s is not None
    assert reading.uptime_s > 0


@pytest.mark.parametrize(
    ("zones", "monitors", "expected"),
    [
        (["acpitz", "x86_pkg_temp"], [], "thermal_zone1"),
        (["gpu-thermal", "cpu0-thermal"], [], "thermal_zone1"),
        (["iwlwifi_1", "INT3400 Thermal", "B0D4"], [], "thermal_zone2"),
        (["bigcore0-thermal", "littlecore-thermal"], [], "thermal_zone0"),
        (["soc-thermal", "gpu-thermal"], [], "thermal_zone0"),
        (["acpitz"], ["nvme", "k10temp"], "hwmon1"),
        (["pch_cannonlake", "acpitz"], ["nvme"], "thermal_zone1"),
        (["iwlwifi_1", "pch_skylake"], ["nvme", "amdgpu"], None),
    ],
)
def test_the_processors_own_sensor_is_found_by_whatever_it_is_called(
    tmp_path: Path, zones: list[str], monitors: list[str], expected: str | None
) -> None:
    """Not the Wi-Fi card's, the graphics', the disk's; the board's only where there is no other."""
    files = {
        f"sys/class/thermal/thermal_zone{number}/type": f"{zone}\n"
        for number, zone in enumerate(zones)
    }
    files |= {
        f"sys/class/hwmon/hwmon{number}/{file}": text
        for number, name in enumerate(monitors)
        for file, text in (("name", f"{name}\n"), ("temp1_input", "50000\n"))
    }
    found = next(sensors(put(tmp_path, files)), None)
    assert (found.parent.name if found else None) == expected


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({1: ("Tctl", "77000"), 2: ("Tdie", "50000")}, 50.0),
        ({1: ("Tctl", "50000"), 3: ("Tccd1", "48000")}, 50.0),
        ({2: ("Core 0", "50000"), 3: ("Core 1", "52000")}, 50.0),
        ({10: ("Core 8", "52000"), 2: ("Core 0", "50000")}, 50.0),
        ({1: ("", "-273000"), 2: ("", "50000")}, 50.0),
        ({1: ("", "hot")}, None),
        ({}, None),
    ],
)
def test_a_monitor_is_read_by_the_first_of_its_inputs_that_tells(
    tmp_path: Path, inputs: dict[int, tuple[str, str]], expected: float | None
) -> None:
    """By the one that is called true, else in the order of their numbers."""
    monitor = "sys/class/hwmon/hwmon3"
    files = {f"{monitor}/name": "k10temp"}
    for number, (label, text) in inputs.items():
        files |= {f"{monitor}/temp{number}_label": label, f"{monitor}/temp{number}_input": text}
    assert HostSense(tmp_path, put(tmp_path, files)).read(1.0, 1.0).temperature_c == expected


def test_a_sensor_that_moved_is_found_again(tmp_path: Path) -> None:
    """Monitors are numbered anew when a driver is loaded again."""
    files = {"sys/class/hwmon/hwmon3/name": "coretemp"}
    root = put(tmp_path, files | {"sys/class/hwmon/hwmon3/temp1_input": "50000"})
    sense = HostSense(tmp_path, root)
    assert sense.read(1.0, 1.0).temperature_c == 50.0
    (root / "sys/class/hwmon/hwmon3").rename(root / "sys/class/hwmon/hwmon5")
    assert sense.read(2.0, 2.0).temperature_c == 50.0
