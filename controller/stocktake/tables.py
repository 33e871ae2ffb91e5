"""This file holds the tables of stocktakes, scans and labels."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from controller.database.schema import flag_column, metadata, millis_column, school_key, text_column

stocktakes: Final = Table(
    "stocktakes",
    metadata,
    *school_key(),
    Column("no", BigInteger, primary_key=True, autoincrement=False),
    millis_column("begun_ms"),
    text_column("begun_by"),
    text_column("rooms"),  # JSON
    millis_column("finished_ms", nullable=True),
    text_column("finished_by"),
    text_column("book"),  # JSON: the lines as they were when it began
)


scans: Final = Table(
    "scans",
    metadata,
    *school_key(),
    Column("id", Text, primary_key=True),
    Column("stocktake", BigInteger, nullable=False),
    text_column("room"),
    flag_column("found"),
    Column("line", BigInteger),
    text_column("asset_tag"),
    text_column("serial"),
    text_column("type"),
    text_column("condition"),
    Column("quality_pct", Integer),
    text_column("note"),
    text_column("cancels"),
    millis_column("at_ms"),  # by the phone's clock
    millis_column("seen_ms"),
    millis_column("received_ms"),
    text_column("who"),
    flag_column("late"),
    Index("scans_of_stocktake", "province", "school", "stocktake"),
)


labels: Final = Table(
    "labels",
    metadata,
    *school_key(),
    Column("tag", Text, primary_key=True),  # as tags are compared
    millis_column("printed_ms"),
)
