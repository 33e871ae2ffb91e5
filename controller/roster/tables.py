"""This file holds the tables of what the school plans."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Integer, Table

from controller.database.schema import flags, keys, longs, metadata, numbers, texts

classes: Final = Table(
    "classes",
    metadata,
    *keys("province", "school", "code"),
    *texts("room"),  # where it learns when the timetable says nothing; empty: not known
)


pupils: Final = Table(
    "pupils",
    metadata,
    *keys("province", "school", "class", "student"),
    *numbers("number"),
    *texts("name", nullable=True),  # only where the school chose to keep names
)


class_members: Final = Table(
    "class_members",
    metadata,
    *keys("province", "school", "class_code", "student", "since"),  # the first local day
    *numbers("number"),
    *texts("name", nullable=True),  # as in pupils
    *texts("until", nullable=True),  # the first local day that is none any more
    *longs("ended_ms", nullable=True),
)


bells: Final = Table(
    "bells",
    metadata,
    *keys("province", "school"),
    Column("period", Integer, primary_key=True),
    *keys("weekdays"),  # ISO 8601 digits, such as 123456
    *texts("begins", "ends"),
)


terms: Final = Table(
    "terms",
    metadata,
    *keys("province", "school", "begins"),
    *texts("ends", "name"),
)


holidays: Final = Table(
    "holidays",
    metadata,
    *keys("province", "school", "begins"),
    *texts("ends", "name"),
)


bookings: Final = Table(
    "bookings",
    metadata,
    *keys("province", "school", "room"),
    Column("weekday", Integer, primary_key=True),
    Column("period", Integer, primary_key=True),
    *keys("weeks"),
    *texts("classes", "subject", "teacher"),  # JSON: classes
)


past_schedules: Final = Table(
    "past_schedules",
    metadata,
    *keys("province", "school", "part", "until"),  # until: a local minute, yyyy-mm-ddThh:mm
    *texts("lines"),  # JSON: bells, terms, holidays or bookings as they were
)


letters: Final = Table(
    "letters",
    metadata,
    *keys("province", "school", "status"),
    *texts("letter"),
)


door_cards: Final = Table(
    "door_cards",
    metadata,
    *keys("province", "school"),
    *keys("serial"),  # hex
    *texts("student"),
    *longs("made_ms"),
    *longs("revoked_ms", nullable=True),
)


door_keys: Final = Table(
    "door_keys",
    metadata,
    *keys("province", "school"),
    Column("version", Integer, primary_key=True, autoincrement=False),
    *texts("key"),  # hex
    *longs("made_ms"),
    *flags("in_rooms"),  # given to every room, as before rooms knew cards by fingerprints
)


plan_imports: Final = Table(
    "plan_imports",
    metadata,
    *keys("province", "school"),
    Column("no", Integer, primary_key=True, autoincrement=False),
    *texts("part", "who", "file"),
    *longs("at_ms"),
    *texts("was", "became"),  # JSON: the lists or the schedule before and after
    *longs("undone_ms", nullable=True),
)
