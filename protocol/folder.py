"""This file makes a program's own folder and holds it for one process alone."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from protocol.settings import SettingsError
from protocol.words import N_

if sys.platform != "win32":
    import fcntl

LOCK: Final = "lock"


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Make the folder, for its owner only, and hold it: two programs in one would lose both.

    Where the system knows no such locks (Windows), nothing is held. Raises SettingsError.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (folder / LOCK).open("w")
    except OSError as error:
        raise SettingsError(
            "data_unusable",
            N_("The folder {folder} cannot be used: {cause}."),
            N_("Choose another with --data, or change its owner."),
            folder=folder,
            cause=error.strerror,
        ) from error
    with lock:
        _lock(lock, folder)
        yield


def _lock(lock: IO[str], folder: Path) -> None:
    if sys.platform == "win32":
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise SettingsError(
            "data_in_use",
            N_("Another program is using the folder {folder}."),
            N_("Stop it first, or give this one its own folder with --data."),
            folder=folder,
        ) from error
