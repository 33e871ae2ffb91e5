"""This file holds the tables of what agents explain, and of what the school says of devices."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Table

from controller.database.schema import flags, keys, longs, metadata, texts

explanations: Final = Table(
    "explanations",
    metadata,
    *keys("province", "school", "agent"),
    *texts("boot"),
    *longs("rev"),
    *texts("body"),  # JSON
)


pair_words: Final = Table(
    "pair_words",
    metadata,
    *keys("province", "school", "agent"),
    *keys("one", "other"),  # ids of devices, in their order
    *flags("is_one"),
    *texts("actor"),
    *longs("said_ms"),
)


kind_words: Final = Table(
    "kind_words",
    metadata,
    *keys("province", "school", "agent"),
    *keys("device"),
    *texts("is_kind", "actor"),
    *longs("said_ms"),
)
