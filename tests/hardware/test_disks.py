"""Disks: a file system that stopped writing, and errors that were counted."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.host.disks import mount_of, mounts_in, read_disk
from simulators.devices.host import FaultyHost, HostMake

DATA = Path("/var/lib/lophoc")
ROOT = "28 1 8:2 / / {} shared:1 - ext4 /dev/sda2 {}\n"


def told(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize(
    ("table", "fstab", "expected"),
    [
        (ROOT.format("rw,noatime", "rw,errors=remount-ro"), "", False),
        (ROOT.format("rw,noatime", "ro,errors=remount-ro"), "", True),
        (ROOT.format("rw,noatime", "rw,emergency_ro"), "", True),
        (ROOT.format("ro", "ro"), "", True),
        # A service in a sandbox: all is read-only to it but its own folder.
        (
            ROOT.format("ro,nosuid", "rw")
            + "40 28 8:2 /var/lib/lophoc /var/lib/lophoc rw,nosuid shared:2 - ext4 /dev/sda2 rw\n",
            "",
            False,
        ),
        # The card is spared on purpose, and the data is elsewhere.
        (
            ROOT.format("ro", "ro")
            + "40 28 8:17 / /var/lib rw shared:2 - ext4 /dev/sdb1 rw,errors=remount-ro\n",
            "# /dev/sda2 / ext4 defaults\n/dev/sda2 / ext4 ro,noatime 0 1\n",
            False,
        ),
        (
            ROOT.format("ro", "ro") + "40 28 8:17 / /var/lib rw shared:2 - ext4 /dev/sdb1 rw\n",
            "/dev/sda2 / ext4 defaults 0 1\n",
            True,
        ),
        (
            "28 1 7:0 / / ro - squashfs /dev/loop0 ro\n40 28 8:17 / /var rw - ext4 /dev/sdb1 rw\n",
            "",
            False,
        ),
        (ROOT.format("rw", "rw") + "40 28 8:2 /x /var/lib ro - ext4 /dev/sda2 rw\n", "", True),
        # A mount over a mount: the last one is the one in sight.
        (ROOT.format("rw", "rw") + "50 28 8:33 / / ro - ext4 /dev/sdc1 ro\n", "", True),
        ("", "", None),
        ("nothing of the kind\n28 1 8:2 / /\n", "", None),
    ],
)
def test_a_file_system_that_takes_no_writes_is_told(
    tmp_path: Path, table: str, fstab: str, expected: object
) -> None:
    """By its own word, not by how a sandbox or a careful school shows it."""
    root = told(tmp_path, {"proc/self/mountinfo": table, "etc/fstab": fstab})
    assert read_disk(DATA, root).disk_read_only is expected


def test_the_deepest_mount_holds_the_path() -> None:
    """Names that only begin alike are no parents; escaped spaces are spaces."""
    table = (
        b"1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
        b"2 1 8:2 / /srv rw - ext4 /dev/sda2 rw\n"
        b"3 2 8:3 / /srv/l\\303\\240\\040hoc rw - ext4 /dev/sda3 rw\n"
    )
    mounts = mounts_in(table)
    for path, device in (
        ("/srv/là hoc/x", "8:3"),
        ("/srv/là hoc", "8:3"),
        ("/srv/là hocx", "8:2"),
        ("/srvx", "8:1"),
        ("/", "8:1"),
    ):
        mount = mount_of(path, mounts)
        assert mount is not None
        assert mount.device == device, path


@given(st.binary())
def test_any_table_is_read_without_raising(table: bytes) -> None:
    """Mount points are bytes that users choose."""
    mount_of("/", mounts_in(table))
    mounts_in(b"1 0 8:1 / " + table.replace(b" ", b"") + b" rw - ext4 x rw")


def linked(root: Path, number: str, place: str) -> None:
    link = root / "sys/dev/block" / number
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(f"../../devices/{place}")


def test_errors_are_counted_through_an_encrypted_volume(tmp_path: Path) -> None:
    """The file system's are under the volume's name, the time-outs two layers below."""
    disk = "sys/devices/ata1/block/sda"
    root = told(
        tmp_path,
        {
            "proc/self/mountinfo": "28 1 254:1 / / rw - ext4 /dev/mapper/v rw\n",
            "sys/fs/ext4/dm-1/errors_count": "4\n",
            "sys/fs/ext4/sda9/errors_count": "1000\n",
            "sys/devices/virtual/block/dm-1/size": "1\n",
            "sys/devices/virtual/block/dm-0/size": "1\n",
            f"{disk}/sda2/partition": "2\n",
            f"{disk}/device/iotmo_cnt": "0x10\n",
            f"{disk}/device/ioerr_cnt": "0x99\n",
        },
    )
    linked(root, "254:1", "virtual/block/dm-1")
    for upper, lower in (("dm-1", "../../dm-0"), ("dm-0", "../../../../ata1/block/sda/sda2")):
        slaves = root / "sys/devices/virtual/block" / upper / "slaves"
        slaves.mkdir()
        (slaves / Path(lower).name).symlink_to(lower)
    assert read_disk(DATA, root).disk_errors == 20


@pytest.mark.parametrize(
    ("pre_eol", "life_time", "expected"),
    [
        ("0x01", "0x01 0x02", 0),
        ("0x02", "0x0a 0x0a", 0),
        ("0x03", "0x01 0x01", 1),
        ("0x01", "0x0b 0x0b", 2),
        ("0x00", "0x00 0x00", 0),
        ("0xff", "", 0),
        ("", "", None),
    ],
)
def test_an_emmc_that_is_worn_out_counts(
    tmp_path: Path, pre_eol: str, life_time: str, expected: int | None
) -> None:
    """By its own estimate, from "urgent" and "beyond its life" on."""
    device = "sys/devices/mmc0/block/mmcblk0/device"
    root = told(
        tmp_path,
        {
            "proc/self/mountinfo": "28 1 179:2 / / rw - f2fs /dev/mmcblk0p2 rw\n",
            "sys/devices/mmc0/block/mmcblk0/mmcblk0p2/partition": "2\n",
            f"{device}/pre_eol_info": f"{pre_eol}\n",
            f"{device}/life_time": f"{life_time}\n",
        },
    )
    linked(root, "179:2", "mmc0/block/mmcblk0/mmcblk0p2")
    assert read_disk(DATA, root).disk_errors == expected


def test_disks_that_go_round_in_a_circle_end(tmp_path: Path) -> None:
    """A folder that contains itself is read a few times at most."""
    root = told(
        tmp_path,
        {
            "proc/self/mountinfo": "28 1 254:0 / / rw - ext4 /dev/dm-0 rw\n",
            "sys/devices/dm-0/size": "1\n",
        },
    )
    linked(root, "254:0", "dm-0")
    (root / "sys/devices/dm-0/slaves").mkdir()
    for name in ("a", "b"):
        (root / "sys/devices/dm-0/slaves" / name).symlink_to("..")
    assert read_disk(DATA, root).disk_errors is None


@pytest.mark.parametrize(
    ("count", "expected"), [("3", 3), ("-3", None), ("9" * 30, None), ("three", None), ("", None)]
)
def test_a_count_that_is_nonsense_is_none(tmp_path: Path, count: str, expected: int | None) -> None:
    """It would outweigh every honest one."""
    FaultyHost(tmp_path, HostMake.LAPTOP).write()
    (tmp_path / "sys/fs/ext4/nvme0n1p2/errors_count").write_text(count)
    assert read_disk(DATA, tmp_path).disk_errors == expected
