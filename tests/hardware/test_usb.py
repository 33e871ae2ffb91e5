"""USB: plugged in and out under a real udev monitor."""

from __future__ import annotations

import builtins
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hardware.readings import SenseMissing
from hardware.usb import watch as usb
from tests.hardware.told import Told, within
from tests.hardware.udev_exports import HERE
from tests.waiting import LIMIT_S

DEBIAN_GI = Path("/usr/lib/python3/dist-packages/gi")


def test_a_camera_is_seen_to_come_and_go_and_to_come_while_the_monitor_was_broken(
    tmp_path: Path, need: Callable[[str, str], str]
) -> None:
    """Through libudev: listed at the start, in the pace of a real plug, then after an overflow."""
    wrapper = need("umockdev-wrapper", "umockdev")
    told = json.loads(_run(wrapper, tmp_path))
    assert told["at_start"] == [
        ["port:room12:pci-0-usb-0:8:1234:2107", "None"],
        ["port:room12:pci-0000:00:14.0-usb-0:2:04f3:24dd", "None"],
        ["port:room12:pci-0000:00:14.0-usb-0:2:413c:2107", "None"],
        ["usb:2b7e:0551:ZC7A91F03B", "None"],
    ]
    assert told["ups"] == [["capability HID Power Device", 87]]
    assert told["ups_asked"] == [[0x4807, "01"]]  # HIDIOCGFEATURE, of its one report
    assert told["paced"]["camera"][:3] == ["camera", None, ["/dev/video50"]]
    assert told["paced"]["touch"][:3] == ["input", "board", ["/dev/input/event1"]]
    assert told["gone"] == ["usb:2b7e:0551:ZC7A91F03B", "unplugged"]
    assert told["extra"] == []
    assert told["found"] == ["usb:2b7e:0551:ZC7A91F03B", "camera", ["/dev/video30"]]
    assert told["monitors"] == 2


def _run(wrapper: str, work: Path) -> str:
    if not DEBIAN_GI.is_dir():
        pytest.skip("needs gi: apt install python3-gi gir1.2-umockdev-1.0")
    # Debian's gi is not to be seen from a virtual environment, and nothing else of its is wanted.
    (work / "gi").symlink_to(DEBIAN_GI)
    done = subprocess.run(
        [wrapper, sys.executable, str(HERE / "umockdev_room.py"), str(work)],
        env={"PYTHONPATH": f"{HERE.parents[1]}:{work}", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    if "Namespace UMockdev not available" in done.stderr:
        pytest.skip("needs UMockdev for gi: apt install gir1.2-umockdev-1.0")
    if "partially initialized module 'gi'" in done.stderr or "gi._gi" in done.stderr:
        pytest.skip("Debian's gi is for another version of Python")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_without_udev_running_the_sense_is_missing(tmp_path: Path) -> None:
    """A monitor without udev would be silent for ever."""
    with pytest.raises(SenseMissing) as missing:
        within(usb.watch(Told(), host="room12", run=tmp_path))
    assert missing.value.code == "no_udev"
    assert missing.value.hint


def test_without_udevs_library_the_sense_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The agent runs where udev does not exist at all."""
    real_import = builtins.__import__

    def no_pyudev(name: str, *rest: object) -> object:
        if name == "pyudev":
            raise ImportError(name)
        return real_import(name, *rest)

    monkeypatch.setattr(builtins, "__import__", no_pyudev)
    with pytest.raises(SenseMissing, match="no_udev"):
        within(usb.watch(Told(), host="room12", run=tmp_path))
