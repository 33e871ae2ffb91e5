"""This file keeps the database well: daily copies, forgetting in time, and a way back."""

from __future__ import annotations

import asyncio
import logging
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from sqlalchemy import Connection

from controller.database.clock import DAY_MS, GuardedClock, keep_mark
from controller.database.engine import COPIES
from controller.database.facts import fact_of, set_fact
from controller.database.store import Store, StoreError

_LOGGER = logging.getLogger(__name__)

Forget = Callable[[Connection, int], int]
LOOK_EVERY_S: Final = 3600.0
_NUMBERED: Final = re.compile(r"lophoc-([0-9]{6,})-[0-9]{4}-[0-9]{2}-[0-9]{2}\.db")


class Term(NamedTuple):
    """For how long something is kept, and what forgets it."""

    name: str
    forget: Forget
    keep_days: int


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
    """Copy once a day and forget, until cancelled; nothing is forgotten by a doubted clock."""
    terms = (
        Term("equipment", forget, keep_days),
        Term("pupils", forget_pupils, attendance_keep_days),
    )
    while True:
        try:
            await asyncio.to_thread(store.write, keep_mark, clock)
            sound = await asyncio.to_thread(_copy, store, backups, clock.look(), keep_backups)
            if not clock.believed:
                _LOGGER.warning("the clock is in doubt: nothing old is forgotten")
            elif sound:
                for term in terms:
                    await asyncio.to_thread(store.write, forget_some, term, clock.look())
        except (StoreError, OSError) as error:
            _LOGGER.warning("upkeep put off: %s", error)
        await asyncio.sleep(LOOK_EVERY_S)


def forget_some(db: Connection, term: Term, now_ms: int) -> None:
    """Forget what is due, a day's worth at the most: a wrong clock never takes much at once."""
    fact = f"forgotten_{term.name}_ms"
    due_ms, reached = now_ms - term.keep_days * DAY_MS, fact_of(db, fact)
    before_ms = min(due_ms, int(reached) + DAY_MS) if reached else due_ms
    if reached and before_ms <= int(reached):
        return
    if gone := term.forget(db, before_ms):
        _LOGGER.info("forgot %d rows older than %d days", gone, term.keep_days)
    set_fact(db, fact, str(before_ms))


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
    """Make the day's copy if it lacks; whether there is a sound one, or none is to be."""
    if keep == 0 or not store.is_file:
        return True
    backups.mkdir(exist_ok=True)
    day = datetime.fromtimestamp(now_ms / 1000, UTC).date().isoformat()
    copies = copies_in(backups)
    if not copies or not copies[-1].name.endswith(f"{day}.db"):
        number = _number_of(copies[-1]) + 1 if copies else 1
        copy = backups / f"lophoc-{number:06}-{day}.db"
        store.back_up(copy)
        if not is_sound(copy):
            _LOGGER.error("the copy %s is not sound: the disk may be failing", copy)
            copy.unlink()
            return False
        copies.append(copy)
    for old in copies[:-keep]:
        old.unlink()
    return True
