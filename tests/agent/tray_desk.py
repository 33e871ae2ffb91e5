"""This file is a teacher's desk: a screen, a window manager, a tray if wanted, and a finger."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.waiting import LIMIT_S, until

ROOT = Path(__file__).parents[2]
TRAYER = ("trayer", "--edge", "top", "--align", "left", "--widthtype", "request", "--height", "24")


class Desk:
    """An X screen of its own, with what was started on it."""

    def __init__(self, display: str, folder: Path) -> None:
        self._folder = folder
        self._env = {name: value for name, value in os.environ.items() if name != "LANG"}
        self._env |= {"DISPLAY": display, "LC_ALL": "C.UTF-8", "QT_QPA_PLATFORM": "xcb"}
        self._env |= {"XDG_RUNTIME_DIR": str(folder), "PYTHONWARNINGS": "error"}
        self._env |= {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={folder}/no-bus"}
        self._started: list[subprocess.Popen[bytes]] = []

    def start(self, *command: str, **environ: str) -> subprocess.Popen[bytes]:
        """Start a program on this screen; its words go to a file in the folder."""
        with (self._folder / "log.txt").open("ab") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, env={**self._env, **environ}, stdout=log, stderr=log
            )
        self._started.append(process)
        return process

    def tray(self, url: str, *options: str, **environ: str) -> subprocess.Popen[bytes]:
        """Start lophoc-tray."""
        command = (sys.executable, "-m", "agent.tray", "--agent", url, *options)
        return self.start(*command, **environ)

    def xdo(self, *arguments: str) -> str:
        """What xdotool answers; empty where it finds nothing."""
        ended = subprocess.run(
            ["xdotool", *arguments],
            env=self._env,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        return ended.stdout.strip()

    def put_first(self, folder: Path) -> None:
        """Let programs of this folder be found before the machine's."""
        self._env["PATH"] = f"{folder}:{self._env['PATH']}"

    def size(self, window: str) -> tuple[int, int]:
        """Width and height [px]."""
        told = self.xdo("getwindowgeometry", "--shell", window)
        values = dict(line.split("=") for line in told.splitlines())
        return int(values["WIDTH"]), int(values["HEIGHT"])

    def icon(self) -> tuple[int, int] | None:
        """Where the tray's icon is on the screen; None while the tray shows none."""
        for window in self.xdo("search", "--onlyvisible", "--class", "lophoc-tray").split():
            with suppress(ValueError, KeyError):
                if max(self.size(window)) <= 64:
                    told = self.xdo("getwindowgeometry", "--shell", window)
                    place = dict(line.split("=") for line in told.splitlines())
                    return int(place["X"]) + 8, int(place["Y"]) + 8
        return None

    def close(self) -> None:
        """End what was started."""
        for process in reversed(self._started):
            process.kill()
            process.wait()


@contextmanager
def desk(need: Callable[[str, str], str], folder: Path, size: str = "1366x768") -> Iterator[Desk]:
    """A screen with a window manager; skips where Debian's packages are absent."""
    xvfb = need("Xvfb", "xvfb")
    for name in ("openbox", "trayer", "xdotool"):
        need(name, name)
    theirs, ours = os.pipe()
    command = [xvfb, "-displayfd", str(ours), "-screen", "0", f"{size}x24", "-nolisten", "tcp"]
    command.append("-noreset")  # else the screen begins anew when a first look at it ends
    screen = subprocess.Popen(command, pass_fds=[ours], stderr=subprocess.DEVNULL)
    os.close(ours)
    with os.fdopen(theirs) as told:
        display = f":{told.readline().strip()}"
    here = Desk(display, folder)
    here.start("openbox")
    until(
        lambda: here.xdo("getactivewindow") is not None and here.xdo("get_num_desktops"), "openbox"
    )
    try:
        yield here
    finally:
        here.close()
        screen.kill()
        screen.wait()
