"""This file holds the tables of messages that could not be taken, and of how many there were."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, LargeBinary, Table

from controller.database.schema import NUMBER, keys, longs, metadata, texts

quarantine: Final = Table(
    "quarantine",
    metadata,
    Column("no", NUMBER, primary_key=True),
    *texts("topic", "sender", "flaw", "detail"),
    *longs("size"),
    Column("raw", LargeBinary, nullable=False),  # of one that is too long, the first bytes only
    *longs("received_ms"),
    sqlite_autoincrement=True,
)


tallies: Final = Table(
    "tallies",
    metadata,
    *keys("name"),
    *longs("value"),
)
