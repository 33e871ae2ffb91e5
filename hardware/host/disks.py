"""This file tells whether a file system has become read-only, and counts its errors."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from hardware.text import entries, read_number, read_raw, read_text

# Hundreds of mounts, as containers make them, of some 200 bytes each.
_TABLE_LIMIT = 500_000
_ESCAPED = re.compile(rb"\\([0-7]{3})")
_DEVICE = re.compile(r"\d{1,6}:\d{1,10}")
_FIELDS_BEFORE, _FIELDS_AFTER = 6, 3
# How ext4 says that it has stopped writing, where the kernel no longer turns it to "ro".
_STOPPED = frozenset({"ro", "emergency_ro", "shutdown"})
# Nobody expects to write to these.
_NEVER_WRITTEN = frozenset({"squashfs", "erofs", "iso9660", "cramfs", "overlay"})
_COUNT_MOST = 1_000_000_000
# JESD84-B51 section 7.4: PRE_EOL_INFO 3 is urgent; DEVICE_LIFE_TIME_EST 11 is beyond its life.
_URGENT, _LIVED = 3, 11
# A volume on an encrypted partition on a disk: more layers than anyone has.
_LAYERS_MOST = 4


class Mount(NamedTuple):
    """One mounted file system. device: "8:1", major and minor number."""

    device: str
    point: str
    type: str
    options: frozenset[str]
    super_options: frozenset[str]

    @property
    def is_stopped(self) -> bool:
        """Whether the file system itself, not just this view of it, takes no writes."""
        return bool(self.super_options & _STOPPED)


class DiskReading(NamedTuple):
    """The file system's state; None where the system does not tell."""

    disk_read_only: bool | None = None
    disk_errors: int | None = None


def read_disk(path: Path, root: Path) -> DiskReading:
    """Read the state of the file system that holds a path, and of the disks under it.

    root: where `sys`, `proc` and `etc` are found. Source: proc(5), /proc/pid/mountinfo; Linux ABI,
    sysfs-fs-ext4.
    """
    mounts = mounts_in(read_raw(root / "proc/self/mountinfo", _TABLE_LIMIT))
    own = mount_of(os.path.realpath(path), mounts)
    if own is None:
        return DiskReading()
    system = mount_of("/", mounts)
    broken = system is not None and system.is_stopped and _wants_writing(system, root)
    read_only = own.is_stopped or "ro" in own.options or broken
    return DiskReading(read_only, _errors(root, own))


def _wants_writing(system: Mount, root: Path) -> bool:
    """Whether the system's root is meant to be written to: some Pis spare their card."""
    if system.type in _NEVER_WRITTEN:
        return False
    table = read_raw(root / "etc/fstab", _TABLE_LIMIT).decode("utf-8", "replace")
    rows = (line.split() for line in table.splitlines())
    return not any(
        row[1] == "/" and "ro" in row[3].split(",")
        for row in rows
        if len(row) > 3 and not row[0].startswith("#")  # noqa: PLR2004 - fstab(5): 4th is options
    )


def mounts_in(table: bytes) -> list[Mount]:
    """Read a mountinfo table; lines that are none are left out."""
    return [mount for line in table.splitlines() if (mount := _mount(line)) is not None]


def mount_of(path: str, mounts: Iterable[Mount]) -> Mount | None:
    """Give the mount that holds an absolute path: the deepest, of equal ones the last made."""
    best: Mount | None = None
    for mount in mounts:
        inside = path == mount.point or path.startswith(mount.point.rstrip("/") + "/")
        if inside and (best is None or len(mount.point) >= len(best.point)):
            best = mount
    return best


def _mount(line: bytes) -> Mount | None:
    before, separator, after = line.partition(b" - ")
    fields, more = before.split(b" "), after.split(b" ")
    if not separator or len(fields) < _FIELDS_BEFORE or len(more) < _FIELDS_AFTER:
        return None
    return Mount(
        device=fields[2].decode("ascii", "replace"),
        point=os.fsdecode(_ESCAPED.sub(_unescape, fields[4])),
        type=more[0].decode("ascii", "replace"),
        options=_options(fields[5]),
        super_options=_options(more[2]),
    )


def _unescape(match: re.Match[bytes]) -> bytes:
    return bytes([int(match[1], 8) & 0xFF])


def _options(field: bytes) -> frozenset[str]:
    return frozenset(field.decode("ascii", "replace").split(","))


def _errors(root: Path, mount: Mount) -> int | None:
    """Add up what the file system and the disks under it have counted."""
    if not _DEVICE.fullmatch(mount.device):
        return None
    block = root / "sys/dev/block" / mount.device
    name = Path(os.path.realpath(block)).name
    counts = [read_number(root / "sys/fs" / mount.type / name / "errors_count")]
    for disk in _disks_under(block, _LAYERS_MOST):
        counts += _disk_counts(disk / "device")
    plausible = [int(count) for count in counts if count is not None and 0 <= count <= _COUNT_MOST]
    return sum(plausible) if plausible else None


def _disks_under(block: Path, layers: int) -> Iterator[Path]:
    below = entries(block / "slaves") if layers else []
    for slave in below:
        yield from _disks_under(slave, layers - 1)
    if not below:
        is_part = (block / "partition").exists()
        yield Path(os.path.realpath(block)).parent if is_part else block


def _disk_counts(device: Path) -> list[float | None]:
    # iotmo_cnt: commands that timed out. Not ioerr_cnt, which grows on healthy disks too, with
    # every command a disk does not know and every look at its SMART data.
    worn = _words(device / "pre_eol_info", _URGENT), _words(device / "life_time", _LIVED)
    return [_hex(read_text(device / "iotmo_cnt")), *worn]


def _words(path: Path, limit: int) -> float | None:
    """Count an eMMC's own estimates that have reached the limit; None where it gives none."""
    numbers = [number for word in read_text(path).split() if (number := _hex(word)) is not None]
    return float(sum(limit <= number <= _LIVED for number in numbers)) if numbers else None


def _hex(text: str) -> float | None:
    try:
        return float(int(text, 16))
    except ValueError:
        return None
