"""This file is a computer that ails: what its kernel shows, as a folder, with faults to switch."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from random import Random
from typing import Final


class HostMake(StrEnum):
    """What kind of computer it is."""

    LAPTOP = "laptop"
    PI = "raspberry-pi"
    MINI_PC = "mini-pc"


class HostFault(StrEnum):
    """What can be wrong with it.

    worn_battery, weak_wifi, lying_plug (the battery empties though the plug says "online"),
    mute_plug (it fills, and the plug says nothing), waiting_battery (it empties, it says, by
    nothing), full_battery (and the plug says nothing), pen_tablet (has a plug of its own, and the
    battery says nothing): of a laptop. under_voltage, throttled, under_voltage_since_boot,
    old_firmware_file (it says 0 for ever): of a Raspberry Pi. read_only, disk_errors, hot, vpn
    (takes the way out), dead_zone (of the processor; a monitor tells): of any. cores_only (the
    monitor has no first input, and there is no zone): of a mini PC. no_sensors: it tells next to
    nothing. garbage: every file holds what belongs in no file.
    """

    WORN_BATTERY = "worn_battery"
    WEAK_WIFI = "weak_wifi"
    LYING_PLUG = "lying_plug"
    MUTE_PLUG = "mute_plug"
    WAITING_BATTERY = "waiting_battery"
    FULL_BATTERY = "full_battery"
    PEN_TABLET = "pen_tablet"
    UNDER_VOLTAGE = "under_voltage"
    UNDER_VOLTAGE_SINCE_BOOT = "under_voltage_since_boot"
    THROTTLED = "throttled"
    OLD_FIRMWARE_FILE = "old_firmware_file"
    READ_ONLY = "read_only"
    DISK_ERRORS = "disk_errors"
    HOT = "hot"
    DEAD_ZONE = "dead_zone"
    CORES_ONLY = "cores_only"
    VPN = "vpn"
    NO_SENSORS = "no_sensors"
    GARBAGE = "garbage"


GATEWAY: Final = "192.168.1.1"
GATEWAY_MAC: Final = "00:e0:4c:68:00:01"

_Faults = frozenset[HostFault]
_Files = dict[str, str]

_GARBAGE_BYTES: Final = 300
# Raspberry Pi documentation, get_throttled: bits 0 to 2 now, 16 to 18 since the machine started.
_THROTTLED_BITS: Final = {
    HostFault.UNDER_VOLTAGE: 0x10001,
    HostFault.UNDER_VOLTAGE_SINCE_BOOT: 0x10000,
    HostFault.THROTTLED: 0x60006,
}
# Device number, file system's disk and partition, and where sysfs keeps them.
_DISKS: Final = {
    HostMake.LAPTOP: ("259:2", "nvme0n1", "nvme0n1p2", "pci0000:00/0000:00:1d.0/nvme/nvme0"),
    HostMake.PI: ("179:2", "mmcblk0", "mmcblk0p2", "platform/emmc2bus/mmc_host/mmc0/mmc0:aaaa"),
    HostMake.MINI_PC: ("8:2", "sda", "sda2", "pci0000:00/0000:00:17.0/ata1/host0/0:0:0:0"),
}
_NAMES: Final = {
    HostMake.LAPTOP: {
        "sys/class/dmi/id/sys_vendor": "Dell Inc.\n",
        "sys/class/dmi/id/product_name": "Latitude 3420\n",
        "sys/class/dmi/id/product_serial": "7QXJ2G3\n",
    },
    HostMake.PI: {
        "proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\0",
        "proc/device-tree/serial-number": "10000000d4c3b2a1\0",
    },
    HostMake.MINI_PC: {
        "sys/class/dmi/id/sys_vendor": "LENOVO\n",
        "sys/class/dmi/id/product_name": "ThinkCentre M70q\n",
    },
}


@dataclass(slots=True)
class FaultyHost:
    """A computer's `sys`, `proc` and `etc` below a folder of their own, rewritten at every change.

    faults: those switched on. seed: of the garbage.
    """

    folder: Path
    make: HostMake
    seed: int = 1
    faults: frozenset[HostFault] = frozenset()

    def fault(self, fault: HostFault, *, on: bool = True) -> None:
        """Switch one fault on or off, and write what the kernel shows now."""
        self.faults = self.faults | {fault} if on else self.faults - {fault}
        self.write()

    def write(self) -> None:
        """Write every file as it is now; what a fault has taken away is removed. Raises OSError."""
        for name in ("sys", "proc", "etc"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        rng = Random(self.seed)  # noqa: S311 - a play, not a secret
        for name, text in files_of(self.make, self.faults).items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            is_garbage = HostFault.GARBAGE in self.faults
            path.write_bytes(rng.randbytes(_GARBAGE_BYTES) if is_garbage else text.encode())
        self._link_disk()

    def _link_disk(self) -> None:
        number, disk, part, place = _DISKS[self.make]
        link = self.folder / "sys/dev/block" / number
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(f"../../devices/{place}/block/{disk}/{part}")


def files_of(make: HostMake, faults: _Faults = frozenset()) -> Mapping[str, str]:
    """Give every file of the computer by its path without the leading slash. Pure."""
    files = _always(make)
    if HostFault.NO_SENSORS in faults:
        return files
    files |= _thermometer(make, faults) | _disk(make, faults) | _network(make, faults)
    if make is HostMake.LAPTOP:
        files |= _battery(faults)
    return files | _pi(faults) if make is HostMake.PI else files


def _always(make: HostMake) -> _Files:
    number, _, _, _ = _DISKS[make]
    return _NAMES[make] | {
        "etc/machine-id": f"{int(number.replace(':', '')):032x}\n",
        "etc/os-release": 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
        "proc/uptime": "5025.17 9000.00\n",
        "sys/class/power_supply/.keep": "",
    }


def _thermometer(make: HostMake, faults: _Faults) -> _Files:
    zone = "cpu-thermal" if make is HostMake.PI else "x86_pkg_temp"
    milli_c = 96_000 if HostFault.HOT in faults else 51_500
    is_dead, has_cores = (one in faults for one in (HostFault.DEAD_ZONE, HostFault.CORES_ONLY))
    zones = {zone: 0 if is_dead else milli_c, "acpitz": 27_800}
    if has_cores:
        del zones[zone]
    told = {
        f"sys/class/thermal/thermal_zone{number}/{file}": f"{text}\n"
        for number, (kind, temperature) in enumerate(zones.items())
        for file, text in (("type", kind), ("temp", temperature))
    }
    if is_dead or has_cores:
        told |= {
            "sys/class/hwmon/hwmon4/name": "coretemp\n",
            "sys/class/hwmon/hwmon4/temp2_input": f"{milli_c}\n",
            "sys/class/hwmon/hwmon4/temp2_label": "Core 0\n",
            "sys/class/hwmon/hwmon4/temp3_input": f"{milli_c - 2000}\n",
        }
    return told


def _disk(make: HostMake, faults: _Faults) -> _Files:
    number, disk, part, place = _DISKS[make]
    # The kernel stops writing by the file system; the mount's own options stay as they were.
    state = "ro" if HostFault.READ_ONLY in faults else "rw"
    broken = HostFault.DISK_ERRORS in faults
    block = f"sys/devices/{place}/block/{disk}"
    files = {
        "etc/fstab": f"/dev/{part} / ext4 defaults,noatime 0 1\n",
        "proc/self/mountinfo": (
            "22 28 0:21 / /proc rw,nosuid,nodev,noexec,relatime shared:13 - proc proc rw\n"
            "23 28 0:22 / /sys rw,nosuid,nodev,noexec,relatime shared:7 - sysfs sysfs rw\n"
            f"28 1 {number} / / rw,noatime shared:1 - ext4 /dev/{part} {state},errors=remount-ro\n"
            "31 28 0:26 / /run rw,nosuid,nodev shared:5 - tmpfs tmpfs rw,size=803172k,mode=755\n"
        ),
        f"sys/fs/ext4/{part}/errors_count": "17\n" if broken else "0\n",
        f"{block}/size": "500118192\n",
        f"{block}/{part}/partition": "2\n",
    }
    if make is HostMake.MINI_PC:
        files[f"{block}/device/iotmo_cnt"] = "0x3\n" if broken else "0x0\n"
        # A healthy disk's, after a few looks at its SMART data.
        files[f"{block}/device/ioerr_cnt"] = "0x1c\n"
    return files


def _network(make: HostMake, faults: _Faults) -> _Files:
    card = "eth0" if make is HostMake.MINI_PC else "wlan0"
    # The kernel prints an address as one number of the processor's: 192.168.1.1 is 0101A8C0.
    files = {
        f"sys/class/net/{card}/address": "dc:a6:32:0a:0b:0c\n",
        f"sys/class/net/{card}/addr_assign_type": "0\n",
        f"sys/class/net/{card}/type": "1\n",
        f"sys/class/net/{card}/device/vendor": "0x8086\n",
        "proc/net/route": (
            "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
            f"{card}\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n"
            f"{card}\t0001A8C0\t00000000\t0001\t0\t0\t600\t00FFFFFF\t0\t0\t0\n"
        ),
        "proc/net/arp": (
            "IP address       HW type     Flags       HW address            Mask     Device\n"
            f"{GATEWAY}      0x1         0x2         {GATEWAY_MAC}     *        {card}\n"
        ),
        "etc/resolv.conf": f"nameserver {GATEWAY}\n",
    }
    if HostFault.VPN in faults:
        files["sys/class/net/tun0/type"] = "65534\n"
        files["proc/net/route"] += "tun0\t00000000\t0100080A\t0003\t0\t0\t50\t00000000\t0\t0\t0\n"
    if card == "wlan0":
        files["sys/class/net/wlan0/phy80211/index"] = "0\n"
        files["proc/net/wireless"] = _wireless(-84 if HostFault.WEAK_WIFI in faults else -52)
    return files


def _wireless(dbm: int) -> str:
    return (
        "Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE\n"
        " face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22\n"
        f" wlan0: 0000   {dbm + 110}.  {dbm}.  -256        0      0      0      0    130        0\n"
    )


def _battery(faults: _Faults) -> _Files:
    full = 17_900_000 if HostFault.WORN_BATTERY in faults else 39_500_000
    is_full, waits = (one in faults for one in (HostFault.FULL_BATTERY, HostFault.WAITING_BATTERY))
    empties = waits or HostFault.LYING_PLUG in faults
    has_pen = HostFault.PEN_TABLET in faults
    pen = {"scope": "Device", "type": "Mains", "online": "1"} if has_pen else {}
    files = {
        "BAT0/type": "Battery",
        "BAT0/status": _status(empties=empties, is_full=is_full, is_mute=has_pen),
        "BAT0/power_now": "0" if waits or is_full else "9100000",
        "BAT0/capacity": "100" if is_full else "71",
        "BAT0/energy_full": str(full),
        "BAT0/energy_full_design": "42000000",
        "BAT0/cycle_count": "812",
        "AC/type": "Mains",
        "AC/online": "0" if is_full or has_pen or HostFault.MUTE_PLUG in faults else "1",
        **{f"wacom_ac_1/{name}": text for name, text in pen.items()},
    }
    return {f"sys/class/power_supply/{name}": f"{text}\n" for name, text in files.items()}


def _status(*, empties: bool, is_full: bool, is_mute: bool) -> str:
    if is_mute:
        return "Unknown"
    return "Discharging" if empties else "Full" if is_full else "Charging"


def _pi(faults: _Faults) -> _Files:
    bits = 0
    for fault in faults:
        bits |= _THROTTLED_BITS.get(fault, 0)
    told = 0 if HostFault.OLD_FIRMWARE_FILE in faults else bits
    return {
        "sys/devices/platform/soc/soc:firmware/get_throttled": f"{told:x}\n",
        "sys/class/hwmon/hwmon1/name": "rpi_volt\n",
        "sys/class/hwmon/hwmon1/in0_lcrit_alarm": f"{bits & 1}\n",
    }
