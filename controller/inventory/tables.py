"""This file holds the tables of items and of where rooms lie."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Index, Table

from controller.database.schema import flags, keys, longs, metadata, numbers, texts

spots: Final = Table(
    "spots",
    metadata,
    *keys("province", "school", "room_key"),
    *texts("room", "site", "building"),
)


assets: Final = Table(
    "assets",
    metadata,
    *keys("province", "school"),
    *texts("agent"),
    *keys("device_id"),
    *longs("line", "row", nullable=True),
    *texts("asset_tag", "type", "kind", "name", "maker"),
    *texts("model", "serial", "room", "site", "building"),
    *numbers("year", nullable=True),
    *longs("unit_cost_vnd", "cost_vnd", nullable=True),  # of one thing, and of all of them
    *numbers("quantity"),
    *texts("funding", "condition", "state", "also", "there", "by", "lacks"),  # JSON: also, lacks
    *flags("verified"),
    *texts("status", "reasons", "sources"),  # JSON: reasons, sources
    *texts("identity", nullable=True),
    *texts("aliases"),  # JSON
    *longs("since_ms", "first_seen_ms", "seen_ms", "told_ms"),
    *longs("removed_ms", nullable=True),
    *longs("change", "relay_change"),
    *texts("feed"),  # at the department: which database of the school's told it
    *texts("serial_key"),  # as serials are compared
    *texts("tag_key", "room_key"),
    *flags("complete", "owned"),
    # A pull reads as much as has changed, within a school or a province, and sorts nothing.
    Index("assets_change", "province", "change"),
    Index("assets_school_change", "province", "school", "change"),
    Index("assets_relay", "province", "school", "relay_change"),
    Index("assets_serial", "serial_key"),
)

# What is asked of all schools' items together.
Index("assets_tag", assets.c.tag_key)
