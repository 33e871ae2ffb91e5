"""The list is held against what is stored by a model; each kind of trouble is seen."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.clock import wall_ms
from protocol.link import Arrival, Broker, Letter, Link
from protocol.topics import Address, Channel, topic_of
from simulators.ledger.clocks import Clock
from simulators.ledger.deeds import (
    Deed,
    DeedList,
    Ended,
    ListedDeed,
    Outcome,
    Settled,
    Step,
    deeds_of,
    has_ended,
    lines_of,
)
from simulators.ledger.late import LateWords
from simulators.ledger.line import BadLine
from simulators.ledger.plan import COPY_FOR, WEIGHTS, Fault, blows_of
from simulators.ledger.poison import poison_for
from simulators.ledger.rooms import DeedRoom, deed_of
from simulators.ledger.stored import StoredRow, archived_in, heard_in, rows_in, waiting_in
from simulators.ledger.verdict import (
    Excuse,
    Trouble,
    excuse_change,
    items_that_differ,
    judge,
    states_that_differ,
)
from simulators.ledger.world import WAY_UP
from tests.conftest import Nats
from tests.ports import free_port
from tests.waiting import LIMIT_S, eventually


def mark(name: str, value: int = 0) -> Deed:
    """A deed that says a value."""
    return Deed(id=name, kind="attendance", facts={"value": value})


def row(name: str, value: int = 0) -> StoredRow:
    """How it is stored."""
    return StoredRow("a", name, "attendance", {"value": value})


fates = st.lists(
    st.tuples(st.sampled_from(Outcome), st.sampled_from([0, 1, 2]), st.booleans(), st.booleans()),
    max_size=12,
)


@given(fates, st.integers(0, 3))
def test_whatever_is_not_as_listed_is_seen(
    fates: list[tuple[Outcome, int, bool, bool]], strangers: int
) -> None:
    """Each deed is a step of its own; some are lost, stored twice, garbled, or never said."""
    listed, rows, excuses = [], [row(f"x{number}") for number in range(strangers)], {}
    expected: Counter[str] = Counter({"wrong": strangers})
    for number, (outcome, times, is_garbled, is_excused) in enumerate(fates):
        name = f"d{number}"
        listed.append(ListedDeed("a", number, mark(name), outcome))
        rows += [row(name, int(is_garbled))] * times
        if is_excused:
            excuses[name] = Excuse.DAMAGED
            continue
        expected["lost"] += outcome is Outcome.KEPT and not times
        expected["doubled"] += times > 1
        expected["wrong"] += (outcome is Outcome.REFUSED and times > 0) + (times > 0 and is_garbled)
    listed.append(ListedDeed("a", 99, mark("last"), Outcome.OPEN))
    verdict = judge(listed, rows, excuses)
    assert +Counter(str(one.trouble) for one in verdict.differences) == +expected


def test_a_step_that_was_cut_off_is_there_whole_or_not_at_all() -> None:
    """Either is right; a part of it is not."""
    listed = [ListedDeed("a", 1, mark(name), Outcome.OPEN) for name in ("d1", "d2")]
    assert not judge(listed, [], {}).differences
    assert not judge(listed, [row("d1"), row("d2")], {}).differences
    (lost,) = judge(listed, [row("d1")], {}).differences
    assert (lost.trouble, lost.id) == (Trouble.LOST, "d2")


def test_a_report_of_a_fault_opens_one_fault() -> None:
    """Two tables tell of it; both are looked at."""
    deed = Deed(id="f1", kind="fault_reported", facts={})
    listed = [ListedDeed("a", 1, deed, Outcome.KEPT)]
    event, fault = StoredRow("a", "f1", "fault_reported", {}), StoredRow("a", "f1", "fault", {})
    assert not judge(listed, [event, fault], {}).differences
    assert judge(listed, [event], {}).differences[0].trouble is Trouble.LOST
    assert judge(listed, [event, fault, fault], {}).differences[0].trouble is Trouble.DOUBLED


def test_only_what_a_damage_took_is_excused() -> None:
    """What an agent holds must come again; what is there stays as it is, held or not."""
    before = [row("gone"), row("held"), row("well"), row("other")]
    after = [row("well"), row("other", 5), row("n01se")]
    excuses = excuse_change(before, after, {"held", "other"}, Excuse.DAMAGED)
    assert excuses.keys() == {"gone", "other", "n01se"}


def test_the_last_word_on_a_device_counts() -> None:
    """A refused one was never said."""
    room = DeedRoom("a", "P1", 1, "b")
    listed = []
    for number in range(200):
        said = room.step(number, 1000 + number)
        room.take(said)
        listed += [ListedDeed("a", number, deed_of(one), Outcome.KEPT) for one in said]
    devices = {name: ("a", str(one.status), one.model) for name, one in room.devices.items()}
    assert len(devices) > 3
    assert not states_that_differ(listed, devices)
    again = DeedRoom("a", "P1", 1, "b2")
    again.remember(listed)
    assert again.devices == room.devices
    assert [deed_of(one) for one in again.step(7, 1)] != []
    name = next(iter(devices))
    assert states_that_differ(listed, devices | {name: ("a", "unknown", "")})
    assert states_that_differ(listed, {})


def test_an_item_that_stands_elsewhere_is_seen() -> None:
    """Lost where the department lacks it, wrong where it is other or too many."""
    assert not items_that_differ({"i": 1}, {"i": 1})
    assert items_that_differ({"i": 1}, {})[0].trouble is Trouble.LOST
    assert items_that_differ({}, {"i": 1})[0].trouble is Trouble.WRONG
    assert items_that_differ({"i": 1}, {"i": 2})[0].trouble is Trouble.WRONG
    assert not items_that_differ({"i": 1}, {}, {"i"})


def test_a_list_whose_last_line_is_torn_is_read(tmp_path: Path) -> None:
    """A kill in the middle of a line: the step of it was never begun."""
    path = tmp_path / "a.jsonl"
    with DeedList(path) as deeds:
        deeds.write(Step(number=1, deeds=(mark("d1"),)))
        deeds.write(Settled(number=1, kept=True))
        deeds.write(Step(number=2, deeds=(mark("d2"),)))
        deeds.write(Ended())
    assert [one.outcome for one in deeds_of("a", lines_of(path))] == [Outcome.KEPT, Outcome.OPEN]
    assert has_ended(lines_of(path))
    path.write_bytes(path.read_bytes() + b'{"type":"st')
    assert len(deeds_of("a", lines_of(path))) == 2
    assert deeds_of("b", lines_of(tmp_path / "none")) == []


@given(st.integers(0, 10_000))
def test_a_seed_draws_the_same_faults_and_copies_come_before_they_are_put_back(seed: int) -> None:
    """So that a seed can be played again."""
    blows = blows_of(seed, 12, WEIGHTS)
    assert blows == blows_of(seed, 12, WEIGHTS)
    faults = [blow.fault for blow in blows]
    for restore, copy in COPY_FOR.items():
        if restore in faults:
            assert copy in faults[: faults.index(restore)]
    assert {blow.fault for blow in blows_of(seed, 9, {Fault.CUT})} == {Fault.CUT}


def test_poison_is_of_many_kinds() -> None:
    """Too long, not JSON, not ours."""
    said = [*poison_for(Random(1), 200)]
    assert max(map(len, said)) > 256 * 1024
    assert len({one[:1] for one in said}) > 3


def test_what_waits_in_an_outbox_is_read_by_itself(tmp_path: Path) -> None:
    """States are no deeds; no file, nothing waits; what was acknowledged is apart."""
    path = tmp_path / "o.db"
    assert waiting_in(path) == archived_in(path) == set()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE parcel (id TEXT, lane INTEGER)")
        db.executemany("INSERT INTO parcel VALUES (?, ?)", [("birth", 0), ("e1", 1), ("e2", 2)])
        db.execute("CREATE TABLE archive (id TEXT)")
        db.execute("INSERT INTO archive VALUES ('e0')")
    assert (waiting_in(path), archived_in(path)) == ({"e1", "e2"}, {"e0"})


@pytest.mark.parametrize(
    ("placed_s", "ahead_s", "is_right"),
    [(0, 0, True), (700_000, 0, False), (700_000, 700_000, True), (-700_000, 700_000, False)],
    ids=["now", "ahead", "ahead-as-the-clock", "behind"],
)
def test_what_a_false_clock_told_may_be_placed_where_the_school_believed_to_be(
    tmp_path: Path, placed_s: int, ahead_s: int, *, is_right: bool
) -> None:
    """By its own clock, if that was played ahead; and nowhere else."""
    database, told_ms = tmp_path / "s.db", 1_953_669_188_173
    with closing(sqlite3.connect(database)) as db, db:
        common = "agent, event_id, room, lesson, at_ms, told_ms"
        db.execute(f"CREATE TABLE events ({common}, kind, body)")
        db.execute("CREATE TABLE marks (id)")
        db.execute("CREATE TABLE rolls (id)")
        db.execute("CREATE TABLE faults (id)")
        at_ms = wall_ms() + placed_s * 1000
        event = ("r1", "e1", "R1", None, at_ms, told_ms, "device_appeared", "{}")
        db.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)", event)
    (row,) = rows_in(database, ahead_s)
    assert row.facts["at_ms"] == (told_ms if is_right else at_ms)


def test_a_clock_knows_how_far_ahead_it_was_believed(tmp_path: Path) -> None:
    """A jump of years is not believed (0034), and one back takes nothing from an earlier one."""
    clock = Clock(tmp_path / "school.clock", None)
    for offset_s in (3_600, 700_000, 2 * 365 * 86_400, -3_600, 0):
        clock.set(offset_s)
    assert clock.believed_ahead_s == 700_000


@pytest.mark.parametrize("size", [0, 1, 5000, 9999])
def test_a_line_is_cut_at_any_byte(size: int) -> None:
    """So many arrive, and no more; after it a line is carried again."""

    async def play() -> None:
        arrived = asyncio.Queue[bytes]()

        async def serve(reader: asyncio.StreamReader, far: asyncio.StreamWriter) -> None:
            data = b""
            with contextlib.suppress(ConnectionResetError):
                while more := await reader.read(1024):
                    data += more
            far.transport.abort()
            arrived.put_nowait(data)

        target = free_port()
        server = await asyncio.start_server(serve, "127.0.0.1", target)
        line = BadLine(target, free_port())
        await line.start()
        try:
            line.cut_after(size)
            _, writer = await asyncio.open_connection("127.0.0.1", line.port)
            writer.write(bytes(10_000))
            assert len(await arrived.get()) <= size
            writer.transport.abort()
            line.heal()
            _, writer = await asyncio.open_connection("127.0.0.1", line.port)
            writer.write(b"well")
            writer.close()
            assert await arrived.get() == b"well"
        finally:
            await line.close()
            server.close()

    asyncio.run(play())


def test_what_a_school_told_upward_is_said_again_late(nats: Nats, tmp_path: Path) -> None:
    """By the real broker: with nothing kept nothing is said, then what was told comes once more."""
    (tmp_path / "agents.json").write_text('{"controller": "secret"}', "utf-8")
    letter = Letter(topic_of(Address(WAY_UP, Channel.SCHOOL)), b"told")
    told = 0

    async def play() -> None:
        late = LateWords(nats.port, tmp_path, WAY_UP)
        assert not late.say(Random(1))
        school = Link(
            Broker("127.0.0.1", nats.port),
            "school",
            filters=(letter.topic,),
            will=lambda _: Letter("will", b""),
            greeting=lambda _: (),
        )

        def told_again() -> bool:
            nonlocal told
            told += school.say(letter)
            return late.say(Random(1))

        async with asyncio.timeout(LIMIT_S), asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(late.listen()), tasks.create_task(school.run())]
            await eventually(told_again, "letters that are kept")
            arrivals: list[Arrival] = []
            while len(arrivals) <= told:
                batch = await school.batch(100)
                school.ack(batch)  # else the broker itself brings it once more
                arrivals += batch
            assert {arrival.payload for arrival in arrivals} == {b"told"}
            for task in running:
                task.cancel()

    asyncio.run(play())


def test_when_a_department_heard_a_school_is_read_by_itself(tmp_path: Path) -> None:
    """Never, of a school that it does not know."""
    path = tmp_path / "lophoc.db"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE schools (school TEXT, heard_ms INTEGER)")
        db.execute("INSERT INTO schools VALUES ('a', 7)")
    assert (heard_in(path, "a"), heard_in(path, "b")) == (7, 0)
