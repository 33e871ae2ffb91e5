"""This file holds the table of photos and documents of the book's lines."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Index, LargeBinary, Table

from controller.database.schema import NUMBER, longs, metadata, numbers, texts

line_papers: Final = Table(
    "line_papers",
    metadata,
    Column("no", NUMBER, primary_key=True),
    *texts("province", "school"),
    *longs("line"),
    *texts("name", "media"),
    *numbers("size"),
    *texts("who"),
    *longs("at_ms"),
    *longs("removed_ms", nullable=True),
    Column("content", LargeBinary, nullable=False),
    Index("line_papers_line", "province", "school", "line"),
    sqlite_autoincrement=True,
)
