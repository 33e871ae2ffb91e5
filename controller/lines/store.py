"""This file keeps how lines did, a row for each school and day."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, select

from controller.database.changes import of_kind
from controller.database.reading import rows_of
from controller.database.scope import within
from controller.database.shape import Shape
from controller.database.writing import Writing, write
from controller.lines.line import LineDay
from controller.lines.tables import line_days
from protocol.model import Place

LINE_DAYS: Final = Shape(LineDay, line_days)


def keep(db: Connection, changes: Sequence[object], now_ms: int) -> None:
    """Keep the days of a batch, each in place of what was counted of it before."""
    del now_ms
    write(db, line_days, [*map(LINE_DAYS.row, of_kind(changes, LineDay))], Writing.UPSERT)


def days_since(db: Connection, scope: Place, day: str) -> list[LineDay]:
    """The days of the schools in a scope, from this one on."""
    query = select(line_days).where(within(line_days, scope), line_days.c.day >= day)
    return LINE_DAYS.records(rows_of(db, query.order_by(line_days.c.school, line_days.c.day)))
