"""This file holds the tables of agents, devices and what happened to them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from controller.database.schema import (
    NUMBER,
    flag_column,
    metadata,
    millis_column,
    place_columns,
    text_column,
)

agents: Final = Table(
    "agents",
    metadata,
    Column("province", Text, primary_key=True),
    Column("school", Text, primary_key=True),
    Column("agent", Text, primary_key=True),
    text_column("room"),
    text_column("version"),
    text_column("boot"),
    Column("session", BigInteger, nullable=False),
    Column("rev", BigInteger, nullable=False),
    flag_column("online"),
    text_column("status"),
    text_column("reasons"),  # JSON
    text_column("measures"),  # JSON
    text_column("outbox"),  # JSON
    Column("missing", BigInteger, nullable=False),
    Column("lesson", Text),
    Column("beat_ms", BigInteger, nullable=False),
    flag_column("roaming"),
    text_column("line"),  # JSON
    text_column("kit"),  # JSON
    Column("schema", Integer, nullable=False),
    text_column("plan"),
    millis_column("since_ms"),
    millis_column("first_seen_ms"),
    millis_column("last_seen_ms"),
)


devices: Final = Table(
    "devices",
    metadata,
    Column("province", Text, primary_key=True),
    Column("school", Text, primary_key=True),
    text_column("agent"),
    Column("device_id", Text, primary_key=True),
    text_column("kind"),
    text_column("name"),
    text_column("vendor"),
    text_column("model"),
    text_column("serial"),
    text_column("room"),
    text_column("status"),
    text_column("reasons"),  # JSON
    text_column("sources"),  # JSON
    Column("identity", Text),
    text_column("aliases"),  # JSON
    text_column("address"),
    Column("measures", Text),  # JSON
    text_column("boot"),
    Column("rev", BigInteger, nullable=False),
    millis_column("since_ms"),
    millis_column("first_seen_ms"),
    millis_column("last_seen_ms"),
    millis_column("removed_ms", nullable=True),
    Column("change", BigInteger, nullable=False),
    Index("devices_change", "change"),
    Index("devices_room", "province", "school", "room"),
)


streams: Final = Table(
    "streams",
    metadata,
    Column("province", Text, primary_key=True),
    Column("school", Text, primary_key=True),
    Column("agent", Text, primary_key=True),
    Column("boot", Text, primary_key=True),
    text_column("ranges"),  # JSON: the sequence numbers that arrived
    millis_column("heard_ms"),
)


events: Final = Table(
    "events",
    metadata,
    Column("no", NUMBER, primary_key=True),
    *place_columns(),
    text_column("agent"),
    text_column("room"),
    text_column("event_id"),
    text_column("kind"),
    millis_column("at_ms"),
    millis_column("received_ms"),
    Column("body", LargeBinary, nullable=False),  # JSON
    Column("lesson", Text),
    Column("day", Text),
    UniqueConstraint("event_id", name="events_id"),
    Index("events_lesson", "lesson"),
    sqlite_autoincrement=True,
)
