"""This file keeps the database well: daily copies, forgetting in time, and a way back."""

from __future__ import annotations

import asyncio
import logging
import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from enum import StrEnum
from pathlib import Path
from typing import Final

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from controller.database.clock import GuardedClock, keep_mark
from controller.database.engine import COPIES
from controller.database.forgetting import Step, Term, forget, is_copied, is_due, next_step
from controller.database.store import Store, StoreError
from controller.database.witnesses import DAY_MS
from protocol.model import instant
from protocol.state_log import StateLog

_LOGGER = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 3600.0
LOOK_AGAIN_S: Final = 300.0  # while nobody vouches for the time: rooms may have connected since
OVERDUE_MS: Final = 7 * DAY_MS  # what waits for so long is worth a word
_NUMBERED: Final = re.compile(r"lophoc-([0-9]{6,})-[0-9]{4}-[0-9]{2}-[0-9]{2}\.db")


class Held(StrEnum):
    """Why something old is not let go though its term is over."""

    NOTHING = ""
    UNVOUCHED = "forgetting_unvouched"
    UNCOPIED = "forgetting_uncopied"


class Upkeep:
    """Copies the database once a day and lets go what is old. held: what stands in its way."""

    def __init__(
        self,
        store: Store,
        backups: Path,
        terms: Sequence[Term],
        clock: GuardedClock,
        *,
        keep_backups: int,
    ) -> None:
        self._store = store
        self._copies = Copies(store, backups, keep_backups)
        self._terms = terms
        self._clock = clock
        self._vouched = False
        self.held = Held.NOTHING
        self._trouble = StateLog(_LOGGER, "upkeep put off")

    async def run(self) -> None:
        """Do it every hour, or soon again while nothing may go, until cancelled."""
        while True:
            try:
                self.held = await asyncio.to_thread(self.look_after)
                self._trouble.went_well()
            except (StoreError, OSError, sqlite3.Error, SQLAlchemyError) as error:
                self._trouble.failed(error)
            await asyncio.sleep(LOOK_EVERY_S if self._vouched else LOOK_AGAIN_S)

    def look_after(self) -> Held:
        """Copy and forget what is due now. Raises StoreError, OSError or a database's own error."""
        now_ms = self._clock.vouch()
        self._store.write(keep_mark, self._clock)
        self._copies.make_daily(self._clock.look())
        self._vouched = now_ms is not None
        if now_ms is None:
            overdue = self._store.read(self._is_any_overdue)
            return Held.UNVOUCHED if overdue and self._clock.believed else Held.NOTHING
        steps = (self._step(term, now_ms) for term in self._terms)
        held = [not self._take(step, now_ms) for step in steps if step]
        oldest_ms = now_ms - 2 * DAY_MS * max(term.keep_days for term in self._terms)
        self._clock.forget_spans(oldest_ms)
        return Held.UNCOPIED if any(held) else Held.NOTHING

    def _is_any_overdue(self, db: Connection) -> bool:
        due_ms = self._clock.look() - OVERDUE_MS
        return any(is_due(db, term, due_ms) for term in self._terms)

    def _step(self, term: Term, now_ms: int) -> Step | None:
        horizon_ms = self._clock.horizon(now_ms, term.keep_days)
        return self._store.read(next_step, term, horizon_ms, now_ms)

    def _take(self, step: Step, now_ms: int) -> bool:
        """Let it go, unless no copy holds it."""
        if not self._copies.hold(step, now_ms):
            _LOGGER.error("no sound copy holds what is to go: nothing is forgotten")
            return False
        self._store.write(forget, step, now_ms)
        _LOGGER.info("forgot %d rows older than %d days", step.rows, step.term.keep_days)
        return True


class Copies:
    """The copies of the database in a folder; keep: how many, 0 for none."""

    def __init__(self, store: Store, folder: Path, keep: int) -> None:
        self._store = store
        self._folder = folder
        self._keep = keep

    def make_daily(self, now_ms: int) -> None:
        """Make the day's copy if it lacks. Raises StoreError, OSError."""
        copies = copies_in(self._folder)
        if self._are_made() and not (copies and copies[-1].name.endswith(f"{_day(now_ms)}.db")):
            self.make(now_ms)

    def make(self, now_ms: int) -> None:
        """Make one more, and let the oldest go. Raises StoreError, OSError."""
        self._folder.mkdir(exist_ok=True)
        copies = copies_in(self._folder)
        number = _number_of(copies[-1]) + 1 if copies else 1
        copy = self._folder / f"lophoc-{number:06}-{_day(now_ms)}.db"
        self._store.back_up(copy)
        if not is_sound(copy):
            _LOGGER.error("the copy %s is not sound: the disk may be failing", copy)
            copy.unlink()
            return
        for old in [*copies, copy][: -self._keep]:
            old.unlink()

    def hold(self, step: Step, now_ms: int) -> bool:
        """Whether the newest one is sound and holds all that is to go, or a fresh one does."""
        if not self._are_made() or self._holds(step):
            return True
        self.make(now_ms)
        return self._holds(step)

    def _are_made(self) -> bool:
        return self._keep > 0 and self._store.is_file

    def _holds(self, step: Step) -> bool:
        copies = copies_in(self._folder)
        if not copies or not is_sound(copies[-1]):
            return False
        return self._store.read(is_copied, copies[-1], step)


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


def _day(now_ms: int) -> str:
    return instant(now_ms).date().isoformat()
