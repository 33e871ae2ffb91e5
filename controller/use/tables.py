"""This file holds the tables of what shows that boards are used."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from controller.database.schema import metadata, millis_column, school_key, text_column

board_signs: Final = Table(
    "board_signs",
    metadata,
    *school_key(),
    Column("device_id", Text, primary_key=True),
    Column("agent", Text, primary_key=True),
    Column("boot", Text, primary_key=True),
    Column("sense", Text, primary_key=True),
    Column("at_ms", BigInteger, primary_key=True, autoincrement=False),
    text_column("room"),
    text_column("state"),
    Index("board_signs_at", "at_ms"),
)


watches: Final = Table(
    "watches",
    metadata,
    *school_key(),
    Column("agent", Text, primary_key=True),
    Column("boot", Text, primary_key=True),
    Column("room", Text, primary_key=True),
    Column("began_ms", BigInteger, primary_key=True, autoincrement=False),
    millis_column("until_ms"),
    Index("watches_until", "until_ms"),
)


use_weeks: Final = Table(
    "use_weeks",
    metadata,
    *school_key(),
    Column("week", Text, primary_key=True),  # its Monday
    Column("device_id", Text, primary_key=True),
    Column("room", Text, primary_key=True),
    text_column("kind"),
    text_column("asset_tag"),
    Column("on_min", Integer, nullable=False),
    Column("used_min", Integer, nullable=False),
    Column("planned_min", Integer, nullable=False),
    Column("known_min", Integer, nullable=False),
    Index("use_weeks_week", "week"),
)
