"""This file gives each program a small disk of its own, in names that only this play sees."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

APART: Final = "LEDGER_APART"  # set in the play that has names of its own
SIZE_MB: Final = 96
_UNSHARE: Final = ("unshare", "--map-root-user", "--mount")  # no right is needed
_FILL: Final = "fill"


def go_apart(arguments: Sequence[str]) -> None:
    """Become the same play with names of its own, where this system gives them; else go on."""
    if is_apart() or not can_go_apart():
        return
    command = [*_UNSHARE, sys.executable, "-m", "simulators", *arguments]
    os.execvpe(command[0], command, os.environ | {APART: "1"})  # noqa: S606 - ourselves


def is_apart() -> bool:
    """Whether this play has names of its own."""
    return APART in os.environ


def can_go_apart() -> bool:
    """Whether a user may mount a disk that is seen by the user's own programs alone."""
    if shutil.which(_UNSHARE[0]) is None or shutil.which("mount") is None:
        return False
    return not subprocess.run([*_UNSHARE, "true"], capture_output=True, check=False).returncode


class SmallDisk:
    """A disk in memory at a folder; an ordinary folder where nothing may be mounted.

    more_mb: beside what programs of one seed need, such as what those before them leave there.
    """

    def __init__(self, folder: Path, more_mb: int = 0) -> None:
        self.folder = folder
        self._size_mb = SIZE_MB + more_mb
        self.is_own = is_apart()

    def mount(self) -> None:
        """Begin with an empty disk."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.is_own:
            options = f"size={self._size_mb}m"
            command = ["mount", "-t", "tmpfs", "-o", options, "lophoc", str(self.folder)]
            subprocess.run(command, check=True)

    def unmount(self) -> None:
        """Let go of the disk."""
        if self.is_own:
            subprocess.run(["umount", "--lazy", str(self.folder)], check=False)

    def fill(self) -> None:
        """Write until nothing more can be written."""
        with (self.folder / _FILL).open("wb", buffering=0) as file:
            for size in (1 << 20, 1 << 10):
                with suppress(OSError):
                    while True:
                        file.write(bytes(size))

    def clear(self) -> None:
        """Make room."""
        (self.folder / _FILL).unlink(missing_ok=True)
