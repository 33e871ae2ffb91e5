"""A database of an earlier version is taken over with all that is in it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Boolean, Connection, Text, column, insert, inspect, select, table, text

from controller.database import postgresql
from controller.database.engine import alone, engine_at, url_from
from controller.database.revision import MIGRATIONS, is_newest, newest
from controller.database.schema import metadata
from controller.database.store import Store
from controller.features import keep_batch
from controller.fleet.store import agents_of, devices_of
from controller.inventory.chosen import Chosen
from controller.inventory.store import items
from controller.register.store import lines_of
from controller.repairs import store as repairs
from controller.roster.store import plan_of
from protocol.messages import LineMeasures
from protocol.model import DeviceKind, Place, Reason, Status
from tests.databases import KINDS
from tests.postgres import Cluster
from tests.waiting import until

SCHOOL = Place("79", "00123")

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
    "online": True,
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
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


@pytest.fixture(params=KINDS)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of version 0.1.0 that holds an agent, a device and the feed's identity."""
    cluster: Cluster | None = None
    if request.param == "postgresql":
        cluster = request.getfixturevalue("cluster")
    url = cluster.fresh() if cluster else f"sqlite:///{tmp_path / 'lophoc.db'}"
    engine = engine_at(url_from(url))
    with engine.begin() as db:
        command.upgrade(config_for(db), "0001")
        for name, row in (("agents", AGENT), ("devices", DEVICE), ("facts", FEED)):
            db.execute(insert(table(name, *map(column, row))).values(row))
    engine.dispose()
    yield url
    if cluster:
        cluster.drop(url)


def test_a_database_of_the_first_version_is_taken_over_in_place(old: str) -> None:
    """Rows keep what they hold, new columns begin as untold, the feed stays the same feed."""
    with Store(old) as store:
        (agent,), (device,) = store.read(agents_of, SCHOOL), store.read(devices_of, SCHOOL)
        assert store.feed_id == "feed-of-old"
    assert (agent.status, agent.reasons) == (Status.WARNING, (Reason("disk_low", 91.5, 90.0),))
    assert (agent.roaming, agent.line, agent.kit) == (False, LineMeasures(), ())
    assert (device.kind, device.serial, device.change) == (DeviceKind.BOARD, "0012345", 7)
    told = (device.identity, device.aliases, device.address, device.measures)
    assert told == (None, (), "", None)


def test_what_was_taken_over_can_be_written_again(old: str) -> None:
    """The taken over database is an ordinary one, and opens a second time."""
    with Store(old) as store:
        (device,) = store.read(devices_of, SCHOOL)
        store.write(keep_batch, [device], 1)
    with Store(old) as store:
        assert store.read(devices_of, SCHOOL) == [device]


def test_a_migration_can_be_undone_without_loss(old: str) -> None:
    """Forward and back leaves the rows as the first version wrote them."""
    engine = engine_at(url_from(old))
    with engine.begin() as db:
        command.upgrade(config_for(db), "head")
        command.downgrade(config_for(db), "0001")
        for name, row in (("agents", AGENT), ("devices", DEVICE)):
            kept = db.execute(select(text("*")).select_from(table(name))).mappings().one()
            assert dict(kept) == row
    engine.dispose()


def test_whether_there_is_work_for_alembic_is_told_without_it(old: str) -> None:
    """What is read of the files' text is what Alembic makes of the files."""
    assert newest() == ScriptDirectory(str(MIGRATIONS)).get_current_head()
    engine = engine_at(url_from(old))
    with engine.begin() as db:
        assert not is_newest(db)
        command.upgrade(config_for(db), "head")
        assert is_newest(db)
        command.downgrade(config_for(db), "-1")
        assert not is_newest(db)
        command.downgrade(config_for(db), "base")
        assert not is_newest(db)
    engine.dispose()


def test_every_migration_goes_down_to_nothing_and_up_again(old: str) -> None:
    """An administrator who goes back to the first version can come forward again."""
    engine = engine_at(url_from(old))
    with engine.begin() as db:
        command.upgrade(config_for(db), "head")
        command.downgrade(config_for(db), "base")
    engine.dispose()
    with Store(old) as store, store.view() as db:
        _know_all_tables()
        assert compare_metadata(MigrationContext.configure(db), metadata) == []


def test_two_programs_that_open_an_old_database_at_once_bring_it_up_once(cluster: Cluster) -> None:
    """A command beside the controller, on the first day: neither fails."""
    url = cluster.fresh()
    both = threading.Barrier(4)

    def opened() -> str:
        both.wait()
        with Store(url) as store:
            return store.feed_id

    with ThreadPoolExecutor(4) as pool:
        told = [each.result() for each in [pool.submit(opened) for _ in range(4)]]
    cluster.drop(url)
    assert len(set(told)) == 1


def test_who_finds_the_schema_being_brought_up_waits_longer_than_for_a_row(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large one takes minutes, and the command beside it does not fail."""
    url = cluster.fresh()
    Store(url).__enter__().__exit__()
    monkeypatch.setattr(postgresql, "LOCK_TIMEOUT_MS", 1)

    def opened() -> str:
        with Store(url) as store:
            return store.feed_id

    engine = engine_at(url_from(url))
    with ThreadPoolExecutor(1) as pool:
        with engine.begin() as db:
            alone(db)
            it = pool.submit(opened)
            waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            until(lambda: it.done() or db.exec_driver_sql(waiting).scalar_one(), "it waits")
            db.exec_driver_sql("SELECT pg_sleep(0.05)")
        assert it.result()
    engine.dispose()
    cluster.drop(url)


def test_text_is_compared_by_code_point_whatever_the_servers_language(cluster: Cluster) -> None:
    """Every text column of every table, also those that come later."""
    url = cluster.fresh()
    with Store(url) as store, store.view() as db:
        order = db.exec_driver_sql("SELECT 'a' < 'B'").scalar_one()
        others = db.exec_driver_sql(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND data_type IN ('text', 'character varying')"
            " AND collation_name IS DISTINCT FROM 'C' AND table_name <> 'alembic_version'"
        ).all()
    cluster.drop(url)
    assert order  # this server's own order is another
    assert others == []


def test_a_fault_that_waits_opens_a_repair_when_repairs_begin(old: str) -> None:
    """One that was dealt with does not."""
    place = {"province": "79", "school": "00123", "agent": "may-6a1", "room": "6A1"}
    engine = engine_at(url_from(old))
    with engine.begin() as db:
        command.upgrade(config_for(db), "0006")
        for event_id, done_ms in (("f1", None), ("f2", 9)):
            row = place | {"event_id": event_id, "part": "board", "at_ms": 5, "received_ms": 6}
            row |= {"done_ms": done_ms}
            db.execute(insert(table("faults", *map(column, row))).values(row))
    engine.dispose()
    with Store(old) as store, store.view() as db:
        (repair,) = repairs.repairs_of(db, SCHOOL)
    assert (repair.event_id, repair.room, repair.reported_ms) == ("f1", "6A1", 5)
    assert (repair.who, repair.opened_ms, repair.moves) == ("may-6a1", 6, ())


def test_a_door_key_of_before_is_one_that_rooms_hold(old: str) -> None:
    """Their programs may need it; keys that are made later stay here."""
    engine = engine_at(url_from(old))
    with engine.begin() as db:
        command.upgrade(config_for(db), "0035")
        row = {"province": "79", "school": "00123", "version": 1, "key": "00ff", "made_ms": 5}
        db.execute(insert(table("door_keys", *map(column, row))).values(row))
    engine.dispose()
    with Store(old) as store:
        assert store.read(plan_of, SCHOOL).door_keys == {"1": "00ff"}


def test_a_line_of_before_quantities_is_one_thing(old: str) -> None:
    """In the book and in the inventory; its cost is that of the one."""
    place: dict[str, object] = {"province": "79", "school": "00123"}
    engine = engine_at(url_from(old))
    with engine.begin() as db:
        command.upgrade(config_for(db), "0034")
        _put(db, "register", **place, no=1, origin="book", errors="[]", cost_vnd=7)
        lists = dict.fromkeys(("also", "lacks", "reasons", "sources", "aliases"), "[]")
        codes = {"kind": "board", "status": "ok", "state": "ok"}
        _put(db, "assets", **place, device_id="line:1", line=1, cost_vnd=7, **lists, **codes)
    engine.dispose()
    with Store(old) as store, store.view() as db:
        (line,) = lines_of(db, SCHOOL)
        (item,) = items(db, SCHOOL, Chosen(), now_ms=0)
    assert (line.data.quantity, line.data.cost_vnd) == (1, 7)
    assert (item.quantity, item.unit_cost, item.cost_vnd) == (1, 7, 7)


def _put(db: Connection, name: str, **row: object) -> None:
    """A row with what is given; every other column that needs a value holds nothing."""
    empty = {"change": 1, "relay_change": 1, "row": 1, "no": 1}
    for each in inspect(db).get_columns(name):
        if not each["nullable"] and each["name"] not in row:
            plain = "" if isinstance(each["type"], Text) else empty.get(each["name"], 0)
            row[each["name"]] = False if isinstance(each["type"], Boolean) else plain
    db.execute(insert(table(name, *map(column, row))).values(row))


def test_what_is_compared_is_made_anew_and_rows_that_are_now_one_become_one(old: str) -> None:
    """Rooms and tags as 0010 kept them; what was right already stays as it is."""
    school: dict[str, object] = {"province": "79", "school": "00123"}
    engine = engine_at(url_from(old))
    with engine.begin() as db:
        command.upgrade(config_for(db), "0010")
        for no, (room, key) in enumerate([("3/2", "3/2"), ("P203", "p203"), ("6A1", "6a1")]):
            _put(
                db,
                "assets",
                **school,
                device_id=f"d{no}",
                room=room,
                room_key=key,
                asset_tag="TS\u20131",
                tag_key="ts\u20131",
                serial="AB-1",
                serial_key="ab1",
            )
        for room, key, site in (("P6A1", "p6a1", "A"), ("6A1", "6a1", "B"), ("3-2", "32", "C"),
                                ("32", "p32", "D")):  # fmt: skip
            _put(db, "spots", **school, room=room, room_key=key, site=site)
        for tag in ("ts\u20131", "ts-1", "ts\u20132"):
            _put(db, "labels", **school, tag=tag, printed_ms=5)
        _put(db, "decisions", **school, no=1, subject="tag:ts\u20131")
        _put(db, "decisions", **school, no=2, subject="line:7")
    engine.dispose()
    with Store(old) as store, store.view() as db:
        rooms = select(column("room_key"), column("tag_key"), column("serial_key"))
        told = db.execute(rooms.select_from(table("assets")).order_by(column("device_id"))).all()
        spots = select(column("room_key"), column("site")).select_from(table("spots"))
        where = {row.room_key: row.site for row in db.execute(spots)}
        tags = {*db.scalars(select(column("tag")).select_from(table("labels")))}
        subjects = {*db.scalars(select(column("subject")).select_from(table("decisions")))}
    assert [tuple(each) for each in told] == [
        ("p3 2", "ts-1", "ab1"), ("p203", "ts-1", "ab1"), ("p6a1", "ts-1", "ab1"),
    ]  # fmt: skip
    assert where == {"p6a1": "A", "p3 2": "C", "p32": "D"}
    assert tags == {"ts-1", "ts-2"}
    assert subjects == {"tag:ts-1", "line:7"}


def _know_all_tables() -> None:
    """Load every feature's tables, whichever tests ran before."""
    for path in (MIGRATIONS.parents[1]).glob("*/tables.py"):
        import_module(f"controller.{path.parent.name}.tables")
