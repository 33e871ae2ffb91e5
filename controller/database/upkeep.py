"""This file keeps the database well: daily copies, forgetting in time, and a way back."""

from __future__ import annotations

import asyncio
import logging
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from controller.database.store import Store, StoreError
from protocol.folder import OWNER_ONLY, whole_file

_LOGGER = logging.getLogger(__name__)

DAY_MS: Final = 86_400_000
Forget = Callable[[Connection, int], int]
LOOK_EVERY_S: Final = 3600.0


async def keep_up(
    store: Store,
    backups: Path,
    *,
    forget: Forget,
    forget_pupils: Forget,
    keep_days: int,
    attendance_keep_days: int,
    keep_backups: int,
    now_ms: Callable[[], int],
) -> None:
    """Copy and forget once a day, until cancelled."""
    while True:
        day = datetime.fromtimestamp(now_ms() / 1000, UTC).date().isoformat()
        try:
            await asyncio.to_thread(_copy, store, backups, day, keep_backups)
            forgotten = await asyncio.to_thread(store.write, forget, now_ms() - keep_days * DAY_MS)
            await asyncio.to_thread(
                store.write, forget_pupils, now_ms() - attendance_keep_days * DAY_MS
            )
        except (StoreError, OSError) as error:
            _LOGGER.warning("upkeep put off: %s", error)
        else:
            if forgotten:
                _LOGGER.info("forgot %d rows older than %d days", forgotten, keep_days)
        await asyncio.sleep(LOOK_EVERY_S)


def repair(database: Path, backups: Path, stamp: str) -> Path | None:
    """Put a damaged SQLite file aside and the newest sound copy in its place.

    Returns the copy that was used; None if there is none, and the database then starts empty.
    stamp: what the damaged file's new name ends in. Raises OSError.
    """
    for suffix in ("", "-wal", "-shm"):
        part = database.with_name(database.name + suffix)
        if part.exists():
            part.rename(part.with_name(f"{part.name}.damaged-{stamp}"))
    for copy in sorted(backups.glob("lophoc-*.db"), reverse=True):
        if is_sound(copy):
            with copy.open("rb") as sound, whole_file(database, OWNER_ONLY) as file:
                shutil.copyfileobj(sound, file)
            _begin_feed(database)
            return copy
    return None


def _begin_feed(database: Path) -> None:
    """Numbers of changes come again in an old copy: whoever pulls must begin anew."""
    with closing(sqlite3.connect(database)) as db, suppress(sqlite3.DatabaseError):
        db.execute("DELETE FROM facts WHERE name = 'feed_id'")
        db.commit()


def is_sound(database: Path) -> bool:
    """Whether SQLite finds no fault in the file."""
    try:
        db = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
        try:
            return bool(db.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")
        finally:
            db.close()
    except sqlite3.DatabaseError:
        return False


def _copy(store: Store, backups: Path, day: str, keep: int) -> None:
    if keep == 0:
        return
    backups.mkdir(exist_ok=True)
    target = backups / f"lophoc-{day}.db"
    if not target.exists():
        store.back_up(target)
    for old in sorted(backups.glob("lophoc-*.db"))[:-keep]:
        old.unlink()
