"""A database of an earlier version is taken over with all that is in it."""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import column, create_engine, insert, select, table, text

from controller.memory import repairs
from controller.memory import store as store_module
from controller.memory.store import Store
from protocol.messages import LineMeasures
from protocol.model import DeviceKind, Place, Reason, Status

SCHOOL = Place("79", "00123")
_MIGRATIONS = Path(store_module.__file__).with_name("migrations")

# As version 0.1.0 wrote them.
AGENT = {
    "province": "79",
    "school": "00123",
    "agent": "may-6a1",
    "room": "6A1",
    "version": "0.1.0",
    "boot": "b1",
    "session": 2,
    "rev": 9,
    "online": 1,
    "status": "warning",
    "reasons": '[{"code":"disk_low","value":91.5,"limit":90.0}]',
    "measures": '{"cpu_percent":3.5,"on_mains":true}',
    "outbox": '{"pending":0,"pending_bytes":0,"dropped":0}',
    "missing": 0,
    "lesson": None,
    "beat_ms": 60_000,
    "since_ms": 5,
    "first_seen_ms": 4,
    "last_seen_ms": 6,
}
DEVICE = {
    "province": "79",
    "school": "00123",
    "agent": "may-6a1",
    "device_id": "usb-1",
    "kind": "board",
    "name": "Bảng tương tác",
    "vendor": "SMART",
    "model": "SB680",
    "serial": "0012345",
    "room": "6A1",
    "status": "ok",
    "reasons": "[]",
    "sources": '["usb"]',
    "boot": "b1",
    "rev": 9,
    "since_ms": 5,
    "first_seen_ms": 4,
    "last_seen_ms": 6,
    "removed_ms": None,
    "change": 7,
}
FEED = {"name": "feed_id", "value": "feed-of-old"}


def config_for(connection: Any) -> Config:
    """Alembic's settings, on an open connection."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A database of version 0.1.0 that holds an agent, a device and the feed's identity."""
    path = tmp_path / "lophoc.db"
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as db:
        command.upgrade(config_for(db), "0001")
        for name, row in (("agents", AGENT), ("devices", DEVICE), ("facts", FEED)):
            db.execute(insert(table(name, *map(column, row))).values(row))
    engine.dispose()
    return path


def test_a_database_of_the_first_version_is_taken_over_in_place(old: Path) -> None:
    """Rows keep what they hold, new columns begin as untold, the feed stays the same feed."""
    with Store(f"sqlite:///{old}") as store:
        (agent,), (device,) = store.agents(SCHOOL), store.devices(SCHOOL)
        assert store.feed_id == "feed-of-old"
    assert (agent.status, agent.reasons) == (Status.WARNING, (Reason("disk_low", 91.5, 90.0),))
    assert (agent.roaming, agent.line, agent.kit) == (False, LineMeasures(), ())
    assert (device.kind, device.serial, device.change) == (DeviceKind.BOARD, "0012345", 7)
    told = (device.identity, device.aliases, device.address, device.measures)
    assert told == (None, (), "", None)


def test_what_was_taken_over_can_be_written_again(old: Path) -> None:
    """The taken over database is an ordinary one, and opens a second time."""
    with Store(f"sqlite:///{old}") as store:
        (device,) = store.devices(SCHOOL)
        store.commit([device], [], 1)
    with Store(f"sqlite:///{old}") as store:
        assert store.devices(SCHOOL) == [device]


def test_a_migration_can_be_undone_without_loss(old: Path) -> None:
    """Forward and back leaves the rows as the first version wrote them."""
    engine = create_engine(f"sqlite:///{old}")
    with engine.begin() as db:
        command.upgrade(config_for(db), "head")
        command.downgrade(config_for(db), "0001")
        for name, row in (("agents", AGENT), ("devices", DEVICE)):
            kept = db.execute(select(text("*")).select_from(table(name))).mappings().one()
            assert dict(kept) == row
    engine.dispose()


def test_the_second_schema_is_plain_sql_for_postgresql_too() -> None:
    """Each column is added with a default for rows that are there; nothing is of SQLite alone."""
    said = io.StringIO()
    context = MigrationContext.configure(
        dialect_name="postgresql", opts={"as_sql": True, "output_buffer": said}
    )
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(config).get_revision("0002")
    assert script is not None
    with Operations.context(context), redirect_stdout(io.StringIO()):
        script.module.upgrade()
    statements = [line.strip() for line in said.getvalue().splitlines() if line.strip()]
    assert "ALTER TABLE agents ADD COLUMN roaming BOOLEAN DEFAULT false NOT NULL;" in statements
    assert all(
        each.startswith(("ALTER TABLE agents ADD", "ALTER TABLE devices ADD"))
        for each in statements
    )
    assert len(statements) == 7


def test_a_fault_that_waits_opens_a_repair_when_repairs_begin(old: Path) -> None:
    """One that was dealt with does not."""
    place = {"province": "79", "school": "00123", "agent": "may-6a1", "room": "6A1"}
    engine = create_engine(f"sqlite:///{old}")
    with engine.begin() as db:
        command.upgrade(config_for(db), "0006")
        for event_id, done_ms in (("f1", None), ("f2", 9)):
            row = place | {"event_id": event_id, "part": "board", "at_ms": 5, "received_ms": 6}
            row |= {"done_ms": done_ms}
            db.execute(insert(table("faults", *map(column, row))).values(row))
    engine.dispose()
    with Store(f"sqlite:///{old}") as store, store.looking() as db:
        (repair,) = repairs.repairs_of(db, SCHOOL)
    assert (repair.event_id, repair.room, repair.reported_ms) == ("f1", "6A1", 5)
    assert (repair.who, repair.opened_ms, repair.moves) == ("may-6a1", 6, ())
