"""This file holds the tables of incidents, of what is watched, and of what people did."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Index, Integer, Table

from controller.database.schema import NUMBER, keys, longs, metadata, texts

incidents: Final = Table(
    "incidents",
    metadata,
    *keys("province", "school"),
    Column("no", Integer, primary_key=True, autoincrement=False),
    *texts("scope", "key", "status", "members", "subnet", "device"),
    *longs("began_ms", "opened_ms"),
    *longs("well_ms", "closed_ms", nullable=True),
    *longs("returns"),
    Index("incidents_closed", "province", "school", "closed_ms"),
)


incident_watches: Final = Table(
    "incident_watches",
    metadata,
    *keys("province", "school", "key"),
    *longs("seen_ms"),
    *texts("falls", "devices"),
    *longs("gone_ms", nullable=True),
)


incident_subnets: Final = Table(
    "incident_subnets",
    metadata,
    *keys("province", "school", "agent"),
    *texts("subnet"),
)


incident_moves: Final = Table(
    "incident_moves",
    metadata,
    Column("no", NUMBER, primary_key=True),
    *texts("province", "school"),
    *longs("incident"),
    *texts("deed"),
    *longs("until_ms", nullable=True),
    *texts("who"),
    *longs("at_ms"),
    *longs("undoes", nullable=True),
    Index("incident_moves_incident", "province", "school", "incident"),
    sqlite_autoincrement=True,
)


maintenances: Final = Table(
    "maintenances",
    metadata,
    Column("no", NUMBER, primary_key=True),
    *texts("province", "school", "room", "note", "who"),
    *longs("begins_ms", "ends_ms"),
    Index("maintenances_school", "province", "school", "ends_ms"),
    sqlite_autoincrement=True,
)
