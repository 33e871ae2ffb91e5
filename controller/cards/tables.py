"""This file holds the tables of door cards and the keys that sign them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Integer, Table, Text

from controller.database.schema import metadata, millis_column, school_key, text_column

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
