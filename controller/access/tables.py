"""This file holds the table of who looked at pupils' marks."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Table

from controller.database.schema import NUMBER, metadata, millis_column, place_columns, text_column

accesses: Final = Table(
    "looks",
    metadata,
    Column("no", NUMBER, primary_key=True),
    *place_columns(),
    text_column("session"),
    text_column("what"),
    text_column("subject"),
    millis_column("at_ms"),
    sqlite_autoincrement=True,
)
