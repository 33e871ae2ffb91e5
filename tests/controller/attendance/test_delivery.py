"""What the school corrects is seen in the room, whatever a line, a broker and restarts do to it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as rewrite

from agent.classroom import Classroom
from agent.lessons import memos
from agent.lessons.teaching import Teaching, TeachingStep
from agent.local.teacher.view import lesson_lines, lesson_tree
from agent.room import Moment
from controller.attendance.correction import (
    CorrectionRecord,
    CorrectionWish,
    corrected,
    linked,
    seen_of,
)
from controller.attendance.delivery import (
    FIRST_WAIT_MS,
    MAX_WAIT_MS,
    CorrectionDelivery,
    RoomCorrections,
    rooms_of,
)
from controller.attendance.lessons import LessonEntry, LessonMarks, as_they_count, sheet_of
from controller.attendance.store import correct
from controller.features import keep_batch
from controller.fleet.fleet import Fleet
from controller.fleet.records import AgentRecord, AttendanceRecord, CorrectionsHeld, RollRecord
from protocol.correction import CorrectionReason
from protocol.errors import ActionError
from protocol.messages import Birth, CorrectionsGiven, CorrectionsKept, Event, down_from, to_bytes
from protocol.model import AttendanceStatus, Place, Status
from protocol.plan import ClassList, Plan, Pupil, digest_of
from tests.agent.classrooms import PLACE, classroom, room
from tests.agent.classrooms import moment as moment_at
from tests.controller.attendance.test_lessons import AGENT, BEGAN, a_lesson, records_of
from tests.controller.attendance.test_lessons import SCHOOL as TAUGHT
from tests.controller.ears import Ears, arrival
from tests.controller.web_school import a_live, a_program, a_store

SCHOOL = Place(PLACE.province, PLACE.school)
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
PUPILS = ("a", "b", "c")
HERE, K, P, LATE = (
    AttendanceStatus.PRESENT,
    AttendanceStatus.ABSENT_UNEXCUSED,
    AttendanceStatus.ABSENT_EXCUSED,
    AttendanceStatus.LATE,
)
PLAN = Plan(
    classes=("10A1",),
    lists=(
        ClassList(
            code="10A1",
            pupils=tuple(Pupil(number=n, student=one) for n, one in enumerate(PUPILS, 1)),
        ),
    ),
)


class Step(NamedTuple):
    """What happens next; at: which of the words in flight, or which pupil."""

    what: str
    at: int
    status: AttendanceStatus | None


STEPS = st.lists(
    st.builds(
        Step,
        st.sampled_from(
            [
                *("room", "room", "confirm", "reopen"),
                *("school", "school", "school", "back"),
                *("look", "look", "arrive", "arrive", "arrive", "answer", "answer"),
                *("twice", "lose", "lose", "late state"),
                *("agent restarts", "line breaks", "controller restarts", "copy", "put back"),
            ]
        ),
        st.integers(0, 40),
        st.sampled_from([HERE, K, P, LATE]),
    ),
    min_size=20,
    max_size=60,
)


class PlayedSchool:
    """A room and its school, the line between them, and beside them a plain model of both."""

    def __init__(self) -> None:
        self.now = moment_at()
        here = room()
        teaching = replace(classroom().teaching, plan=PLAN, digest=digest_of(PLAN))
        self.room: Classroom = replace(classroom(), room=here, teaching=teaching)
        self.disk: dict[str, bytes] = {}
        self.fleet = Fleet(SCHOOL, ZONE)
        self.log: list[LessonEntry] = []
        self.corrections: list[CorrectionRecord] = []
        self.copy: list[CorrectionRecord] = []
        self.starts = 0
        self.listening = ""
        self.delivery = CorrectionDelivery()
        self.down: list[bytes] = []
        self.up: list[CorrectionsHeld] = []
        self.boots, self.session = 1, 1
        self.seq = 0
        self.model_room = dict.fromkeys(PUPILS, HERE)
        self.model_school: dict[str, AttendanceStatus] = {}
        self.taken: list[tuple[int, int]] = []
        self.start()
        self.teach(lambda teaching: teaching.start("l1", self.now, ("10A1",)))
        self.teach(lambda teaching: teaching.confirm(self.now))

    @property
    def agent(self) -> AgentRecord:
        """The room's computer as the school knows it."""
        boot = f"b{self.boots}"
        return AgentRecord(place=PLACE, boot=boot, session=self.session, rev=1, online=True)

    @property
    def sheet(self) -> LessonMarks:
        """What counts by the school's own records."""
        return sheet_of([*self.log, *self.corrections])

    @property
    def model(self) -> dict[str, AttendanceStatus]:
        """What counts."""
        return {**self.model_room, **self.model_school}

    def start(self) -> None:
        """A controller starts, and the agent hears that it listens."""
        self.starts += 1
        self.delivery = CorrectionDelivery()
        self.listening = f"start{self.starts}"

    def teach(self, deed: object) -> None:
        """Something happens in the room, kept in one step with what is said of it."""
        before = self.room.teaching
        step: TeachingStep = deed(before)  # type: ignore[operator]
        for name, memo in memos.changes(before, step.teaching).items():
            if memo is None:
                self.disk.pop(name, None)
            else:
                self.disk[name] = memo
        self.room = replace(self.room, teaching=step.teaching)
        for message in step.messages:
            self.seq += 1
            event = rewrite(message, seq=self.seq)
            assert isinstance(event, Event)
            if isinstance(event, CorrectionsKept):
                self.up.append(CorrectionsHeld(PLACE, event.of, event.number))
            heard = self.fleet.hear(PLACE.agent, event, self.now.at_ms)
            self.log += [one for one in heard if isinstance(one, AttendanceRecord | RollRecord)]

    def look(self) -> None:
        """Ten seconds pass, and the school says what is due."""
        self.now = Moment(self.now.at_ms + FIRST_WAIT_MS, self.now.steady_s + 10, self.now.day)
        self.delivery.take(rooms_of(self.corrections, ""))
        for place, number, told in self.delivery.due([self.agent], self.now.at_ms):
            assert place == PLACE
            message = CorrectionsGiven(
                boot=f"start{self.starts}",
                at_ms=self.now.at_ms,
                number=number,
                since=told.since,
                marks=told.marks,
            )
            self.down.append(to_bytes(message))

    def arrive(self, payload: bytes) -> None:
        """A word reaches the room, whose talk takes those of the start that listens."""
        message = down_from(payload)
        assert isinstance(message, CorrectionsGiven)
        if message.boot != self.listening:
            return
        before = self.room.teaching.school
        self.teach(lambda teaching: teaching.take_corrections(message, self.now))
        if self.room.teaching.school is not before:
            self.taken.append((int(message.boot.removeprefix("start")), message.number))

    def restart(self) -> None:
        """The power goes, and the room is what its disk says."""
        self.boots += 1
        here = replace(self.room.room, boot=f"b{self.boots}")
        teaching = memos.restore_teaching(here, self.disk, PLAN, self.now)
        assert teaching.school == self.room.teaching.school
        self.room = replace(self.room, room=here, teaching=teaching)

    def correct(self, student: str, status: AttendanceStatus | None) -> None:
        """The office corrects a mark, or takes that back; what is refused changes nothing."""
        status_now, last = self.sheet.status_of(student), self.sheet.corrections.get(student)
        reason = CorrectionReason.LEAVE_LETTER if status else CorrectionReason.TAKEN_BACK
        seen = seen_of(status_now, last)
        wish = CorrectionWish("l1", "10A1", student, seen, status, reason, "", "van-phong")
        try:
            made = corrected(wish, PLACE, status_now, last)
        except ActionError:
            return
        assert made
        dated = rewrite(made, day=self.now.day, received_ms=self.now.at_ms)
        self.corrections.append(linked(dated, self.corrections[-1] if self.corrections else None))
        self.remember()

    def remember(self) -> None:
        """The model's own reading of what the school has said."""
        self.model_school = {}
        for one in self.corrections:
            self.model_school.pop(one.student, None)
            if one.status:
                self.model_school[one.student] = one.status

    def do(self, step: Step) -> None:
        """Let it happen, here and in the model."""
        student = PUPILS[step.at % len(PUPILS)]
        match step.what:
            case "room":
                assert step.status
                status = step.status
                self.teach(lambda teaching: teaching.tap(student, status, self.now))
                self.model_room[student] = step.status
            case "confirm":
                self.teach(lambda teaching: teaching.confirm(self.now))
            case "reopen":
                if self.sheet.confirmed:
                    self.teach(lambda teaching: teaching.reopen(self.now))
            case "school" | "back":
                self.correct(student, step.status if step.what == "school" else None)
            case "look":
                self.look()
            case _:
                self._do_line(step)

    def _do_line(self, step: Step) -> None:
        at = step.at % len(self.down) if self.down else None
        match step.what:
            case "arrive" if at is not None:
                self.arrive(self.down.pop(at))
            case "twice" if at is not None:
                self.arrive(self.down[at])
            case "lose" if at is not None:
                del self.down[at]
            case "answer" if self.up:
                self.delivery.hear(self.up.pop(0), f"start{self.starts}")
            case (
                "late state"
            ):  # what an earlier start said of itself; the present one says it again
                self.listening = f"start{1 + step.at % self.starts}"
            case "agent restarts":
                self.restart()
            case "line breaks":
                self.session += 1
            case "controller restarts":
                self.start()
            case "copy":
                self.copy = [*self.corrections]
            case "put back":
                self.corrections = [*self.copy]
                self.remember()
                self.start()
            case _:
                pass

    def calm(self) -> None:
        """The line holds from now on, and everything that is said arrives, late words too."""
        self.listening = f"start{self.starts}"
        for _ in range(8):
            self.look()
            while self.down or self.up:
                while self.down:
                    self.arrive(self.down.pop(0))
                while self.up:
                    self.delivery.hear(self.up.pop(0), f"start{self.starts}")

    def shown(self) -> dict[str, tuple[str, bool]]:
        """The room's own screen: each pupil's mark, and whether it is the school's."""
        tree = lesson_tree(self.room, "l1", self.now, str)
        assert tree
        lines = tree["roll"]["lines"]
        return {one["student"]: (one["status"], one["school"] is not None) for one in lines}


@given(STEPS)
def test_room_and_school_show_what_a_plain_model_does(steps: Sequence[Step]) -> None:
    """Once the line is calm; and never is an earlier word taken for a later one."""
    played = PlayedSchool()
    for step in steps:
        played.do(step)
    late = [step for step in steps if step.what == "late state"]
    if not late:
        assert played.taken == sorted(set(played.taken))
    played.calm()
    school = played.model_school
    assert played.shown() == {one: (mark, one in school) for one, mark in played.model.items()}
    sheet = played.sheet
    counting = played.model if sheet.confirmed else school
    assert {one: mark.status for one, mark in sheet.marks.items()} == counting
    single = [one for one in played.log if isinstance(one, AttendanceRecord)]
    for mark in as_they_count(single, [*played.log, *played.corrections]):
        student = mark.record.student
        assert (mark.counts, mark.corrected) == (student in counting, student in school)
        assert mark.status == counting.get(student, mark.record.status)
    (line,) = lesson_lines(played.room, played.now, str)
    assert line["corrected"] == len(school)
    away = sum(mark in {K, P} for mark in played.model.values())
    assert line["text"] == f"3/{3 - away}/{away}"


def test_what_is_held_is_not_said_again_and_what_is_not_answered_ever_less() -> None:
    """An agent of before answers nothing, and is not pestered."""
    played, told = PlayedSchool(), []
    played.correct("a", P)
    for _ in range(1000):
        before = len(played.down)
        played.look()
        told += [played.now.at_ms] * (len(played.down) - before)
    gaps = [after - before for before, after in itertools.pairwise(told)]
    assert gaps[0] == FIRST_WAIT_MS
    assert gaps == sorted(gaps)
    assert len(told) <= 12
    assert gaps[-1] <= MAX_WAIT_MS
    played.calm()
    played.look()
    assert played.down == []
    assert played.shown()["a"] == (P, True)


def test_who_took_a_late_word_of_another_start_is_told_again() -> None:
    """Whatever a room holds, it is brought to what the present start knows."""
    delivery, agent = CorrectionDelivery(), PlayedSchool().agent
    delivery.take({})
    assert len(delivery.due([agent], 0)) == 1
    delivery.hear(CorrectionsHeld(PLACE, "now", 1), "now")
    assert delivery.due([agent], 10 * FIRST_WAIT_MS) == []
    delivery.hear(CorrectionsHeld(PLACE, "before", 9), "now")
    assert [number for _, number, _ in delivery.due([agent], 10 * FIRST_WAIT_MS)] == [2]


def test_nothing_is_said_before_it_is_known_and_none_is_said_once() -> None:
    """What was not read is not empty; an empty word takes back what a room still holds."""
    delivery, agent = CorrectionDelivery(), PlayedSchool().agent
    assert delivery.due([agent], 0) == []
    delivery.take({})
    assert delivery.due([agent], 0) == [(PLACE, 1, RoomCorrections())]


def test_a_room_that_was_never_told_claims_nothing() -> None:
    """A school of before says nothing of corrections."""
    played = PlayedSchool()
    assert played.room.teaching.school is None
    assert played.shown()["a"] == (HERE, False)
    assert "school" not in played.disk


def test_an_erased_pupil_leaves_nothing_in_the_room_and_does_not_come_back_late() -> None:
    """Not from a word that was on its way when the pupil was erased either."""
    played = PlayedSchool()
    played.correct("a", P)
    played.look()
    early = played.down[0]
    played.calm()
    assert b'"a"' in played.disk["school"]
    teaching = played.room.teaching

    def forget(before: Teaching) -> TeachingStep:
        return TeachingStep(before.without_pupil(lambda student: student == "a"), [])

    played.teach(forget)
    assert b'"a"' not in played.disk["school"]
    later = rewrite(down_from(early), number=99)
    played.arrive(to_bytes(later))
    assert played.room.teaching.school != teaching.school
    assert b'"a"' not in played.disk["school"]


def test_corrections_go_with_their_lesson_and_those_of_others_are_not_kept() -> None:
    """The room holds what it shows, and no more."""
    played = PlayedSchool()
    played.correct("a", P)
    other = rewrite(played.corrections[0], lesson="l9", event_id="x", number=2)
    played.corrections.append(other)
    played.calm()
    assert [mark.lesson for mark in played.room.teaching.school.marks] == ["l1"]  # type: ignore[union-attr]
    played.teach(lambda teaching: teaching.end(played.now))
    for day, count in (("2026-09-08", 1), ("2026-09-14", 1), ("2026-09-15", 0)):
        played.now = played.now._replace(day=day)
        played.teach(lambda teaching: teaching.beat(played.now))
        assert len(lesson_lines(played.room, played.now, str)) == count
        assert len(played.room.teaching.school.marks) == count  # type: ignore[union-attr]


def test_a_room_gets_as_much_as_a_message_holds_and_says_from_which_day() -> None:
    """The days before are left as the room has them."""
    played = PlayedSchool()
    played.correct("a", P)
    (one,) = played.corrections
    many = [
        rewrite(one, lesson=f"{day}-{n}", day=day, number=n, student="ă" * 64)
        for day in ("2026-09-05", "2026-09-06", "2026-09-07")
        for n in range(400)
    ]
    told = rooms_of(many, "2026-09-01")[PLACE]
    assert told.since == "2026-09-06"
    assert len(told.marks) == 1000
    message = CorrectionsGiven(boot="c", at_ms=0, number=1, since=told.since, marks=told.marks)
    down_from(to_bytes(message))


def test_a_room_that_joins_is_told_until_it_says_that_it_holds_it(tmp_path: Path) -> None:
    """By the running controller: from the database to the line, and back."""

    def told(ears: Ears) -> list[CorrectionsGiven]:
        letters = (down_from(letter.payload) for letter in ears.link.letters)
        return [one for one in letters if isinstance(one, CorrectionsGiven)]

    with a_store(tmp_path) as store:
        store.write(keep_batch, records_of(a_lesson()), BEGAN)
        seen = seen_of(HERE, None)
        reason = CorrectionReason.LEAVE_LETTER
        wish = CorrectionWish("l1", "10A1", "a", seen, P, reason, "mẹ gọi", "van-phong")
        store.write(correct, AGENT, wish, BEGAN)
        program = a_program(store, a_live(store, scope=TAUGHT), scope=TAUGHT)
        program.wall_ms = lambda: BEGAN
        ears = Ears(program)
        at = {"boot": "b2", "at_ms": BEGAN, "room": "P203"}
        birth = Birth(rev=1, session=1, beat_s=10, status=Status.OK, **at)
        ears.take(arrival(AGENT, birth))
        (word,) = told(ears)
        assert [(mark.student, mark.status, mark.reason) for mark in word.marks] == [
            ("a", P, reason)
        ]
        assert "mẹ".encode() not in to_bytes(word)
        kept = CorrectionsKept(id="k1", seq=1, of=word.boot, number=word.number, **at)
        ears.take(arrival(AGENT, kept))
        program.wall_ms = lambda: BEGAN + 2 * FIRST_WAIT_MS
        asyncio.run(ears.ingest._expire_now())
        assert told(ears) == [word]
