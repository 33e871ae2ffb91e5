"""This file measures the teacher's icon: its memory after a lesson, and a late tray."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

import psutil

from tests.agent.teacher_double import TeacherDouble, teacher_door
from tests.agent.tray_desk import TRAYER, desk
from tests.waiting import until

_PROGRAMS = ("Xvfb", "openbox", "trayer", "xdotool")


def measure(*, quick: bool) -> dict[str, object]:
    """A whole lesson as the agent tells it; nothing where the programs are absent."""
    absent = [name for name in _PROGRAMS if shutil.which(name) is None]
    if absent:
        print(f"tray: not measured, without {', '.join(absent)}")
        return {}
    print("tray: a lesson of three clicks")
    double = TeacherDouble()
    with (
        tempfile.TemporaryDirectory() as folder,
        desk(_found, Path(folder)) as here,
        teacher_door(double) as url,
    ):
        tray = here.tray(url, "--hidden")
        until(lambda: double.asked, "the agent is found")
        here.start(*TRAYER)
        began_s = time.monotonic()
        until(here.icon, "the icon is in the tray")
        icon_s = time.monotonic() - began_s
        until(lambda: len(double.asked) > 1, "the view is shown")
        for count in range(3):
            double.post(f"/api/v1/{('lesson/start', 'roll/confirm', 'lesson/end')[count]}", {})
            time.sleep(1)
        pss = psutil.Process(tray.pid).memory_full_info().pss
    return {"tray_pss_mib": pss / 2**20, "tray_icon_s": icon_s}


def _found(program: str, _package: str) -> str:
    return shutil.which(program) or program
