"""This file leaves a door's key for programs of the same account, where nobody else reads it."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from protocol.folder import OWNER_ONLY, write_whole

_OWNER_AND_GROUP: Final = OWNER_ONLY | stat.S_IRGRP


@contextmanager
def left_key(key: str, path: Path, group: str = "") -> Iterator[None]:
    """The key in its file for as long as the block runs.

    Raises OSError where the folder is somebody else's or takes no file, LookupError where the
    machine knows no such group.
    """
    _leave(key, path, group)
    try:
        yield
    finally:
        _take_away(key, path)


def _leave(key: str, path: Path, group: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not _is_safe(path.parent):
        raise PermissionError("the folder is another account's")
    write_whole(path, key.encode(), OWNER_ONLY)
    if group:
        shutil.chown(path, group=group)
        path.chmod(_OWNER_AND_GROUP)


def _is_safe(folder: Path) -> bool:
    """Whether nobody else can put a file of theirs in this one's place."""
    if sys.platform == "win32":
        return True
    found = folder.stat()
    return found.st_uid in {0, os.geteuid()} and not found.st_mode & stat.S_IWOTH


def _take_away(key: str, path: Path) -> None:
    """Unless another start has left its own by now."""
    with suppress(OSError):
        if path.read_bytes() == key.encode():
            path.unlink()
