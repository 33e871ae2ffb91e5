"""This file holds the table of messages: those that wait, and those that went."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Index, Table

from controller.database.schema import NUMBER, flags, longs, metadata, texts

alerts: Final = Table(
    "alerts",
    metadata,
    Column("no", NUMBER, primary_key=True),
    *texts("province", "school", "receiver", "about", "title", "text"),
    *longs("made_ms", "next_ms", "tries"),
    *texts("trouble"),
    *longs("sent_ms", nullable=True),
    *flags("dropped"),
    Index("alerts_about", "province", "school", "receiver", "about", unique=True),
    Index("alerts_made", "province", "school", "made_ms"),
    sqlite_autoincrement=True,
)
