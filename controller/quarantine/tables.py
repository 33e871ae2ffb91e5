"""This file holds the tables of messages that could not be taken, and of how many there were."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, LargeBinary, Table, Text

from controller.database.schema import NUMBER, metadata, millis_column, text_column

quarantine: Final = Table(
    "quarantine",
    metadata,
    Column("no", NUMBER, primary_key=True),
    text_column("topic"),
    text_column("sender"),
    text_column("flaw"),
    text_column("detail"),
    Column("size", BigInteger, nullable=False),
    Column("raw", LargeBinary, nullable=False),  # of one that is too long, the first bytes only
    millis_column("received_ms"),
    sqlite_autoincrement=True,
)


tallies: Final = Table(
    "tallies",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)
