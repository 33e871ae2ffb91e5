"""This file holds the tables of lessons, rolls, marks and corrections."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Index, Table, UniqueConstraint

from controller.database.schema import NUMBER, flags, keys, longs, metadata, numbers, texts

marks: Final = Table(
    "marks",
    metadata,
    Column("no", NUMBER, primary_key=True),
    *texts("province", "school", "agent", "room", "event_id", "student", "status", "method"),
    *texts("lesson", nullable=True),
    *texts("day"),
    *longs("at_ms", "received_ms"),
    *texts("class_code", nullable=True),
    *texts("actor", "why", "before", "hash"),
    *flags("erased"),
    *longs("told_ms", nullable=True),
    *texts("teacher", "proof", nullable=True),  # where the school asks who corrects
    *longs("run", "seq"),
    UniqueConstraint("event_id", name="marks_id"),
    Index("marks_day", "day", "no"),
    Index("marks_lesson", "lesson"),
    sqlite_autoincrement=True,
)


rolls: Final = Table(
    "rolls",
    metadata,
    Column("no", NUMBER, primary_key=True),
    *texts("province", "school", "agent", "room", "event_id"),
    *flags("reopened"),
    *texts("lesson", "day", "classes"),  # JSON: classes
    *numbers("period", nullable=True),
    *texts("subject", "lines", "actor", "before", "hash"),  # JSON: lines
    *numbers("erased"),
    *longs("at_ms", "received_ms"),
    *longs("told_ms", nullable=True),
    *texts("told_day", nullable=True),
    *texts("teacher", "proof", nullable=True),  # where the school asks who confirms
    *longs("run", "seq"),
    UniqueConstraint("event_id", name="rolls_id"),
    Index("rolls_lesson", "lesson"),
    Index("rolls_day", "day"),
    sqlite_autoincrement=True,
)


erasure_proofs: Final = Table(
    "erasure_proofs",
    metadata,
    Column("no", NUMBER, primary_key=True),
    *texts("province", "school", "agent", "room", "event_id", "erasure"),
    *numbers("records", "left_files"),
    *texts("actor", "before", "hash"),
    *longs("at_ms", "received_ms"),
    *longs("told_ms", nullable=True),
    *longs("run", "seq"),
    UniqueConstraint("event_id", name="erasure_proofs_id"),
    sqlite_autoincrement=True,
)


corrections: Final = Table(
    "corrections",
    metadata,
    Column("no", NUMBER, primary_key=True),
    *texts("province", "school", "agent", "room", "event_id", "lesson", "day", "class_code"),
    *texts("student", "seen"),
    *texts("was", "status", nullable=True),
    *texts("reason", "note", "actor", "before", "hash"),
    *numbers("number"),
    *flags("erased"),
    *longs("received_ms"),
    UniqueConstraint("event_id", name="corrections_id"),
    UniqueConstraint("province", "school", "number", name="corrections_number"),
    Index("corrections_lesson", "lesson"),
    sqlite_autoincrement=True,
)


lessons: Final = Table(
    "lessons",
    metadata,
    *keys("province", "school", "agent", "lesson"),
    *texts("room", "classes"),  # JSON: classes
    *numbers("period", nullable=True),
    *texts("subject"),
    *flags("substitute"),
    *texts("day"),
    *longs("began_ms", "ended_ms", nullable=True),
    *texts("how", nullable=True),
    *flags("confirmed"),
    *texts("counts"),  # JSON
    *flags("estimated"),
    Index("lessons_day", "day"),
)
