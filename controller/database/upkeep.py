"""This file keeps the database well: daily copies, forgetting in time, and a way back."""

from __future__ import annotations

import asyncio
import logging
import re
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from controller.database.clock import DAY_MS, GuardedClock, keep_mark
from controller.database.engine import COPIES
from controller.database.store import Store, StoreError

_LOGGER = logging.getLogger(__name__)

Forget = Callable[[Connection, int], int]
LOOK_EVERY_S: Final = 3600.0
_NUMBERED: Final = re.compile(r"lophoc-([0-9]{6,})-[0-9]{4}-[0-9]{2}-[0-9]{2}\.db")


async def keep_up(
    store: Store,
    backups: Path,
    *,
    forget: Forget,
    forget_pupils: Forget,
    keep_days: int,
    attendance_keep_days: int,
    keep_backups: int,
    clock: GuardedClock,
) -> None:
    """Copy and forget once a day, until cancelled; nothing is forgotten by a doubted clock."""
    terms = ((forget, keep_days), (forget_pupils, attendance_keep_days))
    while True:
        try:
            await asyncio.to_thread(store.write, keep_mark, clock)
            sound = await asyncio.to_thread(_copy, store, backups, clock.look(), keep_backups)
            if not clock.believed:
                _LOGGER.warning("the clock is in doubt: nothing old is forgotten")
            elif sound:
                await asyncio.to_thread(_forget, store, clock.look(), terms)
        except (StoreError, OSError) as error:
            _LOGGER.warning("upkeep put off: %s", error)
        await asyncio.sleep(LOOK_EVERY_S)


def _forget(store: Store, now_ms: int, terms: Iterable[tuple[Forget, int]]) -> None:
    for forget, days in terms:
        if gone := store.write(forget, now_ms - days * DAY_MS):
            _LOGGER.info("forgot %d rows older than %d days", gone, days)


def copies_in(backups: Path) -> list[Path]:
    """The copies, the oldest first: by their number, for a clock may have been wrong."""
    return sorted(backups.glob(COPIES), key=lambda path: (_number_of(path), path.name))


def _number_of(copy: Path) -> int:
    """Its place among the copies; those of before had none."""
    number = _NUMBERED.fullmatch(copy.name)
    return int(number[1]) if number else 0


def is_sound(database: Path) -> bool:
    """Whether the file holds a database in which SQLite finds no fault."""
    try:
        if not database.stat().st_size:
            return False
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as db:
            return bool(db.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")
    except (OSError, sqlite3.DatabaseError):
        return False


def _copy(store: Store, backups: Path, now_ms: int, keep: int) -> bool:
    """Make the day's copy if it lacks; whether it is sound, or none is to be made here."""
    if keep == 0 or not store.is_file:
        return True
    backups.mkdir(exist_ok=True)
    day = datetime.fromtimestamp(now_ms / 1000, UTC).date().isoformat()
    copies = copies_in(backups)
    if not copies or not copies[-1].name.endswith(f"{day}.db"):
        number = _number_of(copies[-1]) + 1 if copies else 1
        copies.append(backups / f"lophoc-{number:06}-{day}.db")
        store.back_up(copies[-1])
    for old in copies[:-keep]:
        old.unlink()
    return is_sound(copies[-1])
