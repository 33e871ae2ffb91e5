"""This file holds the tables of stocktakes, scans and labels."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Table

from controller.database.schema import flags, keys, longs, metadata, numbers, texts

stocktakes: Final = Table(
    "stocktakes",
    metadata,
    *keys("province", "school"),
    Column("no", BigInteger, primary_key=True, autoincrement=False),
    *longs("begun_ms"),
    *texts("begun_by", "rooms"),  # JSON: rooms
    *longs("finished_ms", nullable=True),
    *texts("finished_by"),
    *texts("book"),  # JSON: the lines as they were when it began
    *texts("title", "only"),  # JSON: only
)


scans: Final = Table(
    "scans",
    metadata,
    *keys("province", "school", "id"),
    *longs("stocktake"),
    *texts("room"),
    *flags("found"),
    *longs("line", nullable=True),
    *texts("asset_tag", "serial", "type", "condition"),
    *numbers("quality_pct", nullable=True),
    *texts("note", "cancels"),
    *longs("at_ms"),  # by the phone's clock
    *longs("seen_ms", "received_ms"),
    *texts("who"),
    *flags("late"),
    *texts("how"),
    Index("scans_of_stocktake", "province", "school", "stocktake"),
)


labels: Final = Table(
    "labels",
    metadata,
    *keys("province", "school"),
    *keys("tag"),  # as tags are compared
    *longs("printed_ms"),
)
