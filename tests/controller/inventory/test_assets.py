"""The inventory joins book and sight; a pull of it can be cut anywhere and loses nothing."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from controller.database.schema import metadata
from controller.database.store import Store
from controller.features import keep_batch
from controller.fleet.records import DeviceRecord
from controller.inventory import store as assets
from controller.inventory.asset import RETELL_AFTER_MS, Asset, AssetState, Spot, assets_of, news
from controller.inventory.chosen import Chosen
from controller.inventory.feed import Feed, as_csv, as_ndjson, spell_from
from controller.reconcile.evidence import observations_of
from controller.reconcile.reconcile import reconcile
from controller.register import store as register
from controller.register.book import Line
from controller.register.decisions import Decision, Deed, Rulings
from controller.register.merging import Kept
from controller.sheets.names import room_key
from protocol.model import DeviceKind, Identity, Place, Status
from tests.controller.fresh import fresh_store
from tests.databases import Database

SCHOOL = Place("14", "00140708")
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
NOW_MS = 1_793_232_000_000
DAY_MS = 86_400_000


def line(no: int, **fields: object) -> Kept:
    """A line of the book."""
    given = {"row": no, "asset_tag": f"TB-{no:03}", "type": "board", "room": "P203", "year": 2022}
    return Kept(no=no, data=Line(**{**given, "serial": f"SN{no:03}", **fields}), added_ms=NOW_MS)


def device(number: int, **fields: object) -> DeviceRecord:
    """A board that the agents see."""
    seen = DeviceRecord(
        place=SCHOOL.of_agent("p203"),
        device_id=f"usb-{number}",
        kind=DeviceKind.BOARD,
        name=f"Bảng {number}",
        serial=f"sn-{number:03}",
        room="P203",
        status=Status.OK,
        identity=Identity.USB,
        first_seen_ms=NOW_MS - DAY_MS,
        last_seen_ms=NOW_MS,
        change=number,
    )
    return replace(seen, **fields)


def joined(
    lines: list[Kept], devices: list[DeviceRecord], *decisions: Decision, **more: object
) -> dict[str, Asset]:
    """The inventory of a book and of what is seen, by id."""
    rulings = Rulings(decisions)
    told = reconcile(lines, observations_of(devices), NOW_MS, rulings=rulings)
    found = assets_of(told, devices, SCHOOL, rulings=rulings, **more)
    by_id = {each.device_id: each.as_of(NOW_MS) for each in found}
    assert len(by_id) == len(found)
    return by_id


def test_a_line_and_the_device_of_its_serial_are_one_item() -> None:
    """It keeps the agents' id and status, and has the book's tag, year and room."""
    (item,) = joined([line(1)], [device(1, room="P207")]).values()
    assert (item.device_id, item.line, item.asset_tag, item.year) == ("usb-1", 1, "TB-001", 2022)
    assert (item.state, item.room, item.there) == (AssetState.MOVED, "P203", "P207")
    assert (item.status, item.name, item.complete, item.verified) == (
        Status.OK,
        "Bảng 1",
        True,
        True,
    )


def test_what_stands_on_one_side_only_is_an_item_too() -> None:
    """A line that no agent sees has an id of its own; a device without a line is unregistered."""
    found = joined([line(1)], [device(2)])
    assert found["line:1"].state is AssetState.NEVER_SEEN
    assert found["line:1"].kind is DeviceKind.BOARD
    assert found["usb-2"].state is AssetState.UNREGISTERED
    assert found["usb-2"].line is None
    assert not found["usb-2"].complete


@pytest.mark.parametrize(
    ("seen", "state"),
    [
        (device(5, kind=DeviceKind.INPUT), AssetState.ACCESSORY),
        (
            device(5, kind=DeviceKind.TABLET, serial="", identity=Identity.HOST),
            AssetState.VISITOR,
        ),
        (device(5), AssetState.UNREGISTERED),
    ],
)
def test_what_is_not_the_schools_own_is_told_apart(seen: DeviceRecord, state: AssetState) -> None:
    """A mouse is no asset, a visitor's tablet may not become one."""
    item = joined([line(1)], [seen])["usb-5"]
    assert (item.state, item.owned) == (state, state is AssetState.UNREGISTERED)


def test_a_persons_word_decides() -> None:
    """Ignored is ignored; matched is one item with the line."""
    ignored = Decision(no=1, subject="serial:SN005", deed=Deed.IGNORE)
    key = observations_of([device(5)])[0].key
    assert joined([line(1)], [device(5)], replace(ignored, subject=key))["usb-5"].state is (
        AssetState.IGNORED
    )
    matched = Decision(no=2, subject=key, deed=Deed.MATCH, line=1)
    (item,) = joined([line(1)], [device(5)], matched).values()
    assert (item.device_id, item.line, item.serial) == ("usb-5", 1, "SN001")


def test_things_of_one_line_are_counted_once() -> None:
    """The line is one item of five things; the devices matched to it are no items beside it."""
    keys = [observations_of([device(number)])[0].key for number in (1, 2)]
    matched = [Decision(no=no, subject=key, deed=Deed.MATCH, line=1) for no, key in enumerate(keys)]
    five = line(1, serial="", quantity=5, unit_cost_vnd=4, cost_vnd=21)
    found = joined([five], [device(1), device(2)], *matched)
    owned = [item for item in found.values() if item.owned]
    assert [(item.line, item.quantity, item.unit_cost, item.cost_vnd) for item in owned] == [
        (1, 5, 4, 21)
    ]
    assert [item.state for item in found.values() if not item.owned] == [AssetState.ACCESSORY]


def test_a_serial_of_two_lines_is_nobodys() -> None:
    """Both lines and the device say so; nothing is guessed."""
    found = joined([line(1, serial="X1"), line(2, serial="X1", room="P9")], [device(3, serial="X1", room="P5")])  # fmt: skip  # noqa: E501
    assert {each.state for each in found.values()} == {AssetState.DUPLICATE_SERIAL}
    assert len(found) == 3


def test_a_room_says_where_it_is() -> None:
    """Site and building come from the school's own list of rooms, however the room is written."""
    spots = {room_key("Phòng 203"): Spot("Bản Mế", "Nhà A")}
    (item,) = joined([line(1)], [device(1)], spots=spots).values()
    assert (item.site, item.building) == ("Bản Mế", "Nhà A")


def told_again(before: list[Asset], now: list[Asset]) -> list[Asset]:
    """What the feed tells after the first time."""
    known = {each.device_id: each for each in news({}, before, 0, 0, NOW_MS)}
    return news(known, now, 10, 10, NOW_MS)


def test_only_what_changed_is_news() -> None:
    """Being seen a minute later is none; a status is, but not to the department."""
    first = [*joined([line(1)], [device(1), device(2)]).values()]
    assert told_again(first, first) == []
    later = [replace(each, seen_ms=each.seen_ms + 60_000) for each in first]
    assert told_again(first, later) == []
    (sick,) = told_again(first, [replace(first[0], status=Status.CRITICAL), first[1]])
    assert (sick.change, sick.relay_change) == (11, 1)
    (moved,) = told_again(first, [replace(first[0], room="P9"), first[1]])
    assert (moved.change, moved.relay_change) == (11, 11)
    (gone,) = told_again(first, first[:1])
    assert (gone.device_id, gone.removed_ms, gone.relay_change) == ("usb-2", NOW_MS, 11)


def test_being_seen_is_told_once_a_week() -> None:
    """So that the department knows it is there, and no day's pull tells every item."""
    first = [*joined([], [device(1)]).values()]
    week = [replace(first[0], seen_ms=first[0].seen_ms + RETELL_AFTER_MS)]
    (again,) = told_again(first, week)
    assert (again.relay_change, again.told_ms) == (11, week[0].seen_ms)


def test_what_comes_back_is_told_as_there() -> None:
    """A tombstone is not for ever."""
    first = [*joined([], [device(1)]).values()]
    known = {each.device_id: each for each in news({}, first, 0, 0, NOW_MS)}
    gone = {each.device_id: each for each in news(known, [], 1, 1, NOW_MS)}
    (back,) = news(gone, first, 2, 2, NOW_MS)
    assert (back.removed_ms, back.change) == (None, 3)


@contextmanager
def school(url: str = "") -> Iterator[tuple[Store, Feed]]:
    """A school's store, and its feed. url: of a database that is there; it is emptied."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Store(url) if url else fresh_store(folder) as store,
    ):
        if url:
            with store.locked(SCHOOL) as db:
                for table in metadata.sorted_tables:
                    db.execute(table.delete())
        yield store, Feed(store, SCHOOL, SCHOOL, ZONE, lambda: NOW_MS)


def test_the_feed_tells_lines_beside_devices_and_follows_a_decision(database: Database) -> None:
    """A line without a device is told; when it is found to be the device, the line's id goes."""
    with school(database.url) as (store, feed):
        store.write(keep_batch, [device(1, serial="other")], NOW_MS)
        with store.locked(SCHOOL) as db:
            register.bring_in(db, SCHOOL, [line(1).data], whole=False, now_ms=NOW_MS)
        first = feed.page(feed.begin(""), Chosen(), 100)
        assert {each["device_id"]: each["state"] for each in first.items} == {
            "usb-1": "unregistered",
            "line:1": "never_seen",
        }
        key = observations_of([device(1, serial="other")])[0].key
        matched = Decision(no=0, subject=key, deed=Deed.MATCH, line=1, at_ms=NOW_MS)
        with store.locked(SCHOOL) as db:
            register.keep_decision(db, SCHOOL, matched, None)
        then = feed.page(feed.begin(first.next), Chosen(), 100)
        told = {each["device_id"]: each for each in then.items}
        assert told["line:1"]["removed"]
        assert (told["usb-1"]["asset_tag"], told["usb-1"]["state"]) == ("TB-001", "ok")


def test_a_choice_tells_what_left_it_as_gone(database: Database) -> None:
    """Whoever keeps the boards of P203 hears that one is in P207 now."""
    with school(database.url) as (store, feed):
        store.write(keep_batch, [device(1), device(2, room="P5")], NOW_MS)
        chosen = Chosen(room="p 203")
        first = feed.page(feed.begin("", chosen), chosen, 100)
        assert [each["device_id"] for each in first.items] == ["usb-1"]
        store.write(keep_batch, [device(1, room="P207", change=3)], NOW_MS)
        then = feed.page(feed.begin(first.next, chosen), chosen, 100)
        assert [(each["device_id"], each["removed"]) for each in then.items] == [("usb-1", True)]


def test_csv_tells_lines_as_text() -> None:
    """Zeros stay, and every text is as it is: programs read it."""
    with school() as (store, feed):
        with store.locked(SCHOOL) as db:
            told = [line(1, serial="0012345", asset_tag="=1+1").data]
            register.bring_in(db, SCHOOL, told, whole=False, now_ms=NOW_MS)
        text = "".join(as_csv(feed.pour(feed.begin(""), Chosen(), 10)))
        (row,) = csv.DictReader(io.StringIO(text, newline=""))
        assert (row["serial"], row["asset_tag"]) == ("0012345", "=1+1")


moments = st.lists(
    st.one_of(
        st.tuples(st.just("cut"), st.integers(0, 6000)),
        st.tuples(st.just("change"), st.integers(1, 9)),
        st.tuples(st.just("remove"), st.integers(1, 9)),
    ),
    min_size=1,
    max_size=14,
)


@given(st.integers(0, 9), moments)
@settings(max_examples=40, deadline=None)
def test_a_pull_cut_at_any_byte_goes_on_with_nothing_missed_or_doubled(
    count: int, path: list[tuple[str, int]]
) -> None:
    """The puller keeps whole lines only and hands back the last one's place; devices change."""
    pull_and_cut("", count, path)


@given(st.integers(0, 9), moments)
@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_pull_from_postgresql_cut_at_any_byte_goes_on(
    postgresql: Database, count: int, path: list[tuple[str, int]]
) -> None:
    """The same, where the department keeps its schools."""
    pull_and_cut(postgresql.url, count, path)


def pull_and_cut(url: str, count: int, path: list[tuple[str, int]]) -> None:
    with school(url) as (store, feed):
        seen = {number: device(number) for number in range(1, count + 1)}
        store.write(keep_batch, [*seen.values()], NOW_MS)
        change, since, kept, tokens = count, "", {}, []

        def pull(limit: int) -> None:
            nonlocal since
            stream = b"".join(as_ndjson(feed.pour(feed.begin(since), Chosen(), 1000)))
            for text in stream[:limit].split(b"\n")[:-1]:
                item = json.loads(text)
                since = item["next"]
                tokens.append(spell_from(since).since)
                if item["removed"]:
                    kept.pop(item["device_id"], None)
                else:
                    kept[item["device_id"]] = item["room"]

        for step, detail in path:
            change += 1
            match step:
                case "cut":
                    pull(detail)
                case "change":
                    seen[detail] = device(detail, room=f"P{change}", change=change)
                    store.write(keep_batch, [seen[detail]], NOW_MS)
                case "remove" if detail in seen:
                    gone = replace(seen.pop(detail), removed_ms=NOW_MS, change=change)
                    store.write(keep_batch, [gone], NOW_MS)
        pull(1 << 30)
        assert kept == {each.device_id: each.room for each in seen.values()}
        assert tokens == sorted(set(tokens))
        with store.view() as db:
            assert len(assets.items(db, SCHOOL, Chosen(), now_ms=NOW_MS)) == len(seen)
