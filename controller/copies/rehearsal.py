"""This file tries a restore from the second place, so that nobody finds out too late."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Final

from msgspec import structs

from controller.config import ControllerConfig
from controller.copies.content import COPIES
from controller.copies.copying import base_file, sqlite_of
from controller.copies.errors import CopyError
from controller.copies.keys import Key, key_in
from controller.copies.restore import Restored, candidates_at, restore_into
from controller.copies.sealed import damaged
from controller.copies.shelf import shelf_at
from controller.copies.standing import (
    Rehearsal,
    keep_rehearsal,
    trouble_of,
)
from protocol.folder import LEAST_BYTES, lock_folder
from protocol.settings import SettingsError
from protocol.words import N_

_SIZES: Final = 4  # how many times a copy's own size its content may be


def rehearse(config: ControllerConfig, place: str, now_ms: int) -> Rehearsal:
    """Restore the newest copy into a folder that is thrown away, and remember how it went.

    After a failure the place's next copy is a full one. Raises OSError where that cannot be kept.
    """
    folder = config.data / COPIES
    with lock_folder(folder):
        rehearsal = Rehearsal(at_ms=now_ms, place=place)
        try:
            restored = _tried(config, place)
        except (CopyError, SettingsError, OSError) as error:
            rehearsal = structs.replace(rehearsal, trouble=trouble_of(error))
        else:
            rehearsal = _figures(rehearsal, restored)
        if rehearsal.trouble:
            base_file(config, place).unlink(missing_ok=True)
        keep_rehearsal(folder, rehearsal)
        return rehearsal


def _tried(config: ControllerConfig, place: str) -> Restored:
    with shelf_at(config, place).within_reach() as shelf:
        return _tried_from(config, shelf)


def _tried_from(config: ControllerConfig, shelf: Path) -> Restored:
    folder = config.data / COPIES
    key = key_in(folder)
    candidates = candidates_at(shelf)
    if key is None or not candidates:
        raise damaged("")
    _check_room(config, candidates[0].full)
    identity = key.identity
    with tempfile.TemporaryDirectory(dir=folder, prefix="rehearsal-") as rehearsed:
        part = Path(rehearsed) / "data"
        return restore_into(part, candidates, lambda wrapped: Key(identity, wrapped))


def _figures(rehearsal: Rehearsal, restored: Restored) -> Rehearsal:
    manifest = restored.manifest
    return structs.replace(
        rehearsal,
        file=restored.candidate.newest.name,
        made_ms=manifest.made_ms,
        tables=len(manifest.rows),
        rows=sum(manifest.rows.values()),
        trouble=trouble_of(damaged(restored.passed_over[0])) if restored.passed_over else None,
    )


def _check_room(config: ControllerConfig, full: Path) -> None:
    """Refuse to fill the disk that the database needs. Raises CopyError."""
    database = sqlite_of(config)
    size = database.stat().st_size if database else full.stat().st_size * _SIZES
    if shutil.disk_usage(config.data).free < 2 * size + 4 * LEAST_BYTES:
        raise CopyError(
            "no_room_to_test",
            N_("There is no room on the server's disk to try a restore."),
            N_("Free some space; the copies themselves are made as ever."),
        )
