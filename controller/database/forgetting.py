"""This file lets old rows go, a small share at a time, and only what a sound copy holds."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import Column, Connection, Select, create_engine, delete, func, select
from sqlalchemy.pool import NullPool

from controller.database.facts import fact_of, set_fact
from controller.database.reading import count_of
from controller.database.scope import everywhere
from controller.database.witnesses import DAY_MS
from protocol.shapes import from_json

PUPILS: Final = "pupils"  # the term of what is kept of pupils
SHARE: Final = 0.05  # of all rows, within a day; but a day's worth at least


class Term(NamedTuple):
    """For how long rows are kept, by these moments of theirs."""

    name: str
    ages: Sequence[Column[int]]
    keep_days: int


class Step(NamedTuple):
    """What of a term goes next: so many rows, all that are of before."""

    term: Term
    before_ms: int
    rows: int


class _Day(NamedTuple):
    """How much of a term went since then. before_ms: all that is of before has gone."""

    since_ms: int = 0
    rows: int = 0
    before_ms: int = 0


def next_step(db: Connection, term: Term, horizon_ms: int, now_ms: int) -> Step | None:
    """The oldest day's worth of what is before the horizon; None if nothing may go now."""
    oldest_ms = min(_oldest(db, term), default=horizon_ms)
    if oldest_ms >= horizon_ms:
        return None
    before_ms = min(horizon_ms, oldest_ms + DAY_MS)
    rows = sum(_count(db, age, before_ms) for age in term.ages)
    gone = _today(db, term, now_ms).rows
    total = sum(count_of(db, age.table) for age in term.ages)
    is_too_much = gone > 0 and gone + rows > total * SHARE
    return None if is_too_much else Step(term, before_ms, rows)


def is_due(db: Connection, term: Term, now_ms: int) -> bool:
    """Whether anything is older than its term, by this time."""
    return any(oldest_ms < now_ms - term.keep_days * DAY_MS for oldest_ms in _oldest(db, term))


def forget(db: Connection, step: Step, now_ms: int) -> None:
    """Let it go, and note how much that was."""
    forget_before(db, step.term.ages, step.before_ms)
    today = _today(db, step.term, now_ms)
    before_ms = max(step.before_ms, today.before_ms)
    noted = today._replace(rows=today.rows + step.rows, before_ms=before_ms)
    set_fact(db, _fact(step.term.name), msgspec.json.encode(noted).decode())


def forget_before(db: Connection, ages: Iterable[Column[int]], before_ms: int) -> int:
    """Let all go that is of before, by these moments; how many rows that were."""
    gone = (delete(age.table).where(everywhere(age.table), age < before_ms) for age in ages)
    return sum(db.execute(statement).rowcount for statement in gone)


def is_copied(db: Connection, copy: Path, step: Step) -> bool:
    """Whether the copy holds all that is to go. Raises sqlite3.Error, SQLAlchemyError."""
    with _opened(copy) as held:
        return all(
            _rows(db, age, step.before_ms) <= _rows(held, age, step.before_ms)
            for age in step.term.ages
        )


def forgotten_before(db: Connection, term: str) -> int:
    """Up to when rows of this term have gone, in ms; 0 while none have."""
    return _noted(db, term).before_ms


def _today(db: Connection, term: Term, now_ms: int) -> _Day:
    day = _noted(db, term.name)
    is_today = 0 <= now_ms - day.since_ms < DAY_MS
    return day if is_today else _Day(now_ms, before_ms=day.before_ms)


def _noted(db: Connection, term: str) -> _Day:
    noted = fact_of(db, _fact(term))
    return from_json(noted, _Day) if noted else _Day()


def _fact(term: str) -> str:
    return f"forgotten_{term}"


def _oldest(db: Connection, term: Term) -> list[int]:
    moments = (_first(db, age) for age in term.ages)
    return [moment for moment in moments if moment is not None]


def _first(db: Connection, age: Column[int]) -> int | None:
    return db.execute(select(func.min(age)).where(everywhere(age.table))).scalar()


def _count(db: Connection, age: Column[int], before_ms: int) -> int:
    query = select(func.count()).select_from(age.table).where(everywhere(age.table))
    return int(db.execute(query.where(age < before_ms)).scalar_one())


def _rows(db: Connection, age: Column[int], before_ms: int) -> set[tuple[Any, ...]]:
    query: Select[Any] = select(*age.table.primary_key, age).where(everywhere(age.table))
    return {tuple(row) for row in db.execute(query.where(age < before_ms))}


@contextmanager
def _opened(copy: Path) -> Iterator[Connection]:
    uri = f"{copy.absolute().as_uri()}?mode=ro"
    connect: Callable[[], sqlite3.Connection] = lambda: sqlite3.connect(uri, uri=True)  # noqa: E731
    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
    try:
        with closing(engine.connect()) as held:
            yield held
    finally:
        engine.dispose()
