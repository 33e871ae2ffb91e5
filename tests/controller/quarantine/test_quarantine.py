"""Whatever arrives is taken or set aside: nothing holds up what came with it, nothing is lost."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import json

from controller.attendance.store import marks_of
from controller.database.set_aside import ApplyError, Quarantined
from controller.database.store import Store, StoreError
from controller.features import counts, keep_batch
from controller.fleet.store import agents_of
from controller.quarantine import store as quarantine
from controller.quarantine.store import QuarantinedLine
from protocol.messages import MAX_BYTES, AttendanceMarked, Birth, MessageFlaw, Up
from protocol.model import AttendanceStatus, Method, Status
from protocol.topics import TopicError
from protocol.upward import Upward
from tests.controller.ears import Ears, arrival
from tests.controller.fresh import fresh_store
from tests.controller.web_school import NOW_MS, SCHOOL, a_program
from tests.databases import Database
from tests.structs import structs

AGENT = SCHOOL.of_agent("may-6a1")
BIRTH = Birth(boot="b1", at_ms=NOW_MS, rev=1, session=1, room="6A1", beat_s=60, status=Status.OK)
KINDS = [*Up.__args__, *Upward.__args__]


@cache
def messages_of(kind: type[Any]) -> st.SearchStrategy[Any]:
    """Any messages of a kind, of two starts of one agent."""
    return structs(kind, boot=st.sampled_from(["b1", "b2"]))


messages = st.sampled_from(KINDS).flatmap(messages_of)


def mark(seq: int, student: str = "hs-1") -> AttendanceMarked:
    """A pupil's mark."""
    return AttendanceMarked(
        boot="b1",
        at_ms=NOW_MS,
        id=f"e{seq}",
        seq=seq,
        room="6A1",
        student=student,
        status=AttendanceStatus.PRESENT,
        method=Method.MANUAL,
    )


@pytest.fixture
def store(database: Database) -> Iterator[Store]:
    """A database of each kind."""
    with Store(database.url) as opened:
        yield opened


@contextlib.contextmanager
def a_fresh_store() -> Iterator[Store]:
    """A database of an example's own."""
    with tempfile.TemporaryDirectory() as folder, fresh_store(folder) as opened:
        yield opened


@pytest.fixture
def ears(store: Store, tmp_path: Path) -> Ears:
    """A department's ingest: it hears rooms of its own and schools."""
    return Ears(a_program(store, folder=tmp_path, upstream=""))


def refused_marks(database: Database, student: str) -> None:
    """Have the database refuse a pupil's marks, as it does what breaks one of its rules."""
    if database.kind == "sqlite":
        database.say(
            "CREATE TRIGGER odd BEFORE INSERT ON marks WHEN new.student LIKE '%odd%'"
            " BEGIN SELECT RAISE(ABORT, 'a rule'); END"
        )
    else:
        database.say("ALTER TABLE marks ADD CONSTRAINT odd CHECK (student NOT LIKE '%%odd%%')")


def allowed_marks(database: Database) -> None:
    """Have it take them again."""
    if database.kind == "sqlite":
        database.say("DROP TRIGGER odd")
    else:
        database.say("ALTER TABLE marks DROP CONSTRAINT odd")


def students(store: Store) -> list[str]:
    """Whose marks are stored, in their order."""
    return [record.student for record in store.read(marks_of, SCHOOL, limit=None)]


def lines(store: Store) -> list[QuarantinedLine]:
    """What is in quarantine."""
    return store.read(quarantine.lines)


@given(st.lists(messages, min_size=1, max_size=6))
@settings(max_examples=150)
def test_no_message_that_the_wire_takes_fails_anywhere(told: Sequence[Any]) -> None:
    """Any values within the bounds of their fields, together and repeated: all are applied."""
    with a_fresh_store() as store:
        ears = Ears(a_program(store, folder=Path(), upstream=""))
        for message in told:
            with contextlib.suppress(TopicError):  # an id that no topic spells
                ears.take(arrival(AGENT, message), arrival(AGENT, message))
        assert [line for line in lines(store) if line.flaw == MessageFlaw.NOT_APPLIED] == []


@given(st.data())
@settings(max_examples=40)
def test_one_that_cannot_be_applied_stands_aside_alone(data: st.DataObject) -> None:
    """By any batches: the others are stored, all are answered, and that one is kept whole."""
    odd = data.draw(st.lists(st.booleans(), min_size=1, max_size=24))
    cuts = data.draw(st.lists(st.integers(1, 9), min_size=len(odd), max_size=len(odd)))
    with a_fresh_store() as store:
        refused_marks(Database(store._named), "odd")
        ears = Ears(a_program(store, folder=Path()))
        told = [mark(n, f"odd-{n}" if is_odd else f"hs-{n}") for n, is_odd in enumerate(odd, 1)]
        ears.take(arrival(AGENT, BIRTH))
        waiting = [arrival(AGENT, message) for message in told]
        batches = []
        while waiting:
            batches.append(waiting[: cuts[0]])
            waiting = waiting[cuts.pop(0) :]
        while batches:
            now = data.draw(st.integers(1, len(batches)))  # of these all but one arrive meanwhile
            ears.take_run(batches[:now])
            batches = batches[now:]
        assert students(store) == [m.student for m in told if m.student.startswith("hs")]
        kept = [json.decode(line.raw)["student"] for line in reversed(lines(store))]
        assert kept == [m.student for m in told if m.student.startswith("odd")]
        assert ears.acked() == {"b1": set(range(1, len(odd) + 1))}
        assert ears.link.settled == [arrival(AGENT, message) for message in (BIRTH, *told)]
        (agent,) = store.read(agents_of, SCHOOL)
        assert agent.missing == 0


def test_what_passes_again_is_stored_once_and_leaves_the_list(
    ears: Ears, store: Store, database: Database
) -> None:
    """Tried too early it stays; tried twice it is there once, whatever was taken meanwhile."""
    refused_marks(database, "odd")
    ears.take(arrival(AGENT, mark(1, "odd")))
    (line,) = lines(store)
    with pytest.raises(ApplyError):
        asyncio.run(ears.ingest.take_again(line.no, line.topic, line.raw))
    assert lines(store) == [line]
    allowed_marks(database)
    for _ in range(2):
        asyncio.run(ears.ingest.take_again(line.no, line.topic, line.raw))
    assert (students(store), lines(store)) == (["odd"], [])
    ears.take(arrival(AGENT, mark(1, "odd")), arrival(AGENT, mark(2)))
    assert students(store) == ["odd", "hs-1"]


def test_a_full_disk_is_no_fault_of_the_message(
    ears: Ears, store: Store, database: Database
) -> None:
    """It is given back whole, and nothing of it is set aside."""
    database.refuse("INSERT", "marks")
    with pytest.raises(StoreError):
        ears.take(arrival(AGENT, mark(1)), arrival(AGENT, mark(2)))
    assert (lines(store), ears.link.settled, ears.acked()) == ([], [], {})
    database.allow("marks")
    ears.take(arrival(AGENT, mark(1)), arrival(AGENT, mark(2)))
    assert students(store) == ["hs-1", "hs-1"]


def test_what_was_heard_while_a_commit_failed_is_given_back_with_it(
    ears: Ears, store: Store, database: Database
) -> None:
    """Neither is acknowledged, and both are new when they come again."""
    batches = [[arrival(AGENT, mark(1))], [arrival(AGENT, mark(2))], [arrival(AGENT, mark(3))]]
    ears.take_run(batches[:1])
    database.refuse("INSERT", "marks")
    with pytest.raises(StoreError):
        ears.take_run(batches[1:])
    assert (students(store), ears.acked()) == (["hs-1"], {"b1": {1}})
    assert ears.link.settled == batches[0]
    database.allow("marks")
    ears.take_run(batches[1:])
    assert (students(store), ears.acked()) == (["hs-1"] * 3, {"b1": {1, 2, 3}})
    assert ears.ingest.taken == 3


def test_a_long_run_takes_each_message_once(ears: Ears, store: Store) -> None:
    """However many batches arrive while one is being stored."""
    told = [arrival(AGENT, mark(number)) for number in range(1, 60)]
    ears.take_run([[one] for one in told])
    assert (len(students(store)), ears.ingest.taken) == (len(told), len(told))
    assert ears.link.settled == told


def test_it_is_counted_for_ever_and_kept_within_bounds(store: Store) -> None:
    """A flood of garbage fills no disk, and pushes out nothing of others."""
    good = Quarantined("a/b", "may-6a1", MessageFlaw.NOT_APPLIED, "", b"{}")
    flood = [Quarantined("x/y", "may-6a2", MessageFlaw.MALFORMED, "", b"z" * 10_000)] * 1500
    store.write(keep_batch, [good, *flood], NOW_MS)
    kept = lines(store)
    assert [line.sender for line in kept] == ["may-6a2"] * quarantine.MAX_SENDER_ROWS + ["may-6a1"]
    assert all(line.whole for line in kept)
    figures = store.read(counts)
    assert figures['messages_refused_total{flaw="malformed"}'] == 1500
    assert figures["messages_quarantined"] == len(kept)
    assert figures["messages_quarantine_dropped_total"] == 1501 - len(kept)


def test_many_senders_have_a_bound_together(store: Store) -> None:
    """By rows and by bytes; the newest stay."""
    crowd = [
        Quarantined("x/y", f"s{number % 50}", MessageFlaw.MALFORMED, "", b"z" * (MAX_BYTES // 4))
        for number in range(1200)
    ]
    store.write(keep_batch, crowd, NOW_MS)
    kept = lines(store)
    assert sum(line.size for line in kept) <= quarantine.MAX_TOTAL_BYTES
    assert [line.no for line in kept] == [*range(1200, 1200 - len(kept), -1)]
    few = [Quarantined("x", f"s{n % 50}", MessageFlaw.MALFORMED, "", b"z") for n in range(1200)]
    store.write(keep_batch, few, NOW_MS)
    assert len(lines(store)) == quarantine.MAX_ROWS


def test_of_what_is_too_long_the_beginning_stays(store: Store) -> None:
    """It can be looked at, and not tried again."""
    store.write(
        keep_batch,
        [Quarantined("x", "", MessageFlaw.OVERSIZED, "", b"z" * (MAX_BYTES + 1))],
        NOW_MS,
    )
    (line,) = lines(store)
    assert (line.size, line.whole) == (MAX_BYTES + 1, False)
