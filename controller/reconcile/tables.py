"""This file holds the table of the figure, day by day."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Table

from controller.database.schema import keys, longs, metadata

figures: Final = Table(
    "figures",
    metadata,
    *keys("province", "school", "day"),
    *longs("declared", "complete", "verified", "managed"),
)
