"""This file holds the table of figures that are kept, a row for a day."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, LargeBinary, Table

from controller.database.schema import keys, longs, metadata

history_days: Final = Table(
    "history_days",
    metadata,
    *keys("province", "day"),
    *longs("as_of_ms"),
    Column("figures", LargeBinary, nullable=False),  # JSON of DayFigures, as zlib packs it
)
