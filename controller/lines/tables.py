"""This file holds the table of lines: a row for each school and day."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Table

from controller.database.schema import keys, longs, metadata

line_days: Final = Table(
    "line_days",
    metadata,
    *keys("province", "school", "day"),  # the department's local date
    *longs("reconnects", "bytes", "out_ms", "watched_ms", "at_ms"),
    *longs("oldest_s", "worst_s", nullable=True),
)
