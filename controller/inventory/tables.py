"""This file holds the tables of items and of where rooms lie."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Table

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
    *longs("verified_ms", "missing_ms"),  # as of when it was seen whole; from when on it is missing
    *texts("status", "reasons", "sources"),  # JSON: reasons, sources
    *texts("identity", nullable=True),
    *texts("aliases"),  # JSON
    *longs("since_ms", "first_seen_ms", "seen_ms", "told_ms"),
    *longs("removed_ms", nullable=True),
    *longs("change", "relay_change"),
    *texts("feed"),  # at the department: which database of the school's told it
    *texts("serial_key"),  # as serials are compared
    *texts("tag_key", "room_key"),
    *texts("words"),  # by which it is searched: see words_of
    *flags("complete", "owned"),
    *texts("counted_for"),  # a school, its own or one that it merged into: see counting.py
    *flags("counted"),  # whether it counts there
    *numbers("warranty_months", nullable=True),
    *texts("warranty_until", "warranty_end"),  # as told; the day on which it ends at the latest
    # A pull reads as much as has changed, within a school or a province, and sorts nothing.
    Index("assets_change", "province", "change"),
    Index("assets_school_change", "province", "school", "change"),
    Index("assets_relay", "province", "school", "relay_change"),
    Index("assets_serial", "serial_key"),
    # What counts for a school, and what does not count for its own.
    Index("assets_counted", "province", "counted_for", "school", "counted"),
    # Which schools list one mark: looked up every ten minutes, while what is told waits.
    Index("assets_marks", "province", "device_id", "school", "by", "removed_ms"),
)

# In which areas the feed has told a school's items, from which of its changes on, until which.
feed_areas: Final = Table(
    "feed_areas",
    metadata,
    *keys("province", "school", "area"),
    Column("since", BigInteger, primary_key=True, autoincrement=False),
    *longs("until", nullable=True),  # empty: it is in the area now
)

# What is asked of all schools' items together.
Index("assets_tag", assets.c.tag_key)


contested_marks: Final = Table(
    "contested_marks",
    metadata,
    *keys("province", "school"),
    *keys("mark"),  # an id under which devices live in several schools at once
    *keys("item"),  # the school's id of its piece
    *longs("since_ms"),
)
