"""This file holds the controller's tables, the same on SQLite and PostgreSQL."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

metadata: Final = MetaData()

# SQLite numbers rows by itself only for INTEGER PRIMARY KEY; PostgreSQL needs 64 bits.
_Number = BigInteger().with_variant(Integer(), "sqlite")


def _place() -> tuple[Column[str], Column[str]]:
    return Column("province", Text, nullable=False), Column("school", Text, nullable=False)


def _school_key() -> tuple[Column[str], Column[str]]:
    return Column("province", Text, primary_key=True), Column("school", Text, primary_key=True)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean(create_constraint=False), nullable=False)


def _millis(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)


agents: Final = Table(
    "agents",
    metadata,
    Column("province", Text, primary_key=True),
    Column("school", Text, primary_key=True),
    Column("agent", Text, primary_key=True),
    _text("room"),
    _text("version"),
    _text("boot"),
    Column("session", BigInteger, nullable=False),
    Column("rev", BigInteger, nullable=False),
    _flag("online"),
    _text("status"),
    _text("reasons"),  # JSON
    _text("measures"),  # JSON
    _text("outbox"),  # JSON
    Column("missing", BigInteger, nullable=False),
    Column("lesson", Text),
    Column("beat_ms", BigInteger, nullable=False),
    _flag("roaming"),
    _text("line"),  # JSON
    _text("kit"),  # JSON
    Column("schema", Integer, nullable=False),
    _text("plan"),
    _millis("since_ms"),
    _millis("first_seen_ms"),
    _millis("last_seen_ms"),
)

devices: Final = Table(
    "devices",
    metadata,
    Column("province", Text, primary_key=True),
    Column("school", Text, primary_key=True),
    _text("agent"),
    Column("device_id", Text, primary_key=True),
    _text("kind"),
    _text("name"),
    _text("vendor"),
    _text("model"),
    _text("serial"),
    _text("room"),
    _text("status"),
    _text("reasons"),  # JSON
    _text("sources"),  # JSON
    Column("identity", Text),
    _text("aliases"),  # JSON
    _text("address"),
    Column("measures", Text),  # JSON
    _text("boot"),
    Column("rev", BigInteger, nullable=False),
    _millis("since_ms"),
    _millis("first_seen_ms"),
    _millis("last_seen_ms"),
    _millis("removed_ms", nullable=True),
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
    _text("ranges"),  # JSON: the sequence numbers that arrived
    _millis("heard_ms"),
)

events: Final = Table(
    "events",
    metadata,
    Column("no", _Number, primary_key=True),
    *_place(),
    _text("agent"),
    _text("room"),
    _text("event_id"),
    _text("kind"),
    _millis("at_ms"),
    _millis("received_ms"),
    Column("body", LargeBinary, nullable=False),  # JSON
    Column("lesson", Text),
    Column("day", Text),
    UniqueConstraint("event_id", name="events_id"),
    Index("events_lesson", "lesson"),
    sqlite_autoincrement=True,
)

marks: Final = Table(
    "marks",
    metadata,
    Column("no", _Number, primary_key=True),
    *_place(),
    _text("agent"),
    _text("room"),
    _text("event_id"),
    _text("student"),
    _text("status"),
    _text("method"),
    Column("lesson", Text),
    _text("day"),
    _millis("at_ms"),
    _millis("received_ms"),
    Column("class_code", Text),
    _text("actor"),
    _text("why"),
    _text("before"),
    _text("hash"),
    _flag("erased"),
    UniqueConstraint("event_id", name="marks_id"),
    Index("marks_day", "day", "no"),
    Index("marks_lesson", "lesson"),
    sqlite_autoincrement=True,
)

rolls: Final = Table(
    "rolls",
    metadata,
    Column("no", _Number, primary_key=True),
    *_place(),
    _text("agent"),
    _text("room"),
    _text("event_id"),
    _flag("reopened"),
    _text("lesson"),
    _text("day"),
    _text("classes"),  # JSON
    Column("period", Integer),
    _text("subject"),
    _text("lines"),  # JSON
    _text("actor"),
    _text("before"),
    _text("hash"),
    Column("erased", Integer, nullable=False),
    _millis("at_ms"),
    _millis("received_ms"),
    UniqueConstraint("event_id", name="rolls_id"),
    Index("rolls_lesson", "lesson"),
    Index("rolls_day", "day"),
    sqlite_autoincrement=True,
)

lessons: Final = Table(
    "lessons",
    metadata,
    Column("province", Text, primary_key=True),
    Column("school", Text, primary_key=True),
    Column("agent", Text, primary_key=True),
    Column("lesson", Text, primary_key=True),
    _text("room"),
    _text("classes"),  # JSON
    Column("period", Integer),
    _text("subject"),
    _flag("substitute"),
    _text("day"),
    _millis("began_ms", nullable=True),
    _millis("ended_ms", nullable=True),
    Column("how", Text),
    _flag("confirmed"),
    _text("counts"),  # JSON
    Index("lessons_day", "day"),
)

faults: Final = Table(
    "faults",
    metadata,
    Column("no", _Number, primary_key=True),
    *_place(),
    _text("agent"),
    _text("event_id"),
    _text("room"),
    _text("part"),
    Column("lesson", Text),
    _millis("at_ms"),
    _millis("received_ms"),
    _millis("done_ms", nullable=True),
    UniqueConstraint("event_id", name="faults_id"),
    sqlite_autoincrement=True,
)

looks: Final = Table(
    "looks",
    metadata,
    Column("no", _Number, primary_key=True),
    *_place(),
    _text("session"),
    _text("what"),
    _text("subject"),
    _millis("at_ms"),
    sqlite_autoincrement=True,
)

poison: Final = Table(
    "poison",
    metadata,
    Column("no", _Number, primary_key=True),
    _text("topic"),
    _text("flaw"),
    Column("size", BigInteger, nullable=False),
    Column("raw", LargeBinary, nullable=False),  # the first bytes only
    _millis("received_ms"),
    sqlite_autoincrement=True,
)

plans: Final = Table(
    "plans",
    metadata,
    *_school_key(),
    Column("version", BigInteger, nullable=False),  # grows with every change of the school's plan
    Column("grace_min", Integer, nullable=False),
)

classes: Final = Table(
    "classes",
    metadata,
    *_school_key(),
    Column("code", Text, primary_key=True),
    _text("room"),  # where it learns when the timetable says nothing; empty: not known
)

pupils: Final = Table(
    "pupils",
    metadata,
    *_school_key(),
    Column("class", Text, primary_key=True),
    Column("student", Text, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("name", Text),  # only where the school chose to keep names
)

bells: Final = Table(
    "bells",
    metadata,
    *_school_key(),
    Column("period", Integer, primary_key=True),
    Column("weekdays", Text, primary_key=True),  # ISO 8601 digits, such as 123456
    _text("begins"),
    _text("ends"),
)

terms: Final = Table(
    "terms",
    metadata,
    *_school_key(),
    Column("begins", Text, primary_key=True),
    _text("ends"),
    _text("name"),
)

holidays: Final = Table(
    "holidays",
    metadata,
    *_school_key(),
    Column("begins", Text, primary_key=True),
    _text("ends"),
    _text("name"),
)

bookings: Final = Table(
    "bookings",
    metadata,
    *_school_key(),
    Column("room", Text, primary_key=True),
    Column("weekday", Integer, primary_key=True),
    Column("period", Integer, primary_key=True),
    Column("weeks", Text, primary_key=True),
    _text("classes"),  # JSON
    _text("subject"),
    _text("teacher"),
)

letters: Final = Table(
    "letters",
    metadata,
    *_school_key(),
    Column("status", Text, primary_key=True),
    _text("letter"),
)

door_cards: Final = Table(
    "door_cards",
    metadata,
    *_school_key(),
    Column("serial", Text, primary_key=True),  # hex
    _text("student"),
    _millis("made_ms"),
    _millis("revoked_ms", nullable=True),
)

door_keys: Final = Table(
    "door_keys",
    metadata,
    *_school_key(),
    Column("version", Integer, primary_key=True, autoincrement=False),
    _text("key"),  # hex
    _millis("made_ms"),
)

register: Final = Table(
    "register",
    metadata,
    *_school_key(),
    Column("no", BigInteger, primary_key=True, autoincrement=False),
    Column("row", BigInteger, nullable=False),
    _text("asset_tag"),
    _text("type"),
    _text("name"),
    _text("maker"),
    _text("model"),
    _text("serial"),
    _text("room"),
    Column("year", Integer),
    Column("cost_vnd", BigInteger),
    _text("funding"),
    _text("condition"),
    _text("errors"),  # JSON
    _text("origin"),
    _text("device"),
    _text("serial_key"),  # as serials are compared
    _millis("added_ms"),
    _millis("changed_ms"),
    _millis("removed_ms", nullable=True),
    Index("register_serial", "serial_key"),
)

decisions: Final = Table(
    "decisions",
    metadata,
    *_school_key(),
    Column("no", BigInteger, primary_key=True, autoincrement=False),
    _text("subject"),
    _text("deed"),
    Column("line", BigInteger),
    _text("was"),
    _text("becomes"),
    _text("who"),
    _millis("at_ms"),
    _millis("undone_ms", nullable=True),
)

figures: Final = Table(
    "figures",
    metadata,
    *_school_key(),
    Column("day", Text, primary_key=True),
    Column("declared", BigInteger, nullable=False),
    Column("complete", BigInteger, nullable=False),
    Column("verified", BigInteger, nullable=False),
    Column("managed", BigInteger, nullable=False),
)

spots: Final = Table(
    "spots",
    metadata,
    *_school_key(),
    Column("room_key", Text, primary_key=True),
    _text("room"),
    _text("site"),
    _text("building"),
)

assets: Final = Table(
    "assets",
    metadata,
    *_school_key(),
    _text("agent"),
    Column("device_id", Text, primary_key=True),
    Column("line", BigInteger),
    Column("row", BigInteger),
    _text("asset_tag"),
    _text("type"),
    _text("kind"),
    _text("name"),
    _text("maker"),
    _text("model"),
    _text("serial"),
    _text("room"),
    _text("site"),
    _text("building"),
    Column("year", Integer),
    Column("cost_vnd", BigInteger),
    _text("funding"),
    _text("condition"),
    _text("state"),
    _text("also"),  # JSON
    _text("there"),
    _text("by"),
    _text("lacks"),  # JSON
    _flag("verified"),
    _text("status"),
    _text("reasons"),  # JSON
    _text("sources"),  # JSON
    Column("identity", Text),
    _text("aliases"),  # JSON
    _millis("since_ms"),
    _millis("first_seen_ms"),
    _millis("seen_ms"),
    _millis("told_ms"),
    _millis("removed_ms", nullable=True),
    Column("change", BigInteger, nullable=False),
    Column("relay_change", BigInteger, nullable=False),
    _text("feed"),  # at the department: which database of the school's told it
    _text("serial_key"),  # as serials are compared
    _text("tag_key"),
    _text("room_key"),
    _flag("complete"),
    _flag("owned"),
    # A pull reads as much as has changed, within a school or a province, and sorts nothing.
    Index("assets_change", "province", "change"),
    Index("assets_school_change", "province", "school", "change"),
    Index("assets_relay", "province", "school", "relay_change"),
    Index("assets_serial", "serial_key"),
)

schools: Final = Table(
    "schools",
    metadata,
    *_school_key(),
    _text("name"),
    _text("version"),
    _text("boot"),
    Column("session", BigInteger, nullable=False),
    Column("rev", BigInteger, nullable=False),
    _flag("online"),
    _text("feed"),
    Column("reached", BigInteger, nullable=False),  # how far its list of items was taken
    Column("newest", BigInteger, nullable=False),  # how far it goes at the school
    _flag("whole"),  # whether nothing of an older list of its stands here any more
    _text("figures"),  # JSON
    _millis("as_of_ms"),  # when the figures were true, by the school's clock
    _millis("first_heard_ms"),
    _millis("heard_ms"),
)

tallies: Final = Table(
    "tallies",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

facts: Final = Table(
    "facts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

board_signs: Final = Table(
    "board_signs",
    metadata,
    *_school_key(),
    Column("device_id", Text, primary_key=True),
    Column("agent", Text, primary_key=True),
    Column("boot", Text, primary_key=True),
    Column("sense", Text, primary_key=True),
    Column("at_ms", BigInteger, primary_key=True, autoincrement=False),
    _text("room"),
    _text("state"),
    Index("board_signs_at", "at_ms"),
)

watches: Final = Table(
    "watches",
    metadata,
    *_school_key(),
    Column("agent", Text, primary_key=True),
    Column("boot", Text, primary_key=True),
    Column("room", Text, primary_key=True),
    Column("began_ms", BigInteger, primary_key=True, autoincrement=False),
    _millis("until_ms"),
    Index("watches_until", "until_ms"),
)

use_weeks: Final = Table(
    "use_weeks",
    metadata,
    *_school_key(),
    Column("week", Text, primary_key=True),  # its Monday
    Column("device_id", Text, primary_key=True),
    Column("room", Text, primary_key=True),
    _text("kind"),
    _text("asset_tag"),
    Column("on_min", Integer, nullable=False),
    Column("used_min", Integer, nullable=False),
    Column("planned_min", Integer, nullable=False),
    Column("known_min", Integer, nullable=False),
    Index("use_weeks_week", "week"),
)

conditions: Final = Table(
    "conditions",
    metadata,
    Column("no", _Number, primary_key=True),
    *_place(),
    Column("line", BigInteger, nullable=False),
    _text("condition"),
    _text("why"),
    _text("who"),
    _millis("at_ms"),
    _text("note"),
    Column("quality_pct", Integer),
    Column("repair", BigInteger),
    Column("undoes", BigInteger),
    Index("conditions_line", "province", "school", "line"),
    sqlite_autoincrement=True,
)

repairs: Final = Table(
    "repairs",
    metadata,
    Column("no", _Number, primary_key=True),
    *_place(),
    Column("event_id", Text),  # of the fault that opened it; none where a person did
    _text("room"),
    _text("part"),
    _text("note"),
    _text("who"),
    _millis("reported_ms"),
    _millis("opened_ms"),
    UniqueConstraint("event_id", name="repairs_event"),
    Index("repairs_school", "province", "school"),
    sqlite_autoincrement=True,
)

repair_moves: Final = Table(
    "repair_moves",
    metadata,
    Column("no", _Number, primary_key=True),
    *_place(),
    Column("repair", BigInteger, nullable=False),
    _text("deed"),
    Column("line", BigInteger),
    _text("outcome"),
    Column("step", BigInteger),
    _text("note"),
    _text("who"),
    _millis("at_ms"),
    Column("undoes", BigInteger),
    Index("repair_moves_repair", "province", "school", "repair"),
    sqlite_autoincrement=True,
)

stocktakes: Final = Table(
    "stocktakes",
    metadata,
    *_school_key(),
    Column("no", BigInteger, primary_key=True, autoincrement=False),
    _millis("begun_ms"),
    _text("begun_by"),
    _text("rooms"),  # JSON
    _millis("finished_ms", nullable=True),
    _text("finished_by"),
    _text("book"),  # JSON: the lines as they were when it began
)

scans: Final = Table(
    "scans",
    metadata,
    *_school_key(),
    Column("id", Text, primary_key=True),
    Column("stocktake", BigInteger, nullable=False),
    _text("room"),
    _flag("found"),
    Column("line", BigInteger),
    _text("asset_tag"),
    _text("serial"),
    _text("type"),
    _text("condition"),
    Column("quality_pct", Integer),
    _text("note"),
    _text("cancels"),
    _millis("at_ms"),  # by the phone's clock
    _millis("seen_ms"),
    _millis("received_ms"),
    _text("who"),
    _flag("late"),
    Index("scans_of_stocktake", "province", "school", "stocktake"),
)

labels: Final = Table(
    "labels",
    metadata,
    *_school_key(),
    Column("tag", Text, primary_key=True),  # as tags are compared
    _millis("printed_ms"),
)

areas: Final = Table(
    "areas",
    metadata,
    Column("province", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    _text("name"),
    _text("kind"),  # a word such as xã or phường
    _text("parent"),
    _text("since"),  # a local day, empty: from the first
    _text("until"),  # the first day on which it is no more, empty: it stands
)

memberships: Final = Table(
    "memberships",
    metadata,
    *_school_key(),
    Column("since", Text, primary_key=True),  # a local day, empty: from the first
    _text("area"),
)

school_facts: Final = Table(
    "school_facts",
    metadata,
    *_school_key(),
    _text("name"),
    _text("level"),
    _text("sites"),  # JSON
)

mergers: Final = Table(
    "mergers",
    metadata,
    Column("province", Text, primary_key=True),
    Column("no", BigInteger, primary_key=True, autoincrement=False),
    _text("what"),
    _text("old"),
    _text("new"),  # empty: it is retired
    _text("since"),
    _text("who"),
    _millis("at_ms"),
    _millis("undone_ms", nullable=True),
)

# What is asked of all schools' items together.
Index("assets_tag", assets.c.tag_key)
