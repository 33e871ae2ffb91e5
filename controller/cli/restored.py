"""This file lets a restored folder take the place of what stands in the controller's own.

It happens inside the folder, for a service may write nowhere else, and between two runs. A power
cut at any step loses nothing: the next start goes on where it was.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

from protocol.folder import LOCK, LOCK_END, lock_folder

_LOGGER = logging.getLogger(__name__)

RESTORING: Final = "restoring"  # while it is being made
RESTORED: Final = "restored"  # whole; what stands beside it is to be put aside
_MOVING: Final = "restored-moving"  # nothing old stands beside it any more
_ASIDE: Final = "before-restore-"


def take_restored(folder: Path) -> bool:
    """Put what is restored in place, if anything is; returns whether.

    Raises OSError, and SettingsError where another program works in the folder.
    """
    if not ((folder / RESTORED).is_dir() or (folder / _MOVING).is_dir()):
        return False
    with lock_folder(folder):
        _take_place(folder)
    _LOGGER.info("a restored folder has taken its place")
    return True


def _take_place(folder: Path) -> None:
    restored, moving = folder / RESTORED, folder / _MOVING
    if restored.is_dir():
        _put_aside(folder)
        restored.rename(moving)
    for path in sorted(moving.iterdir()):
        path.rename(folder / path.name)
    moving.rmdir()


def _put_aside(folder: Path) -> None:
    aside = _aside(folder)
    for path in sorted(folder.iterdir()):
        is_ours = path.name in {LOCK, LOCK + LOCK_END, RESTORED, RESTORING}
        if not (is_ours or path.name.startswith(_ASIDE)):
            aside.mkdir(mode=0o700, exist_ok=True)
            path.rename(aside / path.name)


def _aside(folder: Path) -> Path:
    """Where what stood there goes: the newest, while it goes on."""
    number = 1
    while (folder / f"{_ASIDE}{number}").exists():
        number += 1
    return folder / f"{_ASIDE}{number}"
