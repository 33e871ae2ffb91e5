"""This file holds the tables of what shows that boards are used."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Table

from controller.database.schema import keys, longs, metadata, numbers, texts

board_signs: Final = Table(
    "board_signs",
    metadata,
    *keys("province", "school", "device_id", "agent", "boot", "sense"),
    Column("at_ms", BigInteger, primary_key=True, autoincrement=False),
    *texts("room", "state"),
    Index("board_signs_at", "at_ms"),
)


watches: Final = Table(
    "watches",
    metadata,
    *keys("province", "school", "agent", "boot", "room"),
    Column("began_ms", BigInteger, primary_key=True, autoincrement=False),
    *longs("until_ms"),
    Index("watches_until", "until_ms"),
)


use_weeks: Final = Table(
    "use_weeks",
    metadata,
    *keys("province", "school"),
    *keys("week"),  # its Monday
    *keys("device_id", "room"),
    *texts("kind", "asset_tag"),
    *numbers("on_min", "used_min", "planned_min", "known_min"),
    Index("use_weeks_week", "week"),
)
