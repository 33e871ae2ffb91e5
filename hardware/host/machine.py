"""This file says what this machine is, and how it does now."""

from __future__ import annotations

import hashlib
import math
import platform
import re
import socket
import sys
import uuid
from pathlib import Path
from typing import NamedTuple

import psutil

from hardware.host.disks import DiskReading, read_disk
from hardware.host.power import PowerReading, read_power
from hardware.host.raspberry import PiReading, Raspberry
from hardware.host.sensed import sensed
from hardware.host.temperature import Thermometer
from hardware.host.wifi import signal_dbm
from hardware.matchers import filled
from hardware.readings import HostIdentity, HostReading, IdentityKind, Kind, Sighting, clean
from hardware.text import read_text

_MACHINE_ID = re.compile(r"[0-9a-f]{32}")
_MULTICAST_BIT = 1 << 40
# One megabyte, as disks and memory are sold and read by people: a million bytes.
_MB = 1_000_000
# Below this a wall clock only drifts or is being slewed by NTP.
_CLOCK_JUMP_S = 1.0


def identify(root: Path = Path("/")) -> HostIdentity:
    """Say what this machine is, from its firmware and its installation.

    root: where `sys`, `proc` and `etc` are found. Never raises: what is unknown is empty.
    """
    if sys.platform == "win32":
        return _identify_windows()
    dmi = root / "sys/class/dmi/id"
    tree = root / "proc/device-tree"
    board = _read_filled(tree / "model")
    hostname = clean(socket.gethostname())
    return HostIdentity(
        hostname=hostname,
        vendor=_read_filled(dmi / "sys_vendor") or _board_vendor(board),
        model=_read_filled(dmi / "product_name") or board,
        serial=_read_filled(dmi / "product_serial") or _read_filled(tree / "serial-number"),
        os=_os_name(root),
        machine=_machine(root, hostname),
    )


if sys.platform == "win32":
    from hardware.host.windows import identity as windows

    def _identify_windows() -> HostIdentity:
        """As `identify`, by the registry and the firmware's tables."""
        hostname = clean(socket.gethostname())
        installation = windows.installation() or _mac(Path("/")) or hostname
        return HostIdentity(
            hostname=hostname,
            vendor=filled(windows.vendor()),
            model=filled(windows.model()),
            serial=filled(windows.serial()),
            os=windows.system_name(),
            machine=_digest(installation),
        )


def identity_sighting(identity: HostIdentity) -> Sighting:
    """Give this machine as a sighting of itself, so that it is a device among the others."""
    return Sighting(
        source="host",
        key=f"host:{identity.machine}",
        identity=IdentityKind.HOST,
        kind=Kind.HOST,
        name=identity.hostname,
        vendor=identity.vendor,
        model=identity.model,
        serial=identity.serial,
    )


class HostSense:
    """Reads this machine's health; keeps what it needs of the reading before.

    disk: any path on the file system to watch. root: where `sys` and `proc` are found.
    """

    def __init__(self, disk: Path, root: Path = Path("/")) -> None:
        self._disk = disk
        self._root = root
        self._thermometer = Thermometer(root)
        self._raspberry = Raspberry(root)
        self._busy: _Busy | None = None
        self._clocks: _Clocks | None = None

    def read(self, at: float, monotonic_s: float) -> HostReading:
        """Read every sensor once. at: epoch seconds. monotonic_s: the steady clock then.

        The first reading has no cpu_percent, for that needs two. Never raises: what cannot be
        read is None.
        May wait 2 s for a Raspberry Pi's firmware: to be called in a thread.
        """
        root, disk = self._root, self._disk
        memory = sensed("memory", _memory, _Space())
        space = sensed("space", lambda: _disk(disk), _Space())
        return HostReading(
            at=at,
            cpu_percent=sensed("cpu", self._cpu_percent, None),
            memory_used_percent=memory.used_percent,
            memory_free_mb=memory.free_mb,
            disk_used_percent=space.used_percent,
            disk_free_mb=space.free_mb,
            temperature_c=sensed("temperature", self._thermometer.read, None),
            wifi_signal_dbm=sensed("wifi", lambda: signal_dbm(root), None),
            uptime_s=sensed("uptime", lambda: _uptime_s(root, at), None),
            clock_jump_s=self._clock_jump_s(_Clocks(at, monotonic_s)),
            **sensed("disk", lambda: read_disk(disk, root), DiskReading())._asdict(),
            **sensed("power", lambda: read_power(root), PowerReading())._asdict(),
            **sensed("raspberry", self._raspberry.read, PiReading())._asdict(),
        )

    def _cpu_percent(self) -> float | None:
        # psutil.cpu_percent keeps its figures by thread, and readings may come from any thread.
        before, now = self._busy, _busy()
        self._busy = now
        return None if before is None else busy_percent(before, now)

    def _clock_jump_s(self, now: _Clocks) -> float:
        before, self._clocks = self._clocks, now
        return 0.0 if before is None else clock_jump_s(before, now)


class _Space(NamedTuple):
    used_percent: float | None = None
    free_mb: float | None = None


class _Busy(NamedTuple):
    busy_s: float
    total_s: float


class _Clocks(NamedTuple):
    wall_s: float
    monotonic_s: float


def busy_percent(before: _Busy, now: _Busy) -> float | None:
    """Give the busy share of all cores between two counts, or None when no time passed."""
    total_s = now.total_s - before.total_s
    if total_s <= 0:
        return None
    return round(min(100.0, max(0.0, 100 * (now.busy_s - before.busy_s) / total_s)), 1)


def clock_jump_s(before: _Clocks, now: _Clocks) -> float:
    """Give how far the wall clock jumped beside the steady clock; 0.0 for mere drift (< 1 s)."""
    jump_s = (now.wall_s - before.wall_s) - (now.monotonic_s - before.monotonic_s)
    return round(jump_s, 3) if abs(jump_s) >= _CLOCK_JUMP_S else 0.0


def _busy() -> _Busy:
    times = psutil.cpu_times()
    # Guest time is already counted in user time (proc(5), /proc/stat).
    guest_s = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)
    total_s = sum(times) - guest_s
    return _Busy(total_s - times.idle - getattr(times, "iowait", 0.0), total_s)


def _memory() -> _Space:
    memory = psutil.virtual_memory()
    return _Space(round(memory.percent, 1), round(memory.available / _MB, 1))


def _disk(path: Path) -> _Space:
    usage = psutil.disk_usage(str(path))
    return _Space(round(usage.percent, 1), round(usage.free / _MB, 1))


def _uptime_s(root: Path, at: float) -> float:
    # The boot time psutil gives moves with the wall clock; the kernel's own count does not.
    try:
        uptime_s = float(read_text(root / "proc/uptime").split()[0])
    except (IndexError, ValueError):
        uptime_s = math.nan
    if 0 <= uptime_s < math.inf:
        return uptime_s
    return round(max(0.0, at - psutil.boot_time()), 2)


def _read_filled(path: Path) -> str:
    return filled(read_text(path))


def _board_vendor(board: str) -> str:
    return "Raspberry Pi" if board.startswith("Raspberry Pi") else ""


def _os_name(root: Path) -> str:
    for line in read_text(root / "etc/os-release", limit=4000, lines=True).splitlines():
        name, _, value = line.partition("=")
        if name == "PRETTY_NAME":
            return clean(value.strip("\"'"))
    return clean(f"{platform.system()} {platform.release()}")


def _machine(root: Path, hostname: str) -> str:
    """Hash what names this installation, so that the name itself never leaves the machine."""
    machine_id = read_text(root / "etc/machine-id")
    named = machine_id if _MACHINE_ID.fullmatch(machine_id) else _mac(root) or hostname
    return _digest(named)


def _digest(named: str) -> str:
    return hashlib.sha256(b"lophoc" + named.encode()).hexdigest()[:32]


def _mac(root: Path) -> str:
    for card in sorted((root / "sys/class/net").glob("*")):
        # 0 is NET_ADDR_PERM: the address is the card's own, neither random nor set by hand.
        permanent = read_text(card / "addr_assign_type") == "0"
        address = read_text(card / "address")
        if permanent and address.strip("0:"):
            return address
    if platform.system() == "Linux":
        return ""
    node = uuid.getnode()
    # RFC 9562 section 6.10: a node that had to be invented carries the multicast bit.
    return "" if node & _MULTICAST_BIT else f"{node:012x}"
