"""This file holds the table of heads: how far agents said that their attendance logs go."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Table

from controller.database.schema import keys, longs, metadata, texts

chain_heads: Final = Table(
    "chain_heads",
    metadata,
    *keys("province", "school", "agent", "head", "key"),
    *texts("room", "signature"),
    *longs("links", "at_ms", "received_ms"),
)
