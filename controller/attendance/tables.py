"""This file holds the tables of lessons, rolls and marks."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Index, Integer, Table, Text, UniqueConstraint

from controller.database.schema import (
    NUMBER,
    flag_column,
    metadata,
    millis_column,
    place_columns,
    text_column,
)

marks: Final = Table(
    "marks",
    metadata,
    Column("no", NUMBER, primary_key=True),
    *place_columns(),
    text_column("agent"),
    text_column("room"),
    text_column("event_id"),
    text_column("student"),
    text_column("status"),
    text_column("method"),
    Column("lesson", Text),
    text_column("day"),
    millis_column("at_ms"),
    millis_column("received_ms"),
    Column("class_code", Text),
    text_column("actor"),
    text_column("why"),
    text_column("before"),
    text_column("hash"),
    flag_column("erased"),
    UniqueConstraint("event_id", name="marks_id"),
    Index("marks_day", "day", "no"),
    Index("marks_lesson", "lesson"),
    sqlite_autoincrement=True,
)


rolls: Final = Table(
    "rolls",
    metadata,
    Column("no", NUMBER, primary_key=True),
    *place_columns(),
    text_column("agent"),
    text_column("room"),
    text_column("event_id"),
    flag_column("reopened"),
    text_column("lesson"),
    text_column("day"),
    text_column("classes"),  # JSON
    Column("period", Integer),
    text_column("subject"),
    text_column("lines"),  # JSON
    text_column("actor"),
    text_column("before"),
    text_column("hash"),
    Column("erased", Integer, nullable=False),
    millis_column("at_ms"),
    millis_column("received_ms"),
    UniqueConstraint("event_id", name="rolls_id"),
    Index("rolls_lesson", "lesson"),
    Index("rolls_day", "day"),
    sqlite_autoincrement=True,
)


lessons: Final = Table(
    "lessons",
    metadata,
    Column("province", Text, primary_key=True),
    Column("school", Text, primary_key=True),
    Column("agent", Text, primary_key=True),
    Column("lesson", Text, primary_key=True),
    text_column("room"),
    text_column("classes"),  # JSON
    Column("period", Integer),
    text_column("subject"),
    flag_column("substitute"),
    text_column("day"),
    millis_column("began_ms", nullable=True),
    millis_column("ended_ms", nullable=True),
    Column("how", Text),
    flag_column("confirmed"),
    text_column("counts"),  # JSON
    Index("lessons_day", "day"),
)
