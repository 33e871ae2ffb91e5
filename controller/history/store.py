"""This file keeps the figures of days, and lets go of those that the rule does not keep.

Every function works in a transaction of the store's: `view` to read, `write` to write.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
from sqlalchemy import Connection, delete, select

from controller.database.scope import in_province
from controller.database.writing import Writing, write
from controller.history.day import DayFigures, kept_days
from controller.history.tables import history_days
from protocol.shapes import json_decoder

_day: Final = json_decoder(DayFigures)


def keep_day(db: Connection, province: str, figures: DayFigures) -> list[str]:
    """Keep a day in place of what was kept of it before; returns the days that were let go."""
    packed = zlib.compress(msgspec.json.encode(figures))
    row = (province, figures.day, figures.as_of_ms, packed)
    write(db, history_days, [row], Writing.UPSERT)
    days = days_of(db, province)
    gone = sorted({*days} - kept_days(days))
    if gone:
        old = history_days.c.day.in_(gone)
        db.execute(delete(history_days).where(in_province(history_days, province), old))
    return gone


def days_of(db: Connection, province: str) -> list[str]:
    """The days of which figures are kept, in order."""
    query = select(history_days.c.day).where(in_province(history_days, province))
    return [*db.execute(query.order_by(history_days.c.day)).scalars()]


def figures_on(db: Connection, province: str, days: Iterable[str]) -> Iterator[DayFigures]:
    """The figures of these days, one after another."""
    for day in days:
        query = select(history_days.c.figures).where(
            in_province(history_days, province), history_days.c.day == day
        )
        if (packed := db.execute(query).scalar_one_or_none()) is not None:
            yield _day.decode(zlib.decompress(packed))
