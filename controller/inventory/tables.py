"""This file holds the tables of items and of where rooms lie."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from controller.database.schema import flag_column, metadata, millis_column, school_key, text_column

spots: Final = Table(
    "spots",
    metadata,
    *school_key(),
    Column("room_key", Text, primary_key=True),
    text_column("room"),
    text_column("site"),
    text_column("building"),
)


assets: Final = Table(
    "assets",
    metadata,
    *school_key(),
    text_column("agent"),
    Column("device_id", Text, primary_key=True),
    Column("line", BigInteger),
    Column("row", BigInteger),
    text_column("asset_tag"),
    text_column("type"),
    text_column("kind"),
    text_column("name"),
    text_column("maker"),
    text_column("model"),
    text_column("serial"),
    text_column("room"),
    text_column("site"),
    text_column("building"),
    Column("year", Integer),
    Column("cost_vnd", BigInteger),
    text_column("funding"),
    text_column("condition"),
    text_column("state"),
    text_column("also"),  # JSON
    text_column("there"),
    text_column("by"),
    text_column("lacks"),  # JSON
    flag_column("verified"),
    text_column("status"),
    text_column("reasons"),  # JSON
    text_column("sources"),  # JSON
    Column("identity", Text),
    text_column("aliases"),  # JSON
    millis_column("since_ms"),
    millis_column("first_seen_ms"),
    millis_column("seen_ms"),
    millis_column("told_ms"),
    millis_column("removed_ms", nullable=True),
    Column("change", BigInteger, nullable=False),
    Column("relay_change", BigInteger, nullable=False),
    text_column("feed"),  # at the department: which database of the school's told it
    text_column("serial_key"),  # as serials are compared
    text_column("tag_key"),
    text_column("room_key"),
    flag_column("complete"),
    flag_column("owned"),
    # A pull reads as much as has changed, within a school or a province, and sorts nothing.
    Index("assets_change", "province", "change"),
    Index("assets_school_change", "province", "school", "change"),
    Index("assets_relay", "province", "school", "relay_change"),
    Index("assets_serial", "serial_key"),
)

# What is asked of all schools' items together.
Index("assets_tag", assets.c.tag_key)
