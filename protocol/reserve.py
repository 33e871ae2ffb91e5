"""This file holds room on the disk, to be given back at the moment when the disk is full."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

MIB: Final = 1 << 20


class Reserve:
    """A file that is worth nothing but its room. size_mib: 0 for none."""

    def __init__(self, path: Path, size_mib: int) -> None:
        self._path = path
        self._size_mib = size_mib

    def make(self) -> None:
        """Take the room, if it is not held and the disk has it."""
        if self._path.exists() or not self._size_mib:
            return
        try:
            with self._path.open("wb", buffering=0) as file:
                for _ in range(self._size_mib):
                    file.write(os.urandom(MIB))  # nothing that a file system could make smaller
        except OSError:
            self.free()

    def free(self) -> bool:
        """Give the room back; False if it was not held."""
        with contextlib.suppress(OSError):
            self._path.unlink()
            return True
        return False
