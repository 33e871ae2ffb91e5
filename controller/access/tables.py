"""This file holds the table of who looked at pupils' marks."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Table

from controller.database.schema import NUMBER, longs, metadata, texts

accesses: Final = Table(
    "looks",
    metadata,
    Column("no", NUMBER, primary_key=True),
    *texts("province", "school", "session", "what", "subject"),
    *longs("at_ms"),
    sqlite_autoincrement=True,
)
