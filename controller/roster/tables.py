"""This file holds the tables of what the school plans."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Integer, Table, Text

from controller.database.schema import metadata, millis_column, school_key, text_column

classes: Final = Table(
    "classes",
    metadata,
    *school_key(),
    Column("code", Text, primary_key=True),
    text_column("room"),  # where it learns when the timetable says nothing; empty: not known
)


pupils: Final = Table(
    "pupils",
    metadata,
    *school_key(),
    Column("class", Text, primary_key=True),
    Column("student", Text, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("name", Text),  # only where the school chose to keep names
)


bells: Final = Table(
    "bells",
    metadata,
    *school_key(),
    Column("period", Integer, primary_key=True),
    Column("weekdays", Text, primary_key=True),  # ISO 8601 digits, such as 123456
    text_column("begins"),
    text_column("ends"),
)


terms: Final = Table(
    "terms",
    metadata,
    *school_key(),
    Column("begins", Text, primary_key=True),
    text_column("ends"),
    text_column("name"),
)


holidays: Final = Table(
    "holidays",
    metadata,
    *school_key(),
    Column("begins", Text, primary_key=True),
    text_column("ends"),
    text_column("name"),
)


bookings: Final = Table(
    "bookings",
    metadata,
    *school_key(),
    Column("room", Text, primary_key=True),
    Column("weekday", Integer, primary_key=True),
    Column("period", Integer, primary_key=True),
    Column("weeks", Text, primary_key=True),
    text_column("classes"),  # JSON
    text_column("subject"),
    text_column("teacher"),
)


letters: Final = Table(
    "letters",
    metadata,
    *school_key(),
    Column("status", Text, primary_key=True),
    text_column("letter"),
)


door_cards: Final = Table(
    "door_cards",
    metadata,
    *school_key(),
    Column("serial", Text, primary_key=True),  # hex
    text_column("student"),
    millis_column("made_ms"),
    millis_column("revoked_ms", nullable=True),
)


door_keys: Final = Table(
    "door_keys",
    metadata,
    *school_key(),
    Column("version", Integer, primary_key=True, autoincrement=False),
    text_column("key"),  # hex
    millis_column("made_ms"),
)
