"""This file holds the tables of the equipment book, decisions and conditions."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, Table

from controller.database.schema import (
    NUMBER,
    metadata,
    millis_column,
    place_columns,
    school_key,
    text_column,
)

register: Final = Table(
    "register",
    metadata,
    *school_key(),
    Column("no", BigInteger, primary_key=True, autoincrement=False),
    Column("row", BigInteger, nullable=False),
    text_column("asset_tag"),
    text_column("type"),
    text_column("name"),
    text_column("maker"),
    text_column("model"),
    text_column("serial"),
    text_column("room"),
    Column("year", Integer),
    Column("cost_vnd", BigInteger),
    text_column("funding"),
    text_column("condition"),
    text_column("errors"),  # JSON
    text_column("origin"),
    text_column("device"),
    text_column("serial_key"),  # as serials are compared
    millis_column("added_ms"),
    millis_column("changed_ms"),
    millis_column("removed_ms", nullable=True),
    Index("register_serial", "serial_key"),
)


decisions: Final = Table(
    "decisions",
    metadata,
    *school_key(),
    Column("no", BigInteger, primary_key=True, autoincrement=False),
    text_column("subject"),
    text_column("deed"),
    Column("line", BigInteger),
    text_column("was"),
    text_column("becomes"),
    text_column("who"),
    millis_column("at_ms"),
    millis_column("undone_ms", nullable=True),
)


conditions: Final = Table(
    "conditions",
    metadata,
    Column("no", NUMBER, primary_key=True),
    *place_columns(),
    Column("line", BigInteger, nullable=False),
    text_column("condition"),
    text_column("why"),
    text_column("who"),
    millis_column("at_ms"),
    text_column("note"),
    Column("quality_pct", Integer),
    Column("repair", BigInteger),
    Column("undoes", BigInteger),
    Index("conditions_line", "province", "school", "line"),
    sqlite_autoincrement=True,
)
