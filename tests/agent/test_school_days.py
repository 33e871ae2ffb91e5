"""Whole school days in a room, with every fault at random, against a plain model of the teacher."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from itertools import count
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec.structs import replace as replace_struct

from agent.classroom import Classroom
from agent.lessons import memos
from agent.lessons.lesson import Lesson
from agent.lessons.marks import MarkBook
from agent.lessons.meant import (
    SETTLE_S,
    Meant,
    MeantUndo,
    Outdated,
    PressGuard,
    TooSoon,
    hold_lesson,
    hold_roll,
    hold_undo,
    meant_for,
    meant_for_roll,
)
from agent.lessons.sheet import LessonSheet, NotOnRoll, Suggestion
from agent.lessons.teaching import UNDO_S, NoClass, NoLesson, Teaching, TeachingStep
from agent.local.teacher.view import teacher_view
from agent.resetting import by_clock
from agent.room import Moment
from protocol import chain
from protocol.messages import (
    AttendanceMarked,
    Chained,
    Ending,
    Event,
    LessonEnded,
    LessonStarted,
    RollConfirmed,
    RollReopened,
)
from protocol.model import AttendanceStatus, Method
from protocol.plan import Bell, Booking, ClassList, Plan, Pupil, digest_of
from tests.agent.classrooms import classroom, room

HERE, AWAY, LATE = (
    AttendanceStatus.PRESENT,
    AttendanceStatus.ABSENT_UNEXCUSED,
    AttendanceStatus.LATE,
)
STATUSES = st.sampled_from((HERE, AWAY, AttendanceStatus.ABSENT_EXCUSED, LATE))
CLASSES = ("6A1", "6A2")
STUDENTS = {code: tuple(f"{code}-{place}" for place in range(4)) for code in CLASSES}
PLAN = Plan(
    bells=(
        Bell(period=1, begins="07:00", ends="07:45", weekdays=(1, 2, 3, 4, 5, 6, 7)),
        Bell(period=2, begins="07:45", ends="08:30", weekdays=(1, 2, 3, 4, 5, 6, 7)),
        Bell(period=3, begins="08:40", ends="09:25", weekdays=(1, 2, 3, 4, 5, 6, 7)),
    ),
    timetable=tuple(
        Booking(weekday=weekday, period=period, room="6A1", classes=(CLASSES[period % 2],))
        for weekday in range(1, 8)
        for period in (1, 2)
    ),
    classes=CLASSES,
    lists=tuple(
        ClassList(
            code=code,
            pupils=tuple(Pupil(number=n, student=one) for n, one in enumerate(students, 1)),
        )
        for code, students in STUDENTS.items()
    ),
)
MORNING_MS = 1_788_764_400_000  # 2026-09-07 07:00, as the room's wall has it
MINUTE_MS = 60_000
SHELF_DAYS = 7


@dataclass
class TaughtLesson:
    """What the teacher believes of one lesson."""

    classes: tuple[str, ...]
    key: tuple[str, int | None, tuple[str, ...]]
    began_s: float
    word: dict[str, AttendanceStatus] = field(default_factory=dict)
    confirmed: bool = False
    confirmed_day: str = ""


class SchoolDays(RuleBasedStateMachine):
    """A room whose clock, disk, lists and fingers play tricks; presses go as through the door."""

    def __init__(self) -> None:
        super().__init__()
        here, self.ids = room(), count(1)
        teaching = Teaching(
            room=here,
            lesson=Lesson(room=here),
            roll=MarkBook(room=here),
            plan=PLAN,
            digest=digest_of(PLAN),
        )
        self.room: Classroom = replace(classroom(), teaching=teaching)
        self.wall_ms, self.steady_s = MORNING_MS, 0.0
        self.guard = PressGuard()
        self.disk: dict[str, bytes] = {}
        self.said: list[Event] = []
        self.asleep: Meant | None = None
        self.lessons: dict[str, TaughtLesson] = {}
        self.undone: set[str] = set()
        self.running: str | None = None
        self.undo: tuple[float, str, Callable[[], None]] | None = None
        self.start_of = ""
        self.is_jumped, self.is_vouched = False, True

    # -- the room ---------------------------------------------------------------------------

    @property
    def now(self) -> Moment:
        """The instant, by both clocks."""
        wall = datetime.fromtimestamp(self.wall_ms / 1000, UTC)
        minute = wall.hour * 60 + wall.minute + wall.second / 60
        today = wall.date().isoformat()
        return Moment(self.wall_ms, self.steady_s, today, minute, is_vouched=self.is_vouched)

    @property
    def teaching(self) -> Teaching:
        """What is taught."""
        return self.room.teaching

    def take(self, deed: Callable[[Teaching], TeachingStep]) -> None:
        """Take one step, kept whole: what is said, and the memos with it."""
        current = by_clock(self.room, self.now)
        step = current.teach(deed)
        for name, memo in memos.changes(self.teaching, step.classroom.teaching).items():
            if memo is None:
                self.disk.pop(name, None)
            else:
                self.disk[name] = memo
        self.said += [message for message in step.messages if isinstance(message, Event)]
        self.room = step.classroom

    def press(self, deed: str, action: Callable[[Teaching], TeachingStep]) -> bool:
        """Press a button of the lesson; whether something was done."""
        try:
            self.guard.admit(deed, self.steady_s)
            self.take(action)
        except (TooSoon, Outdated, NoClass, NoLesson, NotOnRoll):
            return False
        return True

    def shown(self) -> dict[str, Any]:
        """What the teacher's screen shows."""
        view = self.room.view(self.wall_ms)
        return teacher_view(self.room, view, self.now, str)

    # -- what the teacher does --------------------------------------------------------------

    def do_start(self, meant: Meant, classes: tuple[str, ...] = ()) -> bool:
        """Start a lesson, and believe what the room says has begun."""
        code = f"l{next(self.ids)}"
        before = self.teaching.lesson.code

        def start(teaching: Teaching) -> TeachingStep:
            hold_lesson(teaching, meant)
            return teaching.start(code, self.now, classes)

        if not self.press("start", start):
            return False
        begun = self.teaching.lesson.running
        assert begun
        if begun.lesson == before:
            return True
        self.running = begun.lesson
        if begun.lesson == code:
            key = (begun.day or "", begun.period, begun.classes)
            self.lessons[code] = TaughtLesson(begun.classes, key, self.steady_s)
        self.start_of = begun.lesson
        is_new = begun.lesson == code
        self.offer(begun.lesson, partial(self._never_was, code) if is_new else self._ended)
        return True

    def _never_was(self, code: str) -> None:
        self.lessons.pop(code)
        self.undone.add(code)
        self.running = None

    def _ended(self) -> None:
        self.running = None

    def offer(self, code: str, back: Callable[[], None]) -> None:
        """Something in a lesson can be taken back for ten seconds."""
        self.undo = (self.steady_s + UNDO_S, code, back)

    def do_confirm(self, meant: Meant) -> bool:
        """Confirm the roll that is meant."""

        def confirm(teaching: Teaching) -> TeachingStep:
            hold_roll(teaching, meant)
            return teaching.confirm(self.now, meant.lesson or "")

        present = self.teaching.lesson.present
        code = meant.lesson or (present.lesson if present else "")
        if not self.press("confirm", confirm):
            return False
        lesson = self.lessons[code]
        if not lesson.confirmed:
            lesson.confirmed, lesson.confirmed_day = True, self.now.day
            self.offer(code, lambda: setattr(lesson, "confirmed", False))
            self.start_of = ""
        return True

    def do_end(self, meant: Meant) -> bool:
        """End the lesson that is meant."""

        def end(teaching: Teaching) -> TeachingStep:
            hold_lesson(teaching, meant)
            return teaching.end(self.now)

        before = self.teaching.lesson.code
        if not self.press("end", end):
            return False
        if before is not None:
            self.running, self.start_of = None, ""
            self.offer(before, lambda: setattr(self, "running", before))
        return True

    def do_tap(self, student: str, status: AttendanceStatus, meant: Meant) -> None:
        """Mark a pupil in the roll that is meant."""
        present = self.teaching.lesson.present
        code = meant.lesson or (present.lesson if present else "")

        def tap(teaching: Teaching) -> TeachingStep:
            hold_roll(teaching, meant)
            return teaching.tap(student, status, self.now, meant.lesson or "")

        try:
            self.take(tap)
        except (Outdated, NoLesson, NotOnRoll):
            return
        lesson = self.lessons[code]
        before = lesson.word.get(student, HERE)
        lesson.word[student] = status
        if lesson.confirmed and before is not status:
            self.offer(code, lambda: lesson.word.__setitem__(student, before))
            self.start_of = ""
        elif not lesson.confirmed and self.start_of == code:
            self.undo, self.start_of = None, ""

    def press_shown(self) -> str:
        """Press the large button, whatever stands on it; the deed that was done, or nothing."""
        seen = self.shown()
        meant, action = seen["meant"], seen["button"]["action"]
        deeds: dict[str, Callable[[Meant], bool]] = {
            "start": self.do_start,
            "confirm": self.do_confirm,
            "end": self.do_end,
        }
        return str(action) if deeds[action](meant) else ""

    @rule()
    def looks_and_presses(self) -> None:
        """A teacher as there are most."""
        self.steady_and_wall(SETTLE_S)
        self.press_shown()

    @rule(times=st.integers(2, 4), gap_s=st.sampled_from((0.0, 0.05, 0.3)))
    def double_clicks(self, times: int, gap_s: float) -> None:
        """One step of the lesson, not two."""
        self.steady_and_wall(SETTLE_S)
        done = []
        for _ in range(times):
            done.append(self.press_shown())
            self.steady_and_wall(gap_s)
        assert len(set(done) - {""}) <= 1

    @rule()
    def holds_the_key(self) -> None:
        """Enter for two seconds: first after 0.66 s, then 25 times a second."""
        self.steady_and_wall(SETTLE_S)
        done = [self.press_shown()]
        self.steady_and_wall(0.66)
        for _ in range(34):
            done.append(self.press_shown())
            self.steady_and_wall(0.04)
        assert len(set(done) - {""}) <= 1

    @rule(place=st.integers(0, 3), code=st.sampled_from(CLASSES), status=STATUSES)
    def marks(self, place: int, code: str, status: AttendanceStatus) -> None:
        """In the roll that is shown."""
        if self.shown()["roll"]:
            self.do_tap(STUDENTS[code][place], status, self.shown()["meant"])

    @rule(place=st.integers(0, 3), code=st.sampled_from(CLASSES), status=STATUSES)
    def marks_fast(self, place: int, code: str, status: AttendanceStatus) -> None:
        """Five pupils in a second, and a program that does not say what it means."""
        for step in range(4):
            self.do_tap(STUDENTS[code][(place + step) % 4], status, Meant())
            self.steady_and_wall(0.2)

    @rule(data=st.data(), status=STATUSES)
    def marks_an_older_lesson(self, data: st.DataObject, status: AttendanceStatus) -> None:
        """From the list of lessons."""
        if meant := self.any_of_the_list(data):
            lesson = self.lessons[meant.lesson or ""]
            self.do_tap(STUDENTS[lesson.classes[0]][0], status, meant)

    @rule(data=st.data())
    def confirms_an_older_lesson(self, data: st.DataObject) -> None:
        """From the list of lessons."""
        if meant := self.any_of_the_list(data):
            self.steady_and_wall(SETTLE_S)
            self.do_confirm(meant)

    def any_of_the_list(self, data: st.DataObject) -> Meant | None:
        """A lesson of the list, as it is shown."""
        lessons = [*self.teaching.lesson.all_ended()]
        if not lessons:
            return None
        ended = data.draw(st.sampled_from(lessons), label="lesson")
        return meant_for_roll(self.teaching, ended.lesson)

    @rule(code=st.sampled_from(CLASSES))
    def another_class(self, code: str) -> None:
        """The teacher starts with another class than is proposed."""
        self.steady_and_wall(SETTLE_S)
        self.do_start(meant_for(self.teaching), (code,))

    @rule()
    def takes_back(self) -> None:
        """Undo, pressed twice."""
        offer = self.teaching.undoable
        meant = MeantUndo(what=offer.what, lesson=offer.lesson) if offer else MeantUndo()
        for _ in range(2):

            def undo(teaching: Teaching) -> TeachingStep:
                hold_undo(teaching, meant)
                return teaching.undo(self.now)

            self.take(undo)
        if self.undo and self.steady_s < self.undo[0]:
            self.undo[2]()
        self.undo, self.start_of = None, ""

    @rule(place=st.integers(0, 3), status=STATUSES)
    def starts_marks_and_takes_back(self, place: int, status: AttendanceStatus) -> None:
        """All within ten seconds: a start cannot take marks along."""
        self.looks_and_presses()
        if self.running:
            code = self.lessons[self.running].classes[0]
            self.do_tap(STUDENTS[code][place], status, meant_for(self.teaching))
        self.takes_back()

    @rule()
    def falls_asleep(self) -> None:
        """A page that will press later what it shows now."""
        self.asleep = meant_for(self.teaching)

    @rule(deed=st.sampled_from(("start", "confirm", "end", "tap")))
    def wakes_up_and_presses(self, deed: str) -> None:
        """What was meant for one lesson does nothing to another."""
        if self.asleep is None:
            return
        self.steady_and_wall(SETTLE_S)
        meant, others = self.asleep, self.words()
        deeds: dict[str, Callable[[Meant], object]] = {
            "start": self.do_start,
            "confirm": self.do_confirm,
            "end": self.do_end,
            "tap": partial(self.do_tap, "6A1-0", AWAY),
        }
        deeds[deed](meant)
        if deed in {"confirm", "tap"}:
            now, sheet = self.words(), others.get(meant.lesson or "")
            seen = (sheet.is_confirmed, sheet.version) if sheet else (False, "")
            touched = {meant.lesson} if (meant.confirmed, meant.list) == seen else set()
            assert {code for code in others if now.get(code) != others[code]} <= touched

    def words(self) -> dict[str, LessonSheet | None]:
        """Every roll as the room has it."""
        lesson = self.teaching.lesson
        everyone = [one for code in lesson.codes() if (one := lesson.find(code))]
        return {one.lesson: one.sheet for one in everyone}

    @rule(place=st.integers(0, 3), code=st.sampled_from(CLASSES))
    def is_seen(self, place: int, code: str) -> None:
        """By a tablet."""
        seen = Suggestion(method=Method.TABLET, at_ms=self.wall_ms, tablet="Máy 01")
        with suppress(NoLesson, NotOnRoll):
            self.take(lambda teaching: teaching.suggest(STUDENTS[code][place], seen))

    # -- what happens to the room -----------------------------------------------------------

    def steady_and_wall(self, seconds: float) -> None:
        """Let time pass."""
        self.steady_s += seconds
        self.wall_ms += int(seconds * 1000)

    @rule(minutes=st.sampled_from((1, 7, 20, 45, 60)))
    def time_passes(self, minutes: int) -> None:
        """And the room beats."""
        self.steady_and_wall(minutes * 60)
        self.beat()

    @rule()
    def night_falls(self) -> None:
        """The next thing is seven in the morning."""
        left_ms = (MORNING_MS - self.wall_ms) % (24 * 60 * MINUTE_MS)
        self.steady_and_wall(left_ms / 1000 or 24 * 3600)
        self.beat()

    def beat(self) -> None:
        """A lesson that was forgotten ends."""
        self.take(lambda teaching: teaching.beat(self.now))
        if self.teaching.lesson.code is None:
            if self.running is not None:
                self.undo, self.start_of = None, ""
            self.running = None
        if self.undo and self.teaching.lesson.find(self.undo[1]) is None:
            self.undo = None

    @rule()
    def is_killed(self) -> None:
        """Only what stands on the disk comes back, and nothing can be taken back."""
        teaching = memos.restore_teaching(room(), self.disk, self.teaching.plan, self.now)
        self.room = replace(classroom(), teaching=teaching)
        self.room = by_clock(self.room, self.now)
        self.guard, self.undo, self.start_of = PressGuard(), None, ""

    @rule(days=st.sampled_from((-400, 9, 400)))
    def is_started_by_a_false_clock(self, days: int) -> None:
        """Nobody vouches for it, and nothing goes by it. The next start is right again."""
        held = self.teaching.lesson.codes()
        for jump in (days, -days):
            self.wall_ms += jump * 24 * 60 * MINUTE_MS
            self.is_vouched = jump != days
            self.is_killed()
            self.beat()
            assert self.is_vouched or self.teaching.lesson.codes() >= held

    @rule(minutes=st.sampled_from((-3000, -90, -2, 2, 90, 3000)))
    def clock_is_set(self, minutes: int) -> None:
        """By hand, or by a time server."""
        self.wall_ms += minutes * MINUTE_MS
        self.is_jumped = True
        self.beat()

    @rule(left_out=st.integers(0, 3))
    def pupil_is_missing_for_a_while(self, left_out: int) -> None:
        """What was said of one who comes back holds again."""
        self.lists_are_renumbered([0, 1, 2, 3], left_out)
        self.lists_are_renumbered([0, 1, 2, 3], None)

    @rule(order=st.permutations(range(4)), left_out=st.none() | st.integers(0, 3))
    def lists_are_renumbered(self, order: list[int], left_out: int | None) -> None:
        """And a pupil may leave by mistake, and come back."""
        lists = tuple(
            ClassList(
                code=code,
                pupils=tuple(
                    Pupil(number=number, student=students[place])
                    for number, place in enumerate(order, 1)
                    if place != left_out
                ),
            )
            for code, students in STUDENTS.items()
        )
        plan = replace_struct(PLAN, lists=lists)
        self.take(lambda teaching: teaching.take(plan, digest_of(plan)))

    # -- what must hold ---------------------------------------------------------------------

    @invariant()
    def each_event_is_said_once_and_in_one_chain(self) -> None:
        """No id twice, no link missing."""
        ids = [event.id for event in self.said]
        assert len(ids) == len(set(ids))
        head = chain.ROOT
        for record in self.said:
            if isinstance(record, Chained):
                assert record.before == head
                head = record.hash

    @invariant()
    def the_room_shows_the_teachers_word(self) -> None:
        """Of every lesson that it holds, for every pupil that is on its list."""
        assert self.teaching.lesson.code == self.running
        for code in self.teaching.lesson.codes():
            found, taught = self.teaching.lesson.find(code), self.lessons[code]
            assert found
            assert found.sheet
            assert found.sheet.is_confirmed == taught.confirmed
            for pupil in found.sheet.pupils:
                assert found.sheet.status_of(pupil.student) is taught.word.get(pupil.student, HERE)

    @invariant()
    def nothing_unconfirmed_is_let_go(self) -> None:
        """Within a week, by a clock that nobody set."""
        if not self.is_jumped:
            today = datetime.fromisoformat(self.now.day)
            for code, taught in self.lessons.items():
                age = (today - datetime.fromisoformat(taught.key[0])).days
                is_owed = not taught.confirmed and age <= SHELF_DAYS
                if is_owed or age == 0 or taught.confirmed_day == self.now.day:
                    assert self.teaching.lesson.find(code), code

    @invariant()
    def the_school_knows_the_same(self) -> None:
        """Rolls as they were confirmed and corrected; of others what was tapped, once they end."""
        rolls, taps = self.told()
        for code, taught in self.lessons.items():
            assert (code in rolls) == taught.confirmed
            found = self.teaching.lesson.find(code)
            listed = (
                {pupil.student for pupil in found.sheet.pupils} if found and found.sheet else ()
            )
            if taught.confirmed:
                assert set(rolls[code]) >= set(listed)
                for student, status in rolls[code].items():
                    assert status is taught.word.get(student, HERE)
            elif code != self.running:
                word = {one: status for one, status in taught.word.items() if one in listed}
                assert {one: taps.get((code, one), HERE) for one in word} == word

    def told(
        self,
    ) -> tuple[dict[str, dict[str, AttendanceStatus]], dict[tuple[str, str], AttendanceStatus]]:
        """What a school reads in the records: rolls that stand confirmed, and taps."""
        rolls: dict[str, dict[str, AttendanceStatus]] = {}
        taps: dict[tuple[str, str], AttendanceStatus] = {}
        for record in self.said:
            match record:
                case RollConfirmed():
                    rolls[record.lesson] = {line.student: line.status for line in record.lines}
                case RollReopened():
                    del rolls[record.lesson]
                case AttendanceMarked(lesson=str(lesson), why="tapped"):
                    taps[lesson, record.student] = record.status
                case AttendanceMarked(lesson=str(lesson)):
                    rolls[lesson][record.student] = record.status
        return rolls, taps

    @invariant()
    def no_lesson_is_held_twice_or_for_a_blink(self) -> None:
        """One of a period, a class and a day; a lesson that somebody ends has lasted a while."""
        if not self.is_jumped:
            keys = [taught.key for taught in self.lessons.values() if taught.key[1] is not None]
            assert len(keys) == len(set(keys))
        began = {one.lesson: one for one in self.said if isinstance(one, LessonStarted)}
        assert began.keys() == self.lessons.keys() | self.undone
        for ended in self.said:
            if isinstance(ended, LessonEnded):
                assert (ended.how is Ending.UNDONE) == (ended.lesson in self.undone)
                blink = ended.at_ms - began[ended.lesson].at_ms
                assert self.is_jumped or ended.how is Ending.UNDONE or blink >= SETTLE_S * 1000


TestSchoolDays = SchoolDays.TestCase
TestSchoolDays.settings = settings(max_examples=30, stateful_step_count=50, deadline=None)
