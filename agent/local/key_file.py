"""This file leaves the door's key for the teacher's programs, where nobody else reads it."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from agent.supervision import Unavailable
from protocol.door_key import key_file, own_folder
from protocol.folder import OWNER_ONLY, write_whole
from protocol.health import ReasonCode
from protocol.model import Reason, Status

_OWNER_AND_GROUP: Final = OWNER_ONLY | stat.S_IRGRP


@contextmanager
def key_left(
    key: str, port: int, folder: str, group: str, environ: Mapping[str, str] = os.environ
) -> Iterator[None]:
    """The key in its file for as long as the block runs.

    Raises Unavailable where the folder is somebody else's or takes no file, or knows no such group.
    """
    path = key_file(Path(folder) if folder else own_folder(environ), port)
    try:
        _leave(key, path, group)
    except (OSError, LookupError) as error:
        message = f"no key can be left at {path} ({error}): the teacher's window stays shut"
        finding = Status.WARNING, Reason(ReasonCode.DOOR_KEY)
        raise Unavailable(message, finding) from error
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
    if os.name == "nt":
        return True
    found = folder.stat()
    return found.st_uid in {0, os.geteuid()} and not found.st_mode & stat.S_IWOTH


def _take_away(key: str, path: Path) -> None:
    """Unless another start has left its own by now."""
    with suppress(OSError):
        if path.read_bytes() == key.encode():
            path.unlink()
