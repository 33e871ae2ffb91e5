"""This program is killed between any two steps of a write, once for each step (SIGKILL).

Arguments: a folder. It makes one folder below for each step, and prints how many died.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from protocol.folder import OWNER_ONLY, write_whole

OLDER, OLD, NEW = b"older" * 5000, b"old" * 5000, b"new" * 5000
NAME, BACKUP = "agents.json", "agents.json.bak"


def prepare(folder: Path) -> None:
    """A file, and the one that stood there before."""
    folder.mkdir()
    write_whole(folder / NAME, OLDER, OWNER_ONLY)
    write_whole(folder / NAME, OLD, OWNER_ONLY, backup=folder / BACKUP)


def write_until(step: int, folder: Path) -> None:
    """Write, and die at the step: every call of the interpreter or the system is one."""
    steps = 0

    def die_in_time(_frame: object, event: str, _argument: object) -> None:
        nonlocal steps
        if event in {"c_call", "c_return"}:
            steps += 1
            if steps == step:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(die_in_time)
    write_whole(folder / NAME, NEW, OWNER_ONLY, backup=folder / BACKUP)
    sys.setprofile(None)


def main(above: Path) -> int:
    """Die at step 1, 2, 3 ... until a process lives."""
    step = 0
    while True:
        step += 1
        folder = above / f"{step:04}"
        prepare(folder)
        if (pid := os.fork()) == 0:
            write_until(step, folder)
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        if status == 0:
            return step - 1
        assert os.WTERMSIG(status) == signal.SIGKILL


if __name__ == "__main__":
    print(main(Path(sys.argv[1])))  # noqa: T201 - a program's answer
