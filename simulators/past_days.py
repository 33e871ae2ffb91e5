"""This file lets a played department's figures reach back: days before the first that it kept.

It writes into the table of those days (controller/history/tables.py), as a department that had been
at work so long would have; no program of a school's does.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

DAY_MS: Final = 86_400_000
_PATIENCE_S: Final = 30.0  # while the department writes
_GROWS: Final = (2, 3, 4)  # of a type's counts: complete, verified, managed
_A_DAY: Final = 0.025  # so much of it was done each day
_COLUMNS: Final = "province, day, as_of_ms, figures"


def write_past_days(database: Path, days: int) -> int:
    """Write so many days before the first that is kept; how many. Raises sqlite3.Error."""
    with closing(sqlite3.connect(database, timeout=_PATIENCE_S)) as db, db:
        row = db.execute(f"SELECT {_COLUMNS} FROM history_days ORDER BY day LIMIT 1").fetchone()  # noqa: S608 - ours
        if row is None:
            return 0
        province, day, as_of_ms, packed = row
        first = msgspec.json.decode(zlib.decompress(packed))
        rows = [
            (province, figures["day"], figures["as_of_ms"],
             zlib.compress(msgspec.json.encode(figures)))
            for figures in _days_before(first, date.fromisoformat(day), as_of_ms, days)
        ]  # fmt: skip
        db.executemany(f"INSERT INTO history_days ({_COLUMNS}) VALUES (?, ?, ?, ?)", rows)  # noqa: S608 - ours
        return len(rows)


def _days_before(
    first: dict[str, Any], day: date, as_of_ms: int, days: int
) -> Iterator[dict[str, Any]]:
    for back in range(1, days + 1):
        schools = [_school_before(school, back) for school in first["schools"]]
        before = {"day": (day - timedelta(days=back)).isoformat(), "schools": schools}
        yield {**first, **before, "as_of_ms": as_of_ms - back * DAY_MS}


def _school_before(school: Sequence[Any], back: int) -> list[Any]:
    *told, types = school
    return [*told, {type_: _counts_before(counts, back) for type_, counts in types.items()}]


def _counts_before(counts: Sequence[int], back: int) -> list[int]:
    share = max(0.0, 1 - _A_DAY * back)
    return [int(count * share) if at in _GROWS else count for at, count in enumerate(counts)]
