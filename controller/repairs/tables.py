"""This file holds the tables of faults and repairs."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Table, Text, UniqueConstraint

from controller.database.schema import NUMBER, metadata, millis_column, place_columns, text_column

faults: Final = Table(
    "faults",
    metadata,
    Column("no", NUMBER, primary_key=True),
    *place_columns(),
    text_column("agent"),
    text_column("event_id"),
    text_column("room"),
    text_column("part"),
    Column("lesson", Text),
    millis_column("at_ms"),
    millis_column("received_ms"),
    millis_column("done_ms", nullable=True),
    UniqueConstraint("event_id", name="faults_id"),
    sqlite_autoincrement=True,
)


repairs: Final = Table(
    "repairs",
    metadata,
    Column("no", NUMBER, primary_key=True),
    *place_columns(),
    Column("event_id", Text),  # of the fault that opened it; none where a person did
    text_column("room"),
    text_column("part"),
    text_column("note"),
    text_column("who"),
    millis_column("reported_ms"),
    millis_column("opened_ms"),
    UniqueConstraint("event_id", name="repairs_event"),
    Index("repairs_school", "province", "school"),
    sqlite_autoincrement=True,
)


repair_moves: Final = Table(
    "repair_moves",
    metadata,
    Column("no", NUMBER, primary_key=True),
    *place_columns(),
    Column("repair", BigInteger, nullable=False),
    text_column("deed"),
    Column("line", BigInteger),
    text_column("outcome"),
    Column("step", BigInteger),
    text_column("note"),
    text_column("who"),
    millis_column("at_ms"),
    Column("undoes", BigInteger),
    Index("repair_moves_repair", "province", "school", "repair"),
    sqlite_autoincrement=True,
)
