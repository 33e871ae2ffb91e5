"""These tests say that a page misses nothing, learns nothing twice, and holds nobody up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from controller.database.store import Store
from controller.features import keep_batch
from controller.fleet.fleet import Touched
from controller.fleet.records import DeviceRecord
from controller.live import subscription
from controller.live.live import LiveView
from controller.live.subscription import QUEUE, Subscription, View
from protocol.model import DeviceKind, DeviceMeasures, Place
from tests.controller.web_school import (
    CRITICAL,
    NOW_MS,
    Served,
    a_full_room,
    a_live,
    a_morning,
    a_store,
    agent,
    device,
    event,
    mark,
    numbered,
)

pytestmark = pytest.mark.anyio

BOARD, TABLET = DeviceKind.BOARD, DeviceKind.TABLET


@pytest.fixture
def anyio_backend() -> str:
    """The programs run on asyncio alone."""
    return "asyncio"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store with a small school."""
    with a_store(tmp_path, [*a_morning(rooms=3, tablets=2), mark("m1")]) as opened:
        yield opened


async def following(live: LiveView, room: str = "", view: View = View.ALL) -> Subscription:
    """A subscription that has had its snapshot."""
    opened = await live.subscribe(room, view).__aenter__()
    await anext(opened)
    return opened


async def told(feed: Subscription, count: int) -> list[dict[str, Any]]:
    """The next messages of a feed."""
    return [json.loads(await anext(feed)) for _ in range(count)]


async def loaded(store: Store) -> LiveView:
    """A live present over the store."""
    live = a_live(store)
    await live.load()
    return live


def changed(number: int, **changes: object) -> DeviceRecord:
    """The board of 6A1 with a change of its own."""
    return device("6A1", BOARD, change=1000 + number, **changes)


async def test_a_page_begins_with_the_whole_present(store: Store) -> None:
    """The snapshot holds school, rooms, agents, devices and today's marks."""
    live = await loaded(store)
    async with live.subscribe() as feed:
        (first,) = await told(feed, 1)
    assert (first["type"], first["seq"], first["school"]) == (
        "snapshot",
        1,
        "Trường THCS Nguyễn Du",
    )
    assert [len(first[name]) for name in ("rooms", "agents", "devices")] == [3, 3, 18]
    assert first["marked_today"] == {"6A1": 1}


async def test_the_first_screen_is_spared_the_devices(store: Store) -> None:
    """With view=rooms devices are in neither the snapshot nor the changes."""
    live = await loaded(store)
    async with live.subscribe(view=View.ROOMS) as feed:
        (first,) = await told(feed, 1)
        live.publish([changed(1, status=CRITICAL)])
        (second,) = await told(feed, 1)
    assert first["devices"] == []
    assert (second["what"], second["item"]["status"]) == ("room", "critical")


async def test_what_was_published_before_the_snapshot_is_in_it_and_not_told_again(
    store: Store,
) -> None:
    """A change between opening and the snapshot appears once."""
    live = await loaded(store)
    async with live.subscribe("6A1") as feed:
        live.publish([changed(1, name="bảng mới")])
        (first,) = await told(feed, 1)
        live.publish([changed(2, name="bảng mới hơn")])
        (second,) = await told(feed, 1)
    assert "bảng mới" in [each["name"] for each in first["devices"]]
    assert (second["seq"], second["item"]["name"]) == (2, "bảng mới hơn")


@pytest.mark.parametrize(
    "edition", ["", "another.7", "another.", "x", ".", "{boot}.-1", "{boot}.x"]
)
async def test_a_page_never_goes_back_to_before_it_was_written(store: Store, edition: str) -> None:
    """Others may share a snapshot of a moment ago; an edition that is none asks for nothing."""
    live = await loaded(store)
    boot = live.edition.partition(".")[0]
    async with live.subscribe("6A1", edition=edition.format(boot=boot)) as feed:
        await anext(feed)
        live.publish([changed(1, name="bảng mới")])
        async with live.subscribe("6A1", edition=live.edition) as fresh:
            (first,) = await told(fresh, 1)
        assert "bảng mới" in [each["name"] for each in first["devices"]]
        assert first["edition"] == live.edition


async def test_numbers_of_a_feed_go_up_by_one(store: Store) -> None:
    """Snapshot and changes are numbered without a gap."""
    live = await loaded(store)
    async with live.subscribe() as feed:
        live.publish([])
        await anext(feed)
        live.publish([changed(n, name=f"n{n}") for n in range(1, 6)])
        assert [each["seq"] for each in await told(feed, 5)] == [2, 3, 4, 5, 6]


async def test_a_slow_page_loses_the_oldest_and_is_told_so(store: Store) -> None:
    """The queue is bounded; a resync comes first, then what is left."""
    live = await loaded(store)
    feed = await following(live, "6A1")
    for number in range(1, QUEUE + 11):
        live.publish([changed(number, name=f"n{number}")])
    first, second = await told(feed, 2)
    assert first["type"] == "resync"
    assert second["item"]["name"] == "n11"


async def test_a_page_that_asks_gets_a_snapshot_and_nothing_older(store: Store) -> None:
    """After a resync the page asks; what waited is in the answer."""
    live = await loaded(store)
    feed = await following(live, "6A1")
    live.publish([changed(1, name="n1")])
    feed.ask()
    live.publish([changed(2, name="n2")])
    first = (await told(feed, 1))[0]
    live.publish([changed(3, name="n3")])
    second = (await told(feed, 1))[0]
    assert (first["type"], second["item"]["name"]) == ("snapshot", "n3")


async def test_a_page_of_one_room_hears_of_that_room_only(store: Store) -> None:
    """Other rooms' changes are not sent."""
    live = await loaded(store)
    feed = await following(live, "6A2")
    live.publish([changed(1, name="elsewhere"), device("6A2", BOARD, change=2000, name="here")])
    assert (await told(feed, 1))[0]["item"]["name"] == "here"


async def test_a_device_that_moves_is_told_to_both_rooms(store: Store) -> None:
    """The room that it left learns of it as well."""
    live = await loaded(store)
    left, entered = await following(live, "6A1"), await following(live, "6A2")
    live.publish([replace(changed(1), room="6A2")])
    for feed in (left, entered):
        news = (await told(feed, 2))[0]
        assert (news["what"], news["item"]["room"]) == ("device", "6A2")


async def test_a_removed_device_leaves_a_tombstone(store: Store) -> None:
    """Pages are told that it is gone, and the next snapshot lacks it."""
    live = await loaded(store)
    feed = await following(live, "6A1")
    live.publish([changed(1, removed_ms=NOW_MS)])
    (news,) = await told(feed, 1)
    assert news["item"]["removed"] is True
    assert "board-6a1-01" not in [each.device_id for each in live.devices("6A1")]


async def test_a_device_that_was_only_seen_again_is_no_news(store: Store) -> None:
    """Nothing but last_seen moved: the present keeps it, pages are spared."""
    live = await loaded(store)
    known = next(each for each in live.devices("6A1") if each.kind is BOARD)
    feed = await following(live, "6A1")
    live.publish([replace(known, last_seen_ms=NOW_MS + 5)])
    live.publish([Touched(known.place, (known.device_id,), NOW_MS + 9)])
    live.publish([replace(known, name="bảng", change=9000)])
    assert (await told(feed, 1))[0]["item"]["name"] == "bảng"


@pytest.mark.parametrize(
    "changes", [{"measures": DeviceMeasures(power="on")}, {"address": "192.0.2.9"}]
)
async def test_what_the_feed_leaves_out_is_news_for_pages(
    store: Store, changes: dict[str, object]
) -> None:
    """A projector that was switched on has no new place in the feed, yet pages show it."""
    live = await loaded(store)
    known = next(each for each in live.devices("6A1") if each.kind is BOARD)
    feed = await following(live, "6A1")
    live.publish([replace(known, **changes)])
    item = (await told(feed, 1))[0]["item"]
    shown = {"measures": item["measures"] and item["measures"]["power"], "address": item["address"]}
    assert shown in ({"measures": "on", "address": ""}, {"measures": None, "address": "192.0.2.9"})


async def test_a_rooms_kit_and_sleepers_are_told_with_the_room(store: Store) -> None:
    """The first screen learns that something is missing without a reload."""
    live = await loaded(store)
    feed = await following(live, view=View.ROOMS)
    live.publish(numbered(a_full_room(), 9000))
    *_, last = [each for each in await told(feed, 2) if each["what"] == "room"]
    assert (last["item"]["sleeping"], len(last["item"]["kit"])) == (2, 6)


async def test_no_pupil_is_named_on_the_line(store: Store) -> None:
    """A mark tells how many there are today, never whose it is."""
    live = await loaded(store)
    feed = await following(live, "6A1")
    live.publish([mark("m2", student="0042"), mark("m2", student="0042")])
    first, second = await told(feed, 2)
    assert (first["item"]["marked_today"], second["item"]["marked_today"]) == (2, 2)
    assert set(first["item"]) == {"room", "agent_id", "at", "lesson", "marked_today"}


async def test_yesterdays_late_marks_do_not_count_today(store: Store) -> None:
    """Marks that arrive after midnight belong to their own day."""
    live = await loaded(store)
    live.publish([mark("m9", day="2026-09-04")])
    assert live.marked_today() == {"6A1": 1}


async def test_a_new_day_begins_with_an_empty_roll(store: Store) -> None:
    """The school's midnight clears the figures."""
    clock = [NOW_MS / 1000]
    live = a_live(store, lambda: clock[0])
    await live.load()
    clock[0] += 24 * 3600
    assert live.marked_today() == {}


async def test_an_event_is_told_as_it_is_listed_less_its_number(store: Store) -> None:
    """The store numbers events, so the line does not."""
    live = await loaded(store)
    feed = await following(live, "6A1")
    live.publish([event("e1")])
    item = (await told(feed, 1))[0]["item"]
    assert (item["kind"], item["body"], "no" in item) == (
        "lesson_started",
        {"lesson": "toan-1"},
        False,
    )


async def test_what_was_published_while_loading_is_newer_and_stays(store: Store) -> None:
    """Loading never puts an old record over a new one."""
    live = a_live(store)
    live.publish([agent("6A1", version="9.9")])
    await live.load()
    assert [each.version for each in live.agents("6A1")] == ["9.9"]


async def test_a_quiet_line_beats(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page can tell a quiet school from a dead line."""
    monkeypatch.setattr(subscription, "BEAT_S", 0.01)
    feed = await following(await loaded(store))
    assert (await told(feed, 1))[0]["type"] == "beat"


async def test_a_page_hears_that_the_server_itself_is_in_trouble(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A calm screen must not be taken for a well school when nothing can be stored."""
    monkeypatch.setattr(subscription, "BEAT_S", 0.01)
    live = await loaded(store)
    feed = await following(live)
    live._program.trouble = lambda: "store_refusing"
    assert (await told(feed, 1))[0]["trouble"] == "store_refusing"


async def test_nothing_is_kept_for_a_page_that_went(store: Store) -> None:
    """A closed subscription is forgotten."""
    live = await loaded(store)
    async with live.subscribe():
        assert live.browsers == 1
    assert live.browsers == 0


async def test_summaries_told_as_changes_are_those_of_a_fresh_snapshot(store: Store) -> None:
    """Following the changes leads to the same rooms as asking anew."""
    live = await loaded(store)
    feed = await following(live, view=View.ROOMS)
    for record in numbered(a_morning(rooms=12, tablets=3), 5000):
        live.publish([record])
    rooms = {}
    while True:
        message = json.loads(await anext(feed))
        if message.get("what") == "room":
            rooms[message["item"]["room"]] = message["item"]
        if not feed._waiting:
            break
    fresh = live.snapshot("", View.ROOMS)["rooms"]
    assert {room["room"]: room for room in fresh} | rooms == {room["room"]: room for room in fresh}


def test_a_browser_sees_a_change_over_a_real_line(store: Store) -> None:
    """Snapshot and change arrive through the WebSocket."""
    with Served(store) as served, connect(f"ws://127.0.0.1:{served.port}/live?room=6A1") as line:
        assert json.loads(line.recv(10))["type"] == "snapshot"
        served.tell(device("6A1", BOARD, status=CRITICAL))
        message = json.loads(line.recv(10))
        assert (message["seq"], message["what"]) == (2, "device")
        line.send("snapshot")
        kinds = {json.loads(line.recv(10))["type"] for _ in range(2)}
        assert "snapshot" in kinds


def test_a_page_that_never_reads_holds_nobody_up(store: Store) -> None:
    """While one browser sleeps, another hears at once."""
    with Served(store) as served:
        address = f"ws://127.0.0.1:{served.port}/live?room=6A1"
        with connect(address, max_queue=1), connect(address) as awake:
            awake.recv(10)
            for number in range(400):
                served.tell(device("6A1", BOARD, name="x" * 190 + str(number)))
            while json.loads(awake.recv(10)).get("item", {}).get("name", "")[190:] != "399":
                pass


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1"])
def test_another_sites_page_cannot_listen(store: Store, origin: str) -> None:
    """Browsers let any page open a WebSocket; the server looks at its Origin."""
    with Served(store) as served:
        address = f"ws://127.0.0.1:{served.port}/live"
        with pytest.raises(InvalidStatus, match="403"), connect(address, origin=origin):
            pass


def test_an_unknown_view_is_refused(store: Store) -> None:
    """A typo is not taken for a wish."""
    with Served(store) as served:
        address = f"ws://127.0.0.1:{served.port}/live?view=everything"
        with pytest.raises(InvalidStatus, match="403"), connect(address):
            pass


def test_the_line_ends_with_the_server(store: Store) -> None:
    """A stopping server closes its pages instead of waiting for them."""
    with Served(store) as served, connect(f"ws://127.0.0.1:{served.port}/live") as line:
        line.recv(10)
        served.stop()
        with pytest.raises(ConnectionClosed):
            line.recv(10)


async def test_scope_is_that_of_the_school(store: Store) -> None:
    """Another school's records in the same database are not loaded."""
    stranger = agent("9X9", place=Place("79", "00456", "x"))
    store.write(keep_batch, [stranger], NOW_MS)
    live = await loaded(store)
    assert "9X9" not in [room.key.room for room in live.rooms()]


async def test_a_room_that_is_written_in_two_ways_is_one_for_whoever_looks(store: Store) -> None:
    """203 and P203 are one tile, one feed, one page's devices; what is heard is the tile's name."""
    live = await loaded(store)
    live.publish([agent("203"), device("P203", TABLET)])
    feed = await following(live, "Phòng 203")
    assert [room.key.room for room in live.rooms() if room.key.code == "p203"] == ["203"]
    assert [(len(live.agents(name)), len(live.devices(name))) for name in ("203", "P.203")] == [
        (1, 1),
        (1, 1),
    ]
    live.publish([device("P203", TABLET, change=9999, name="khác"), event("e7", room="p 203")])
    first, second = await told(feed, 2)
    assert (first["item"]["room"], first["item"]["name"]) == ("203", "khác")
    assert second["what"] == "event"
    live.publish([mark("m7", room="p203")])
    assert live.marked_today()["203"] == 1


async def test_a_room_that_its_agent_writes_otherwise_leaves_its_old_name(store: Store) -> None:
    """A page takes the tile of the old name away and shows the new one."""
    live = await loaded(store)
    live.publish([agent("203")])
    feed = await following(live, view=View.ROOMS)
    live.publish([replace(live.agents("203")[0], room="P203")])
    messages = await told(feed, 3)
    rooms = [message["item"] for message in messages if message["what"] == "room"]
    assert [(room["room"], len(room["agents"])) for room in rooms] == [("203", 0), ("P203", 1)]
