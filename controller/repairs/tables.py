"""This file holds the tables of faults and repairs."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Index, Table, UniqueConstraint

from controller.database.schema import NUMBER, longs, metadata, texts

faults: Final = Table(
    "faults",
    metadata,
    Column("no", NUMBER, primary_key=True),
    *texts("province", "school", "agent", "event_id", "room", "part"),
    *texts("lesson", nullable=True),
    *longs("at_ms", "received_ms"),
    *longs("done_ms", nullable=True),
    UniqueConstraint("event_id", name="faults_id"),
    sqlite_autoincrement=True,
)


repairs: Final = Table(
    "repairs",
    metadata,
    Column("no", NUMBER, primary_key=True),
    *texts("province", "school"),
    *texts("event_id", nullable=True),  # of the fault that opened it; none where a person did
    *texts("room", "part", "note", "who"),
    *longs("reported_ms", "opened_ms"),
    UniqueConstraint("event_id", name="repairs_event"),
    Index("repairs_school", "province", "school"),
    sqlite_autoincrement=True,
)


repair_moves: Final = Table(
    "repair_moves",
    metadata,
    Column("no", NUMBER, primary_key=True),
    *texts("province", "school"),
    *longs("repair"),
    *texts("deed"),
    *longs("line", nullable=True),
    *texts("outcome"),
    *longs("step", nullable=True),
    *texts("note", "who"),
    *longs("at_ms"),
    *longs("undoes", nullable=True),
    Index("repair_moves_repair", "province", "school", "repair"),
    sqlite_autoincrement=True,
)
