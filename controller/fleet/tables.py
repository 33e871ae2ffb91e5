"""This file holds the tables of agents, devices and what happened to them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Index, LargeBinary, Table, UniqueConstraint

from controller.database.schema import NUMBER, flags, keys, longs, metadata, numbers, texts

agents: Final = Table(
    "agents",
    metadata,
    *keys("province", "school", "agent"),
    *texts("room", "version", "boot"),
    *longs("session", "rev"),
    *flags("online"),
    *texts("status", "reasons", "measures", "outbox"),  # JSON: reasons, measures, outbox
    *longs("missing"),
    *texts("lesson", nullable=True),
    *longs("beat_ms"),
    *flags("roaming"),
    *texts("line", "kit"),  # JSON
    *numbers("schema"),
    *texts("plan"),
    *longs("since_ms", "first_seen_ms", "last_seen_ms"),
)


devices: Final = Table(
    "devices",
    metadata,
    *keys("province", "school"),
    *texts("agent"),
    *keys("device_id"),
    *texts("kind", "name", "vendor", "model", "serial"),
    *texts("given_name", nullable=True),
    *texts("room", "status", "reasons", "sources"),  # JSON: reasons, sources
    *texts("identity", nullable=True),
    *texts("aliases", "address"),  # JSON: aliases
    *texts("measures", nullable=True),  # JSON
    *texts("boot"),
    *longs("rev", "since_ms", "first_seen_ms", "last_seen_ms"),
    *longs("removed_ms", nullable=True),
    *longs("change"),
    Index("devices_change", "change"),
    Index("devices_room", "province", "school", "room"),
)


streams: Final = Table(
    "streams",
    metadata,
    *keys("province", "school", "agent", "boot"),
    *texts("ranges"),  # JSON: the sequence numbers that arrived
    *longs("heard_ms", "run"),
)


events: Final = Table(
    "events",
    metadata,
    Column("no", NUMBER, primary_key=True),
    *texts("province", "school", "agent", "room", "event_id", "kind"),
    *longs("at_ms", "received_ms"),
    Column("body", LargeBinary, nullable=False),  # JSON
    *texts("lesson", "day", nullable=True),
    *longs("told_ms", nullable=True),
    *longs("run", "seq"),
    UniqueConstraint("event_id", name="events_id"),
    Index("events_lesson", "lesson"),
    sqlite_autoincrement=True,
)
