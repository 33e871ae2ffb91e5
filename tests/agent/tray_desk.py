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

    def window(self, pid: int, title: str = "LopHoc") -> str:
        """The program's window, once it is seen."""
        search = ("search", "--onlyvisible", "--all", "--pid", str(pid), "--name", title)
        window = until(lambda: self.xdo(*search), "the window is seen").splitlines()[0]
        try:
            until(lambda: self._is_managed(window), "the window is managed", limit_s=5)
        except AssertionError:  # on a starved machine the window manager may have missed it
            self.start("openbox", "--replace")
            until(lambda: self._is_managed(window), "the window is managed")
        return window

    def _is_managed(self, window: str) -> bool:
        """Whether the window manager lists the window (EWMH, _NET_CLIENT_LIST)."""
        told = subprocess.run(
            ["wmctrl", "-l"],
            env=self._env,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        return f"0x{int(window):08x}" in told.stdout

    def shut(self, window: str) -> None:
        """Ask the window manager to close it, as its title bar does (EWMH, _NET_CLOSE_WINDOW)."""
        subprocess.run(["wmctrl", "-i", "-c", window], env=self._env, timeout=LIMIT_S, check=False)

    def size(self, window: str) -> tuple[int, int]:
        """Width and height [px]."""
        told = self.xdo("getwindowgeometry", "--shell", window)
        values = dict(line.split("=") for line in told.splitlines())
        return int(values["WIDTH"]), int(values["HEIGHT"])

    def click(self, window: str, x: int, y: int) -> None:
        """Press and let go, at a place of the window."""
        self.xdo("mousemove", "--window", window, str(x), str(y), "click", "1")

    def big(self, window: str) -> None:
        """Press the big button, which is the window's foot."""
        width, height = self.size(window)
        self.click(window, width // 2, height - 60)

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
