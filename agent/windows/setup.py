"""This file sets the agent up on Windows, and takes it away again; the installer runs it.

python -m agent.windows.setup install|remove

As an administrator. It runs before anybody logs on, as LOCAL SERVICE, which may do little; whoever
sits at the computer may open the teacher's window. Data stays where it is when it is taken away.
"""

from __future__ import annotations

import sys

assert sys.platform == "win32"  # for mypy: read on Windows alone

import os
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

from agent.config import PREFIX, TITLE, AgentConfig
from agent.windows.task import TASK, task_xml
from protocol.settings import sample

_FULL, _READ = "(OI)(CI)F", "(OI)(CI)RX"
# Well-known accounts by their numbers, for their names are another in each language of Windows.
_SYSTEM, _ADMINISTRATORS, _LOCAL_SERVICE = "*S-1-5-18", "*S-1-5-32-544", "*S-1-5-19"
_AT_THE_COMPUTER: Final = "*S-1-5-4"
_RULE: Final = "LopHoc"
_PATIENCE_S: Final = 60.0
_END_S: Final = 5.0
HOME: Final = Path(os.environ.get("PROGRAMDATA", "C:\\ProgramData")) / "LopHoc"
SETTINGS: Final = HOME / "agent.toml"


def main(arguments: Sequence[str]) -> int:
    """Do what the argument says; answers how many steps failed."""
    match [*arguments]:
        case ["install"]:
            return _install()
        case ["remove"]:
            return _remove()
        case _:
            return 2


def _install() -> int:
    for folder in (HOME, HOME / "agent", HOME / "door"):
        folder.mkdir(parents=True, exist_ok=True)
    if not SETTINGS.exists():
        SETTINGS.write_text(sample(AgentConfig, TITLE, PREFIX), "utf-8")
    owners = [_grant(who, _FULL) for who in (_SYSTEM, _ADMINISTRATORS, _LOCAL_SERVICE)]
    visitors = [*owners, _grant(_AT_THE_COMPUTER, _READ)]
    steps: list[tuple[str | Path, ...]] = [
        ("icacls", HOME, "/inheritance:r", *_flat(visitors)),
        ("icacls", HOME / "agent", "/inheritance:r", *_flat(owners)),
        *_lets_tablets_in(),
    ]
    failed = sum(not _is_done(*step) for step in steps)
    return failed + (not _is_task_made()) + (not _is_done("schtasks", "/run", "/tn", TASK))


def _remove() -> int:
    steps = [
        ("schtasks", "/end", "/tn", TASK),
        ("schtasks", "/delete", "/tn", TASK, "/f"),
        (*_FIREWALL, "delete", "rule", f"name={_RULE}"),
    ]
    failed = sum(not _is_done(*step) for step in steps)
    _end_others()
    return failed


def _end_others() -> None:
    """End what else runs from our folder, the icons of everybody among it: files are let go."""
    ours = Path(sys.executable).parent
    others = [
        process
        for process in psutil.process_iter(["exe"])
        if process.pid != os.getpid() and Path(process.info["exe"] or "").parent == ours
    ]
    for process in others:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(others, timeout=_END_S)


_FIREWALL: Final = ("netsh", "advfirewall", "firewall")


def _lets_tablets_in() -> list[tuple[str | Path, ...]]:
    """Once, for this program: else Windows asks whoever sits there, who may not say yes."""
    rule = ("add", "rule", f"name={_RULE}", "dir=in", "action=allow", "profile=private,domain")
    return [
        (*_FIREWALL, "delete", "rule", f"name={_RULE}"),
        (*_FIREWALL, *rule, f"program={_windowless()}", "enable=yes"),
    ]


def _is_task_made() -> bool:
    command = ("-X", "utf8", "-m", "agent.windows.start", "run", "--config", str(SETTINGS))
    folders = ("--data", str(HOME / "agent"), "--door-folder", str(HOME / "door"))
    words = subprocess.list2cmdline([*command, *folders])
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "task.xml"
        file.write_text(task_xml(str(_windowless()), words), "utf-16")
        return _is_done("schtasks", "/create", "/tn", TASK, "/xml", file, "/f")


def _windowless() -> Path:
    return Path(sys.executable).with_name("pythonw.exe")


def _grant(who: str, rights: str) -> tuple[str, str]:
    return "/grant:r", f"{who}:{rights}"


def _flat(grants: Sequence[tuple[str, str]]) -> list[str]:
    return [word for grant in grants for word in grant]


def _is_done(*command: str | Path) -> bool:
    """Run one of Windows' own programs, without a window; whether it says that it is done."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_PATIENCE_S,
            creationflags=subprocess.CREATE_NO_WINDOW,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
