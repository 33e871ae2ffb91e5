"""The store keeps a batch whole or not at all, once, and shows only what the scope allows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from msgspec.structs import replace

from controller.attendance.store import marks_of
from controller.database.forgetting import forget_before
from controller.database.repair import repair
from controller.database.schema import metadata
from controller.database.set_aside import Quarantined
from controller.database.store import Store, StoreError
from controller.database.upkeep import is_sound
from controller.features import ages_of_pupils, is_readable, keep_batch
from controller.fleet.fleet import StreamChanged, Touched
from controller.fleet.records import AgentRecord, AttendanceRecord, DeviceRecord, EventRecord
from controller.fleet.store import (
    agents_of,
    devices_of,
    events_of,
    load_fleet,
    newest_change,
    newest_events,
)
from controller.inventory import store as assets
from controller.inventory.chosen import Chosen
from controller.inventory.store import refresh
from protocol.messages import HostMeasures, KitLine, LineMeasures, OutboxReport
from protocol.model import (
    AttendanceStatus,
    DeviceKind,
    DeviceMeasures,
    Identity,
    Method,
    Place,
    Reason,
    Status,
)
from protocol.ranges import Stream
from tests.databases import Database

SCHOOL, OTHER = Place("14", "00140708"), Place("14", "00140709")
AGENT = SCHOOL.of_agent("p203")
NOW = 1_793_750_400_000


def agent(place: Place = AGENT) -> AgentRecord:
    return AgentRecord(
        place=place,
        room="P203",
        version="0.1.0",
        boot="b1",
        session=2,
        rev=3,
        online=True,
        status=Status.WARNING,
        reasons=(Reason("disk_low", 91.5, 90.0), Reason("sense_missing", "usb")),
        measures=HostMeasures(cpu_percent=3.5, on_mains=True),
        outbox=OutboxReport(pending=2, pending_bytes=300, dropped=1),
        missing=4,
        lesson="l1",
        beat_s=60.0,
        roaming=True,
        line=LineMeasures(gateway=True, internet=False, rtt_ms=3.5),
        kit=(
            KitLine(kind=DeviceKind.CAMERA, wanted=1, here=0),
            KitLine(name="LibreOffice", wanted=1, here=1, running=False),
        ),
        since_ms=NOW,
        first_seen_ms=NOW,
        last_seen_ms=NOW,
    )


def device(device_id: str = "usb-1", place: Place = AGENT, change: int = 1) -> DeviceRecord:
    return DeviceRecord(
        place=place,
        device_id=device_id,
        kind=DeviceKind.BOARD,
        name="Bảng tương tác",
        vendor="SMART",
        model="SB680",
        serial="0012345",
        room="P203",
        status=Status.OK,
        sources=("usb", "mdns"),
        identity=Identity.MAC,
        aliases=("port-1", "mdns-1"),
        address="192.0.2.7",
        measures=DeviceMeasures(power="on", input="HDMI 1", lamp_hours=1204),
        boot="b1",
        rev=7,
        since_ms=NOW,
        first_seen_ms=NOW,
        last_seen_ms=NOW,
        change=change,
    )


def mark(number: int, place: Place = AGENT, day: str = "2026-09-05") -> AttendanceRecord:
    return AttendanceRecord(
        place=place,
        event_id=f"{place.school}-m{number}",
        student=f"hs-{number}",
        status=AttendanceStatus.LATE,
        method=Method.MANUAL,
        room="P203",
        lesson=None,
        day=day,
        at_ms=NOW,
        received_ms=NOW,
    )


def happening(number: int) -> EventRecord:
    return EventRecord(
        place=AGENT,
        event_id=f"e{number}",
        kind="lesson_started",
        room="P203",
        at_ms=NOW,
        received_ms=NOW,
        body=b'{"lesson":"l1"}',
    )


@pytest.fixture
def store(database: Database) -> Iterator[Store]:
    with Store(database.url) as store:
        yield store


def test_every_record_comes_back_as_it_was(store: Store) -> None:
    """All fields, leading zeros and Vietnamese letters, through rows and back."""
    store.write(keep_batch, [agent(), device(), mark(1), happening(1)], NOW)
    assert store.read(agents_of, SCHOOL) == [agent()]
    assert store.read(devices_of, SCHOOL) == [device()]
    assert store.read(marks_of, SCHOOL) == [replace(mark(1), no=1)]
    assert store.read(events_of, SCHOOL) == [replace(happening(1), no=1)]


def test_the_fleet_comes_back_with_its_streams_and_feed(store: Store) -> None:
    """After a restart a repeated event is still a repeated one."""
    stream = Stream([[1, 4], [6, 6]])
    store.write(
        keep_batch, [agent(), device(change=9), StreamChanged(AGENT, "b1", stream.to_text())], NOW
    )
    fleet = store.read(load_fleet, SCHOOL, ZoneInfo("UTC"), device_silent_s=900, awake_since_ms=NOW)
    assert fleet.agents["p203"] == agent()
    assert fleet.devices["usb-1"] == device(change=9)
    assert fleet._streams["p203", "b1"].ranges == [[1, 4], [6, 6]]
    assert fleet._equipment._newest_change == 9


def test_the_same_event_twice_is_stored_once(store: Store) -> None:
    """The database is the last wall against doubling."""
    store.write(keep_batch, [mark(1), mark(1), happening(1)], NOW)
    store.write(keep_batch, [mark(1), happening(1)], NOW)
    assert len(store.read(marks_of, SCHOOL)) == len(store.read(events_of, SCHOOL)) == 1


def test_pages_follow_the_order_of_code_points(store: Store) -> None:
    """On every database alike, so that a page begins where the last one ended."""
    names = ["a", "B", "b", "_", "1", "10", "2", "ă", "Ă", "đ", "z", "a b", "a-b", "ab"]
    store.write(keep_batch, [device(name, change=n) for n, name in enumerate(names, start=1)], NOW)
    walked, after = [], ""
    while page := store.read(devices_of, SCHOOL, after=after, limit=1):
        after = page[0].device_id
        walked.append(after)
    assert walked == sorted(names)


def test_a_character_that_a_database_cannot_hold_stops_no_batch(store: Store) -> None:
    """PostgreSQL's text has no U+0000; a stand-in is kept, and what came beside it."""
    odd = replace(device("usb-\0"), name="board\0", aliases=("a\0b",))
    poison = Quarantined("x/\0", "\0", "malformed", "\0", b"\0")
    store.write(keep_batch, [odd, device("usb-9", change=2), poison], NOW)
    kept = {each.change: each for each in store.read(devices_of, SCHOOL)}
    assert kept[1].name.rstrip("\0\ufffd") == "board"
    assert kept[1].aliases == ("a\0b",)
    assert kept[2] == device("usb-9", change=2)
    assert store.read(devices_of, SCHOOL, room="P\0") == []


@pytest.mark.parametrize("count", [1, 7, 8, 9, 63, 64, 65, 200])
def test_any_number_of_rows_is_written(store: Store, count: int) -> None:
    """Whatever statements a batch is cut into."""
    devices = [device(f"usb-{n:03}", change=n + 1) for n in range(count)]
    store.write(keep_batch, [*devices, *(mark(n) for n in range(count))], NOW)
    assert store.read(devices_of, SCHOOL) == devices
    assert [each.student for each in store.read(marks_of, SCHOOL)] == [
        f"hs-{n}" for n in range(count)
    ]


def test_of_a_batch_the_last_state_wins(store: Store) -> None:
    """A device that changed twice is written once."""
    store.write(keep_batch, [device(), replace(device(), name="later", change=2)], NOW)
    (kept,) = store.read(devices_of, SCHOOL)
    assert (kept.name, kept.change) == ("later", 2)


def test_a_touch_moves_only_last_seen_and_only_in_its_school(store: Store) -> None:
    """The same device id in another school is another row."""
    there = OTHER.of_agent("x")
    store.write(keep_batch, [device(), device(place=there, change=2)], NOW)
    store.write(keep_batch, [Touched(AGENT, ("usb-1",), NOW + 9)], NOW)
    (here,) = store.read(devices_of, SCHOOL)
    assert here == replace(device(), last_seen_ms=NOW + 9)
    assert store.read(devices_of, OTHER)[0].last_seen_ms == NOW


def test_no_query_leaves_its_scope(store: Store) -> None:
    """Another school's agents, devices, marks, events and changes are not there."""
    there = OTHER.of_agent("p203")
    foreign = [agent(there), device(place=there), mark(1, there)]
    store.write(keep_batch, [*foreign, replace(happening(1), place=there)], NOW)
    assert (
        store.read(agents_of, SCHOOL)
        == store.read(devices_of, SCHOOL)
        == store.read(marks_of, SCHOOL)
        == []
    )
    assert store.read(events_of, SCHOOL) == store.read(newest_events, SCHOOL) == []
    refresh(store, SCHOOL, ZoneInfo("UTC"), NOW)
    refresh(store, OTHER, ZoneInfo("UTC"), NOW)
    with store.view() as db:
        assert assets.changes(db, SCHOOL, since=0, limit=10, chosen=Chosen(), now_ms=0) == []
        assert len(assets.changes(db, OTHER, since=0, limit=10, chosen=Chosen(), now_ms=0)) == 1
    assert store.read(newest_change, SCHOOL) == 0
    assert store.read(marks_of, SCHOOL, day="2026-09-05") == []
    assert len(store.read(agents_of, Place())) == 1


def test_a_batch_that_fails_leaves_nothing(store: Store, database: Database) -> None:
    """All or nothing, and the error says that nothing is lost."""
    database.refuse("INSERT", "events")
    with pytest.raises(StoreError) as refused:
        store.write(keep_batch, [agent(), device(), mark(1), happening(1)], NOW)
    assert refused.value.code == "store_refused"
    assert (
        store.read(agents_of, SCHOOL)
        == store.read(devices_of, SCHOOL)
        == store.read(marks_of, SCHOOL)
        == []
    )


def test_who_reads_cannot_write_and_the_next_one_can(store: Store) -> None:
    """A write after a look at an older moment is refused now and then: so it always is."""
    with pytest.raises(StoreError):
        store.read(keep_batch, [agent(), happening(1)], NOW)
    assert store.read(agents_of, SCHOOL) == []
    store.write(keep_batch, [agent(), happening(1)], NOW)
    assert [one.place for one in store.read(agents_of, SCHOOL)] == [AGENT]


def test_upkeep_that_the_disk_refuses_is_told_and_ends_nothing(
    store: Store, database: Database
) -> None:
    """A full disk must not end the controller: forgetting says StoreError."""
    database.refuse("DELETE", "marks")
    store.write(keep_batch, [mark(1)], NOW)
    with pytest.raises(StoreError, match="not do its work"):
        store.write(forget_before, ages_of_pupils(), NOW + 1)
    assert len(store.read(marks_of, SCHOOL)) == 1


def test_a_copy_that_the_disk_refuses_is_told(store: Store, database: Database) -> None:
    """SQLite's copy says StoreError; PostgreSQL is copied by pg_dump, not by us."""
    nowhere = Path("nowhere") / "copy.db"
    if database.kind == "postgresql":
        store.back_up(nowhere)
        return
    with pytest.raises(StoreError, match="not do its work"):
        store.back_up(nowhere)


def test_removed_devices_leave_the_list_and_stay_in_the_feed(store: Store) -> None:
    """The department hears of a removal."""
    store.write(keep_batch, [device()], NOW)
    refresh(store, SCHOOL, ZoneInfo("UTC"), NOW)
    store.write(keep_batch, [replace(device(), removed_ms=NOW, change=2)], NOW)
    refresh(store, SCHOOL, ZoneInfo("UTC"), NOW)
    assert store.read(devices_of, SCHOOL) == []
    with store.view() as db:
        (tombstone,) = assets.changes(db, SCHOOL, since=1, limit=10, chosen=Chosen(), now_ms=0)
    assert tombstone.removed_ms == NOW


def test_old_marks_are_forgotten(store: Store) -> None:
    """Children's data is not kept longer than the school says."""
    store.write(keep_batch, [mark(1), replace(mark(2), received_ms=NOW + 10)], NOW)
    assert store.write(forget_before, ages_of_pupils(), NOW + 5) == 1
    assert [each.student for each in store.read(marks_of, SCHOOL)] == ["hs-2"]


def test_what_is_committed_stays_through_a_power_cut(store: Store, database: Database) -> None:
    """On every connection, whatever the server's own setting is."""
    with store._open_engine.connect() as db:
        if database.kind == "postgresql":
            assert db.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
            return
        assert db.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert db.exec_driver_sql("PRAGMA synchronous").scalar() == 2


def test_the_migrations_make_exactly_the_tables_of_the_code(store: Store) -> None:
    """Nobody changes a table and forgets its migration."""
    with store._open_engine.connect() as db:
        assert compare_metadata(MigrationContext.configure(db), metadata) == []


def test_the_feed_keeps_its_identity_over_restarts(database: Database) -> None:
    """A token of last month still means this database."""
    with Store(database.url) as first:
        feed_id = first.feed_id
    with Store(database.url) as second:
        assert second.feed_id == feed_id != ""


def test_a_database_of_a_newer_program_is_not_touched(database: Database) -> None:
    """Going back a version loses nothing."""
    with Store(database.url):
        pass
    database.say("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError) as told, Store(database.url):
        pass
    assert told.value.code == "store_newer"


@pytest.mark.parametrize("damage", ["garbage", "truncated", "overwritten"])
def test_a_damaged_database_is_told_and_has_a_way_back(tmp_path: Path, damage: str) -> None:
    """Never a silent empty start: the error names the command, the command restores the copy."""
    path, backups = tmp_path / "lophoc.db", tmp_path / "backups"
    url = f"sqlite:///{path}"
    backups.mkdir()
    with Store(url) as store:
        store.write(keep_batch, [agent(), *(mark(n) for n in range(500))], NOW)
        store.back_up(backups / "lophoc-2026-09-05.db")
        feed = store.feed_id
    whole = path.read_bytes()
    spoilt = {
        "garbage": b"this is no database" * 100,
        "truncated": whole[: len(whole) // 2 // 4096 * 4096 + 100],
        "overwritten": whole[:8192] + b"\xff" * 16384 + whole[24576:],
    }[damage]
    path.write_bytes(spoilt)
    with pytest.raises(StoreError) as told, Store(url):
        pass
    assert told.value.code == "store_damaged"
    assert "lophoc-controller repair" in str(told.value)
    assert not is_sound(path)
    assert repair(path, backups, "now", is_readable).copy == backups / "lophoc-2026-09-05.db"
    assert (tmp_path / "lophoc.db.damaged-now").read_bytes() == spoilt
    with Store(url) as store:
        assert len(store.read(marks_of, SCHOOL)) == 500
        assert store.feed_id != feed  # numbers come again: whoever pulls begins anew


def test_repair_without_a_sound_copy_says_so(tmp_path: Path) -> None:
    """The damaged file is put aside, never deleted."""
    (tmp_path / "lophoc.db").write_bytes(b"garbage")
    (tmp_path / "backups").mkdir()
    (tmp_path / "backups" / "lophoc-2026-01-01.db").write_bytes(b"garbage too")
    report = repair(tmp_path / "lophoc.db", tmp_path / "backups", "now", is_readable)
    assert report.copy is None
    assert not any(table.read or table.copied for table in report.tables)
    assert (tmp_path / "lophoc.db.damaged-now").read_bytes() == b"garbage"
    with Store(f"sqlite:///{tmp_path / 'lophoc.db'}") as store:
        assert store.read(marks_of, SCHOOL) == []
