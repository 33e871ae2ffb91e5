"""Ingest acks only what is committed, and gets back what was not; over a real broker."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
import uuid
from collections.abc import AsyncIterator, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace
from sqlalchemy import select

import protocol.link
from controller import ingest as ingesting
from controller.attendance.store import marks_of
from controller.config import ControllerConfig
from controller.database.store import Store, StoreError
from controller.feature import Program
from controller.features import FEATURES, counts, listeners_of
from controller.fleet.fleet import Change
from controller.fleet.store import agents_of, devices_of
from controller.ingest import Ingest
from controller.inventory.tables import assets
from controller.quarantine.store import lines
from protocol.link import Broker, Letter, Link
from protocol.messages import (
    Ack,
    AttendanceMarked,
    Birth,
    ControllerState,
    Presence,
    Rebirth,
    Up,
    down_from,
    to_bytes,
    up_from,
)
from protocol.model import AttendanceStatus, Device, DeviceKind, Method, Place, Status
from protocol.outbox import Outbox
from protocol.relay import Relay
from protocol.topics import (
    Address,
    Channel,
    TopicError,
    address_for,
    commands_to,
    controller_state,
    school_root,
    sender_of,
    topic_of,
)
from protocol.upward import Upward, upward_from
from tests.conftest import Mosquitto, Nats
from tests.controller.ears import Ears
from tests.controller.web_school import a_program, a_store
from tests.databases import Database, sqlite_in
from tests.structs import extremes
from tests.waiting import eventually

SCHOOL = Place("14", "00140708")
AGENT = SCHOOL.of_agent("p203")
BELOW = SCHOOL.of_agent("s1")
GOLDEN = Path(__file__).parents[1] / "protocol/golden"
# As docs/quan-tri-vien.md advises: by its own it hands out 20 at once, and everybody's wait there.
MOSQUITTO_LIMITS = ("max_inflight_messages 4096", "max_queued_messages 100000")


SAID_AGAIN_S = 0.5


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def mark(number: int) -> AttendanceMarked:
    return AttendanceMarked(
        boot="",
        at_ms=now_ms(),
        id=uuid.uuid4().hex,
        room="P203",
        student=f"hs-{number}",
        status=AttendanceStatus.PRESENT,
        method=Method.MANUAL,
    )


def birth() -> Birth:
    return Birth(boot="", at_ms=now_ms(), session=0, room="P203", beat_s=60, status=Status.OK)


@contextlib.asynccontextmanager
async def ended(work: Sequence[Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """Run these while it is entered."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Side:
    """An agent's delivery: outbox, relay, link; without an agent."""

    def __init__(self, port: int, outbox: Outbox, agent: Place = AGENT, window: int = 256) -> None:
        self.agent = agent
        self.outbox = outbox
        self.asked: list[str] = []
        self.acked = 0
        self.link = Link(
            Broker("127.0.0.1", port),
            agent.agent,
            filters=[commands_to(agent), controller_state(agent)],
            will=lambda session: self._presence(session, online=False),
            greeting=lambda session: [self._presence(session, online=True)],
        )
        self.relay = Relay(outbox, self.link, now_s=time.monotonic, window=window, patience_s=1.5)

    def work(self) -> list[Coroutine[Any, Any, None]]:
        """What runs while it talks."""
        return [self.link.run(), self.relay.run(), self.listen()]

    async def listen(self) -> None:
        while True:
            arrivals = await self.link.batch(100)
            self.link.ack(arrivals)
            for arrival in arrivals:
                match down_from(arrival.payload):
                    case ControllerState() as state:
                        self.relay.hear(state)
                    case Ack() as ack:
                        self.acked += sum(high - low + 1 for low, high in ack.seqs)
                        await self.relay.settle(ack)
                    case Rebirth() as rebirth:
                        self.asked.append(rebirth.reason)

    def put(self, *messages: AttendanceMarked | Birth) -> None:
        self.outbox.put(*messages)
        self.relay.wake()

    def _presence(self, session: int, *, online: bool) -> Letter:
        said = Presence(boot="boot-1", at_ms=now_ms(), session=session, online=online)
        return Letter(topic_of(Address(self.agent, Channel.STATE)), to_bytes(said), retain=True)


class Stage:
    """A school's ingest and one agent's delivery, with a real broker between them."""

    def __init__(self, nats: Nats | Mosquitto, folder: Path, database: Database) -> None:
        self.nats = nats
        self.store = Store(database.url)
        self.outbox = Outbox(folder / "outbox.db", AGENT, "boot-1")
        self.shown: list[Change] = []

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[Stage]:
        """What nats-server tells nobody in the moment of a subscription is said again soon."""
        with self.store, self.outbox, pytest.MonkeyPatch.context() as patched:
            patched.setattr(ingesting, "PRESENT_EVERY_S", SAID_AGAIN_S)
            self.link = Link(
                Broker("127.0.0.1", self.nats.port),
                "school",
                filters=[f"{school_root(SCHOOL)}/#"],
                will=lambda session: self.ingest.state(session, online=False),
                greeting=lambda session: self.ingest.greet(session),
                keep_session=True,
                peer_of=sender_of,
                note_dropped=lambda peer, count: self.ingest.traffic.add(peer, dropped=count),
            )
            program = Program(
                config=ControllerConfig(province=SCHOOL.province, school=SCHOOL.school),
                features=FEATURES,
                store=self.store,
                zone=ZoneInfo("Asia/Ho_Chi_Minh"),
                boot="school-1",
                wall_ms=now_ms,
            )
            self.ingest = Ingest(
                self.link,
                self.store,
                listeners_of(program),
                SCHOOL,
                boot=program.boot,
                publish=self._show,
                now_ms=now_ms,
            )
            self.side = Side(self.nats.port, self.outbox)
            work = [self.link.run(), self.ingest.listen(), self.ingest.present()]
            async with ended([*work, *self.side.work()]):
                yield self

    async def until_heard(self) -> None:
        """Until both are at the broker: what it is told before a subscription it tells nobody."""
        await eventually(lambda: self.link.connected.is_set() and self.side.link.connected.is_set())

    async def until_stored(self, count: int) -> None:
        await eventually(
            lambda: (len(self.store.read(marks_of, SCHOOL)), self.outbox.report().pending),
            f"{count} marks stored, none pending",
            holds=lambda seen: seen[0] >= count and not seen[1],
        )

    def _show(self, changes: Sequence[Change]) -> None:
        self.shown += changes


def test_what_a_full_disk_refuses_is_neither_acked_nor_shown_nor_lost(
    nats: Nats, tmp_path: Path, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """It comes again until the disk takes it, and then it is there once; so is the log's line."""

    async def flow() -> None:
        async with Stage(nats, tmp_path, database).open() as stage:
            stage.side.put(birth())
            await stage.until_stored(0)
            database.refuse("INSERT", "marks")
            stage.side.put(*(mark(number) for number in range(20)))
            await eventually(lambda: stage.ingest.refused_batches >= 2)
            assert not stage.ingest.storing
            assert stage.side.acked == 0
            assert not [each for each in stage.shown if hasattr(each, "student")]
            database.allow("marks")
            await stage.until_stored(20)
            assert stage.ingest.storing
            students = [each.student for each in stage.store.read(marks_of, SCHOOL)]
            assert sorted(students) == sorted(f"hs-{number}" for number in range(20))
            await eventually(lambda: not stage.ingest.busy)

    with caplog.at_level(logging.INFO):
        asyncio.run(flow())
    assert caplog.text.count(" batch given back: ") == 1
    assert caplog.text.count("no more: batch given back") == 1
    assert "hung up" not in caplog.text


def test_a_broker_has_time_to_bring_again_what_was_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until then the database is to blame; after it the broker is: it may be deaf itself."""
    monkeypatch.setattr(ingesting, "RETRY_FIRST_S", 0.01)

    async def given_back(bringing_s: float) -> bool:
        monkeypatch.setattr(ingesting, "BRINGING_S", bringing_s)
        await ears.ingest._give_back(StoreError("store_held", "held"))
        return ears.ingest.busy

    with a_store(tmp_path) as store:
        ears = Ears(a_program(store))
        assert asyncio.run(given_back(60.0))
        assert not asyncio.run(given_back(0.0))


def test_the_newest_state_goes_before_old_history(
    nats: Nats, tmp_path: Path, database: Database
) -> None:
    """After an outage the screen is right before the history is complete."""

    async def flow() -> None:
        stage = Stage(nats, tmp_path, database)
        with stage.outbox:
            stage.outbox.put(*(mark(number) for number in range(50)))
        async with stage.open():
            stage.outbox.put(birth())
            await stage.until_stored(50)
            kinds = [type(change).__name__ for change in stage.shown]
            first_mark = kinds.index("AttendanceRecord")
            born = next(
                place
                for place, change in enumerate(stage.shown)
                if getattr(change, "room", "") == "P203"
            )
            assert born < first_mark

    asyncio.run(flow())


def test_what_a_newer_agent_says_is_kept_raw_and_does_not_hold_it_up(
    nats: Nats, tmp_path: Path, database: Database
) -> None:
    """An old controller answers by the numbers, and nothing counts as missing."""

    async def flow() -> None:
        async with Stage(nats, tmp_path, database).open() as stage:
            stage.side.put(birth())
            await stage.until_stored(0)
            news = b'{"kind":"hologram","v":99,"boot":"boot-1","seq":1,"id":"x","at_ms":1,"z":[]}'
            stage.side.link.say(Letter(topic_of(Address(AGENT, Channel.EVENT)), news))
            await eventually(lambda: stage.side.acked >= 1)
            stage.side.outbox._seq = 1
            stage.side.put(mark(2))
            await stage.until_stored(1)
            assert stage.store.read(agents_of, SCHOOL)[0].missing == 0
            assert stage.store.read(counts)['messages_refused_total{flaw="newer_schema"}'] == 1

    asyncio.run(flow())


def test_thousands_of_waiting_events_arrive_once_each(
    nats: Nats, tmp_path: Path, database: Database
) -> None:
    """A window at a time, whatever waits."""

    async def flow() -> None:
        stage = Stage(nats, tmp_path, database)
        async with stage.open():
            stage.side.put(*(mark(number) for number in range(3000)))
            await eventually(lambda: not stage.outbox.report().pending)
            students = {each.student for each in stage.store.read(marks_of, SCHOOL, limit=None)}
            assert len(students) == len(stage.store.read(marks_of, SCHOOL, limit=None)) == 3000

    asyncio.run(flow())


@pytest.mark.parametrize("name", ["nats", "mosquitto"])
def test_one_agents_flood_keeps_nobody_waiting_and_loses_nothing(
    name: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever sends all at once is heard a share at a time, in order; another in between."""
    broker: Nats | Mosquitto = request.getfixturevalue(name)
    if isinstance(broker, Mosquitto):
        broker.limit(*MOSQUITTO_LIMITS)
    monkeypatch.setattr(protocol.link, "MAX_HELD", 200)
    monkeypatch.setattr(protocol.link, "SHARE", 100)
    place = SCHOOL.of_agent("flood")

    async def flow() -> None:
        stage = Stage(broker, tmp_path, Database(sqlite_in(tmp_path)))
        with Outbox(tmp_path / "flood.db", place, "boot-2") as outbox:
            flood = Side(broker.port, outbox, place, window=10_000)
            flood.relay._window.size = 10_000  # whatever is answered
            async with stage.open(), ended(flood.work()):
                traffic = stage.ingest.traffic.peers
                await eventually(lambda: flood.relay.hears_receiver)
                await eventually(lambda: stage.side.relay.hears_receiver)
                async with stage.ingest._writing:
                    flood.put(*(mark(number) for number in range(300)))
                    await eventually(lambda: "flood" in traffic() and traffic()["flood"].dropped)
                    stage.side.put(mark(1000))
                    await eventually(lambda: "p203" in stage.link._arrivals._waiting)
                await eventually(lambda: stage.side.acked)
                assert traffic()["flood"].messages < 300
                await eventually(lambda: not outbox.report().pending, "all came again")
                stored = [row.student for row in stage.shown if hasattr(row, "student")]
                stored.remove("hs-1000")
                assert stored == [f"hs-{number}" for number in range(300)]

    asyncio.run(flow())


def test_what_lies_where_nothing_may_lie_is_taken_away_and_counted(
    nats: Nats, tmp_path: Path
) -> None:
    """Retained messages come at every start; only who is there may lie at the broker."""

    async def flow() -> None:
        database = Database(sqlite_in(tmp_path))
        async with Stage(nats, tmp_path, database).open() as stage:
            await stage.until_heard()
            for number in range(5):
                topic = topic_of(Address(AGENT, Channel.DEVICE, f"usb-{number}"))
                stage.side.link.say(Letter(topic, b"{}", retain=True))
            await eventually(lambda: len(stage.store.read(lines)) == 5)
        async with Stage(nats, tmp_path, database).open() as stage:
            await eventually(lambda: "p203" in stage.ingest.traffic.peers())
            await eventually(lambda: stage.ingest.traffic.peers()["p203"].cleared == 5)
            await stage.until_stored(0)
        async with Stage(nats, tmp_path, database).open() as stage:
            stage.side.put(mark(1))
            await stage.until_stored(1)
            assert stage.ingest.traffic.peers()["p203"].cleared == 0
            assert len(stage.store.read(lines)) == 10  # clearing itself is nobody's message

    asyncio.run(flow())


def test_text_that_a_database_cannot_hold_stops_no_line(
    nats: Nats, tmp_path: Path, database: Database
) -> None:
    """A device's padded name, a foreign agent's ids: all is answered, and what follows as well."""

    async def flow() -> None:
        async with Stage(nats, tmp_path, database).open() as stage:
            named = {"device_id": "usb-1\0", "name": "SB680\0\0", "serial": "\0"}
            padded = Device(**named, kind=DeviceKind.BOARD, first_seen_ms=1, last_seen_ms=1)
            odd = {"room": "P203\0", "student": "hs\0", "lesson": "l\0"}
            stage.side.put(replace(birth(), devices=(padded,)), replace(mark(1), **odd), mark(2))
            await stage.until_stored(2)
            assert stage.ingest.refused_batches == 0
            (board,) = stage.store.read(devices_of, SCHOOL)
            assert board.name.startswith("SB680")

    asyncio.run(flow())


def newest_golden(kind: type[Up | Upward]) -> Up | Upward:
    """The newest message of this kind that is written down."""
    tag = kind.__struct_config__.tag
    path = max(GOLDEN.glob(f"{tag}-v*.json"))
    return (upward_from if kind in Upward.__args__ else up_from)(path.read_bytes())


def at_their_bounds(kind: type[Up | Upward]) -> list[Letter]:
    """A message again and again, each time with one field at a bound of its type."""
    letters = []
    place = BELOW if kind in Upward.__args__ else AGENT  # a room is no school
    for number, extreme in enumerate(extremes(newest_golden(kind)), 1):
        news = {"seq": number, "rev": number}
        fresh = {name: news[name] for name in news if getattr(extreme, name, None) == 1}
        message = replace(extreme, **fresh)
        with contextlib.suppress(TopicError):  # an id that no topic spells
            letters.append(Letter(topic_of(address_for(place, message)), to_bytes(message)))
    return letters


@pytest.mark.parametrize("kind", [*Up.__args__, *Upward.__args__])
def test_each_bound_of_each_field_is_taken(
    nats: Nats, tmp_path: Path, kind: type[Up | Upward]
) -> None:
    """Nothing is refused, nothing set aside, and what comes behind is stored."""

    async def flow() -> None:
        stage = Stage(nats, tmp_path, Database(sqlite_in(tmp_path)))
        async with stage.open():
            letters = at_their_bounds(kind)
            assert len(letters) > 5
            await stage.until_heard()
            for letter in letters:
                await eventually(partial(stage.side.link.say, letter))
            stage.side.put(mark(1))
            await stage.until_stored(1)
            assert stage.ingest.taken  # all that came before the mark, by the same line
            assert stage.store.read(lines) == []

    asyncio.run(flow())


def test_of_a_page_with_a_broken_item_the_others_are_stored(nats: Nats, tmp_path: Path) -> None:
    """The page is set aside as it came, and acknowledged: it blocks nothing behind it."""

    async def flow() -> None:
        stage = Stage(nats, tmp_path, Database(sqlite_in(tmp_path)))
        async with stage.open():
            whole = json.loads((GOLDEN / "items-v3.json").read_bytes())
            good = whole["items"][0]
            page = {**whole, "after": 0, "items": [{**good, "state": 5}, good]}
            topic = topic_of(address_for(BELOW, upward_from(json.dumps(whole).encode())))
            await stage.until_heard()
            await eventually(partial(stage.side.link.say, Letter(topic, json.dumps(page).encode())))
            aside = await eventually(lambda: stage.store.read(lines))
            assert [line.flaw for line in aside] == ["left_out"]
            stored = stage.store.read(lambda db: [*db.scalars(select(assets.c.device_id))])
            assert stored == [good["item"]]

    asyncio.run(flow())
