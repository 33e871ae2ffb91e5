"""This file opens the agent's page on Windows: in a window of Edge or Chrome without tabs."""

from __future__ import annotations

import sys

assert sys.platform == "win32"  # for mypy: read on Windows alone

import os
import subprocess
import winreg
from pathlib import Path
from typing import Final

_PROGRAMS: Final = ("msedge.exe", "chrome.exe")
_PATHS: Final = r"SOFTWARE\Microsoft\Windows\CurrentVersion\App Paths"
_PLACES: Final = (
    (winreg.HKEY_CURRENT_USER, 0),
    (winreg.HKEY_LOCAL_MACHINE, winreg.KEY_WOW64_64KEY),
    (winreg.HKEY_LOCAL_MACHINE, winreg.KEY_WOW64_32KEY),
)


def open_page(url: str) -> None:
    """Open it; a second window takes the first one's place (agent/local/page/door.js)."""
    if program := next(filter(None, map(_installed, _PROGRAMS)), ""):
        subprocess.Popen([program, f"--app={url}"], close_fds=True)
    else:
        os.startfile(url)  # noqa: S606 - an address of this computer


def _installed(name: str) -> str:
    for hive, view in _PLACES:
        try:
            with winreg.OpenKey(hive, rf"{_PATHS}\{name}", 0, winreg.KEY_READ | view) as key:
                program = str(winreg.QueryValueEx(key, "")[0]).strip('"')
        except OSError:
            continue
        if Path(program).is_file():
            return program
    return ""
