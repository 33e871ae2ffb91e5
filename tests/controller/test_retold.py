"""What a school has lost is told again by its agents, each once, and what was done stays done."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any, Final, get_args

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from controller.attendance.store import erase_pupil, marks_of, rolls_of
from controller.database.store import Store
from controller.evidence.chains import chain_findings
from controller.evidence.store import evidence_of
from controller.fleet.store import agents_of
from controller.repairs.store import faults_of, set_done
from protocol.chain import link_record
from protocol.link import Arrival
from protocol.messages import (
    ERASED,
    Ack,
    AttendanceMarked,
    Birth,
    Chained,
    Down,
    EventsStored,
    FaultReported,
    LessonEnded,
    LessonStarted,
    MessageError,
    MessageFlaw,
    Part,
    PupilsErased,
    Rebirth,
    RollConfirmed,
    RollLine,
    down_from,
    read,
)
from protocol.model import AttendanceStatus, Method, Place, Status
from protocol.outbox import Outbox
from tests.controller.ears import Ears
from tests.controller.web_school import a_program, a_store

SCHOOL: Final = Place("14", "00140708")
AGENT: Final = SCHOOL.of_agent("p203")
GOLDEN: Final = Path(__file__).parents[1] / "protocol/golden"
NEW_KINDS: Final = (EventsStored, PupilsErased)


class Room:
    """An agent that is no more than its outbox, and the controller that it speaks to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.boots = 0
        self.last: str = ""
        self.restart()

    def restart(self) -> None:
        """Begin a new run of the agent."""
        self.boots += 1
        if self.boots > 1:
            self.box.__exit__()
        self.box = Outbox(self.folder / "outbox", AGENT, f"b{self.boots}", archive_bytes=10_000_000)
        self.box.__enter__()

    def say(self, *messages: Any) -> None:
        """Put them in the outbox, records in their chain."""
        for message in messages:
            linked = message
            if isinstance(message, Chained):
                linked = link_record(message, self.last)
                self.last = linked.hash
            self.box.put(linked)

    def meet(self, store: Store, session: int = 1) -> list[Arrival]:
        """Speak with a controller that has just begun; what was told again."""
        ears = Ears(a_program(store, scope=SCHOOL, upstream=""))
        self.box.put(_birth(session))
        waiting = self.box.waiting_states() + self.box.waiting_events(0, 1000)
        ears.take(*(Arrival(each.topic, each.payload, 1, 1, 1) for each in waiting))
        asyncio.run(ears.ingest._expire_now())
        retold: list[Arrival] = []
        while ears.link.letters:
            letters, ears.link.letters = ears.link.letters, []
            arrivals = [arrival for each in letters for arrival in self._hear(each.payload)]
            retold += arrivals
            if arrivals:
                ears.take(*arrivals)
        return retold

    def _hear(self, payload: bytes) -> list[Arrival]:
        match down_from(payload):
            case Ack() as ack:
                self.box.settle(ack)
            case PupilsErased(tombstones=tombstones):
                self.box.erase(tombstones)
            case EventsStored(runs=runs, since_ms=since_ms):
                parcels = self.box.archived(self.box.lacking(runs), since_ms)
                return [Arrival(each.topic, each.payload, 1, 1, 1) for each in parcels]
        return []


def _birth(session: int) -> Birth:
    return Birth(
        boot="", at_ms=1, session=session, room="P203", beat_s=60, status=Status.OK, lesson="l2"
    )


def mark(number: int) -> AttendanceMarked:
    return AttendanceMarked(
        boot="",
        at_ms=1,
        id=f"e{number}",
        room="P203",
        student=f"hs-{number}",
        status=AttendanceStatus.LATE,
        method=Method.MANUAL,
    )


def roll() -> RollConfirmed:
    lines = tuple(
        RollLine(
            student=f"hs-{n}", class_code="1", status=AttendanceStatus.LATE, method=Method.MANUAL
        )
        for n in range(3)
    )
    return RollConfirmed(
        boot="", at_ms=1, id="r1", room="P203", lesson="l1", day="2026-11-02", lines=lines
    )


def fault() -> FaultReported:
    return FaultReported(boot="", at_ms=1, id="f1", room="P203", part=Part.BOARD)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    room = Room(tmp_path)
    yield room
    room.box.__exit__()


def test_a_new_database_gets_everything_and_the_chain_holds(room: Room, tmp_path: Path) -> None:
    """Marks, a roll, a fault; told once, for the next start lacks nothing."""
    room.say(mark(1), mark(2), roll(), fault())
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    with a_store(tmp_path / "first") as store:
        assert room.meet(store) == []
        before = store.read(evidence_of, SCHOOL).log
    with a_store(tmp_path / "second") as store:
        assert len(room.meet(store)) == 4
        after = store.read(evidence_of, SCHOOL).log
        assert [r.event_id for r in after] == [r.event_id for r in before]
        assert chain_findings(after) == []
        assert [each.event_id for each in store.read(faults_of, SCHOOL)] == ["f1"]
        assert room.meet(store) == []


def test_what_was_done_meanwhile_stays_done(room: Room, tmp_path: Path) -> None:
    """A repair forgets what arrived: all comes again, and what people did stays so."""
    room.say(mark(1), mark(2), roll(), fault())
    with a_store(tmp_path) as store:
        room.meet(store)
        store.write(erase_pupil, SCHOOL, "hs-2")
        store.write(set_done, SCHOOL, "f1", 7)
        with store.transaction() as db:
            db.exec_driver_sql("DELETE FROM streams")
        assert len(room.meet(store)) == 4
        students = [each.student for each in store.read(marks_of, SCHOOL)]
        (kept,) = store.read(rolls_of, SCHOOL)
        assert students == ["hs-1", ERASED]
        assert [line.student for line in kept.lines] == ["hs-0", "hs-1", ERASED]
        assert store.read(faults_of, SCHOOL) == []


def test_an_erased_pupil_comes_back_as_a_tombstone_that_breaks_no_chain(
    room: Room, tmp_path: Path
) -> None:
    """The agent has erased it, too: a new database never hears of the pupil."""
    (tmp_path / "second").mkdir()
    room.say(mark(1), mark(2), roll())
    with a_store(tmp_path) as store:
        room.meet(store)
        store.write(erase_pupil, SCHOOL, "hs-1")
        room.meet(store, session=2)
    with a_store(tmp_path / "second") as store:
        assert len(room.meet(store)) == 3
        log = store.read(evidence_of, SCHOOL).log
        assert sum(bool(record.erased) for record in log) == 2
        assert b"hs-1" not in msgspec.json.encode(log)
        assert chain_findings(log) == []


def test_history_turns_no_lesson_and_asks_for_nothing(room: Room, tmp_path: Path) -> None:
    """The lesson that runs is the one that the birth names, whatever was before."""
    (tmp_path / "second").mkdir()
    for number in (1, 3):
        lesson = {"boot": "", "at_ms": 1, "room": "P203", "lesson": f"l{number}"}
        room.say(LessonStarted(id=f"s{number}", **lesson), LessonEnded(id=f"n{number}", **lesson))
    with a_store(tmp_path) as store:
        room.meet(store)
    with a_store(tmp_path / "second") as store:
        ears = Ears(a_program(store, scope=SCHOOL, upstream=""))
        room.box.put(_birth(1))
        (birth,) = room.box.waiting_states()
        ears.take(Arrival(birth.topic, birth.payload, 1, 1, 1))
        retold = room.box.archived(room.box.lacking(())[1:], 0)  # the first is too old
        ears.take(*(Arrival(each.topic, each.payload, 1, 1, 1) for each in retold))
        (agent,) = store.read(agents_of, SCHOOL)
        assert (agent.lesson, agent.missing) == ("l2", 1)
        said = [down_from(letter.payload) for letter in ears.link.letters]
        assert not [message for message in said if isinstance(message, Rebirth)]


class SchoolAgainstList(RuleBasedStateMachine):
    """Whatever is lost and put back, in the end every mark is there, exactly once."""

    @initialize()
    def start(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        (self.folder / "agent").mkdir()
        (self.folder / "school").mkdir()
        self.room = Room(self.folder / "agent")
        self.marks: set[str] = set()
        self.erased: set[str] = set()  # while the agent was there
        self.copy: Path | None = None

    @rule(count=st.integers(1, 5))
    def marked(self, count: int) -> None:
        for _ in range(count):
            fresh = mark(len(self.marks))
            self.marks.add(fresh.id)
            self.room.say(fresh)

    @rule()
    def agent_restarts(self) -> None:
        self.room.restart()

    @rule()
    def folder_is_lost(self) -> None:
        shutil.rmtree(self.folder / "school")
        (self.folder / "school").mkdir()

    @rule()
    def folder_is_copied(self) -> None:
        self.copy = self.folder / "copy"
        shutil.rmtree(self.copy, ignore_errors=True)
        shutil.copytree(self.folder / "school", self.copy)

    @precondition(lambda self: self.copy)
    @rule()
    def copy_is_put_back(self) -> None:
        assert self.copy
        shutil.rmtree(self.folder / "school")
        shutil.copytree(self.copy, self.folder / "school")

    @rule()
    def they_meet(self) -> None:
        with a_store(self.folder / "school") as store:
            known = {each.event_id for each in store.read(marks_of, SCHOOL)}
            waiting = {
                json.loads(each.payload)["id"] for each in self.room.box.waiting_events(0, 999)
            }
            retold = self.room.meet(store)
            told = {json.loads(each.payload)["id"] for each in retold}
            assert told == self.marks - known - waiting
            log = store.read(marks_of, SCHOOL)
            assert Counter(each.event_id for each in log) == Counter(dict.fromkeys(self.marks, 1))

    def teardown(self) -> None:
        if hasattr(self, "room"):
            self.room.box.__exit__()
            shutil.rmtree(self.folder)


TestSchoolAgainstList: Any = SchoolAgainstList.TestCase
TestSchoolAgainstList.settings = settings(max_examples=8, stateful_step_count=10, deadline=None)


@pytest.mark.parametrize("kind", ["stored", "erased"])
def test_an_older_agent_passes_over_what_it_does_not_know(kind: str) -> None:
    """It reads the kinds of its time: by the flaw it counts the message and goes on."""
    older = tuple(member for member in get_args(Down) if member not in NEW_KINDS)
    decoder = msgspec.json.Decoder(reduce(or_, older))
    kinds = frozenset(member.__struct_config__.tag for member in older)
    with pytest.raises(MessageError) as refused:
        read(decoder, (GOLDEN / f"{kind}-v3.json").read_bytes(), kinds)
    assert refused.value.flaw is MessageFlaw.UNKNOWN_KIND


def test_an_agent_says_to_an_older_controller_what_it_always_said(room: Room) -> None:
    """Which never says what it has: its ack lets go, and nothing goes to the new topic."""
    room.say(mark(1))
    (waiting,) = room.box.waiting_events(0, 9)
    assert waiting.topic.endswith("/event")
    golden = down_from((GOLDEN / "ack-v1.json").read_bytes())
    assert isinstance(golden, Ack)
    assert room.box.settle(msgspec.structs.replace(golden, of="b1")) == [waiting.no]
    assert room.box.waiting_events(0, 9) == room.box.waiting_states() == []
