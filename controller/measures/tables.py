"""This file holds the tables of what was measured, and of how long things were up."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Table

from controller.database.schema import keys, longs, metadata, texts

measure_blocks: Final = Table(
    "measure_blocks",
    metadata,
    *keys("province", "school", "tier", "thing", "measure"),
    Column("begins_ms", BigInteger, primary_key=True, autoincrement=False),
    *texts("points"),
)


uptimes: Final = Table(
    "uptimes",
    metadata,
    *keys("province", "school", "day", "part", "name"),
    *longs("up_min", "all_min"),
)
