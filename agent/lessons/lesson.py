"""This file knows whether a lesson runs: it starts, ends (also by itself), resumes. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Final
from uuid import UUID, uuid5

import msgspec

from agent.lessons.sheet import LessonSheet
from agent.lessons.timetable import LessonProposal
from agent.room import AgentRoom, Messages, Moment
from protocol.messages import Classes, Ending, LessonEnded, LessonResumed, LessonStarted
from protocol.model import Code, Millis, Text
from protocol.plan import Date, Period

MAX_LESSON_MIN: Final = 180.0  # where no bell is known
MIN_RESUMED_MIN: Final = 5.0  # a lesson that goes on after its bell
OWED_DAYS: Final = 7  # a roll that nobody confirmed is asked for so long
KEPT_DAYS: Final = 7  # a confirmed one stays so long: the school may correct it meanwhile
MAX_SHELVED: Final = 100  # of a week's lessons; more is a runaway program

_IDS: Final = UUID("7d0a1b0e-5d0c-4a59-9f0b-3c1f6f2b8a11")


class RunningLesson(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A lesson that has started; it has a sheet where the class list is here.

    ends_ms: when it ends by itself. turns: how often it was ended and resumed, so that the ids of
    its events differ. began_min, bell_min: of its period, in minutes since midnight. room: where it
    was, once this computer was carried elsewhere. teacher: whose the timetable had it when it
    began, where the school asks who confirms. An older agent knows neither.
    """

    lesson: Code
    since_ms: Millis
    classes: Classes = ()
    period: Period | None = None
    subject: Text = ""
    substitute: bool = False
    day: Date | None = None
    began_min: int | None = None
    bell_min: int | None = None
    ends_ms: Millis | None = None
    turns: int = 0
    sheet: LessonSheet | None = None
    room: Code | msgspec.UnsetType = msgspec.UNSET
    teacher: Text | msgspec.UnsetType = msgspec.UNSET

    @property
    def actor(self) -> str:
        """Who speaks in this lesson."""
        return "substitute" if self.substitute else "teacher"


class EndedLesson(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A lesson that ended, as it was; its roll can still be confirmed or corrected."""

    lesson: RunningLesson
    at_ms: Millis
    how: Ending

    @property
    def is_owed(self) -> bool:
        """Whether it has a roll that nobody has confirmed."""
        sheet = self.lesson.sheet
        return sheet is not None and not sheet.is_confirmed

    def is_of_use(self, moment: Moment) -> bool:
        """Whether it is still here: what is shown, and what the school may still correct."""
        sheet, day = self.lesson.sheet, self.lesson.day or moment.day
        is_confirmed = sheet is not None and sheet.is_confirmed
        is_kept = is_confirmed and day >= _days_before(moment.day, KEPT_DAYS)
        return is_kept or self.is_shown(moment)

    def is_shown(self, moment: Moment) -> bool:
        """Whether it is still shown: today's, what is owed of this week, what was owed till now."""
        sheet, day = self.lesson.sheet, self.lesson.day or moment.day
        if self.is_owed:
            return day >= _days_before(moment.day, OWED_DAYS)
        confirmed_ms = sheet.confirmed_ms if sheet else None
        is_fresh = confirmed_ms is not None and moment.day_of(confirmed_ms) >= moment.day
        return day >= moment.day or is_fresh


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """The room's lesson: idle, running, or just ended.

    shelved: by id, oldest first, lessons before the one that ended last: today's, and those that
    nobody confirmed. earlier: those that ended before this start of the agent: another setting of
    the clock dated them. ends_s: on the steady clock, when the running one ends by itself.
    """

    room: AgentRoom
    running: RunningLesson | None = None
    ended: EndedLesson | None = None
    shelved: Mapping[str, EndedLesson] = field(default_factory=dict)
    earlier: frozenset[str] = frozenset()
    ends_s: float | None = None

    @property
    def code(self) -> str | None:
        """The running lesson's id; None while idle."""
        return self.running.lesson if self.running else None

    @property
    def present(self) -> RunningLesson | None:
        """The lesson that the teacher sees: the running one, else the one that ended last."""
        return self.running or (self.ended.lesson if self.ended else None)

    @property
    def sheet(self) -> LessonSheet | None:
        """The running lesson's sheet, if its class list is here."""
        return self.running.sheet if self.running else None

    def all_ended(self) -> Iterator[EndedLesson]:
        """Every lesson that ended and is here, the latest first."""
        if self.ended:
            yield self.ended
        yield from reversed([*self.shelved.values()])

    def codes(self) -> frozenset[str]:
        """The ids of every lesson that is here."""
        ended = {ended.lesson.lesson for ended in self.all_ended()}
        return frozenset(ended | {self.running.lesson} if self.running else ended)

    def find(self, lesson: str) -> RunningLesson | None:
        """The lesson of this id, running or ended."""
        if self.running and self.running.lesson == lesson:
            return self.running
        ended = (ended.lesson for ended in self.all_ended())
        return next((other for other in ended if other.lesson == lesson), None)

    def find_same(
        self, what: LessonProposal, day: Date, *, substitute: bool
    ) -> RunningLesson | None:
        """The day's lesson of this period and these classes, by the same teacher; it has ended."""
        asked = (day, what.period, sorted(what.classes), substitute)
        for ended in self.all_ended():
            one = ended.lesson
            if (one.room or self.room.room) != self.room.room:
                continue
            if asked == (one.day, one.period, sorted(one.classes), one.substitute):
                return one if one.period is not None else None
        return None

    def start(
        self,
        lesson: str,
        what: LessonProposal,
        grace_min: int,
        moment: Moment,
        *,
        substitute: bool,
        asks: bool = False,
    ) -> tuple[Lesson, Messages]:
        """Start the lesson; while one runs, nothing happens. asks: who confirms it is asked."""
        if self.running:
            return self, []
        lasts_min = MAX_LESSON_MIN
        if what.ends_min is not None:
            lasts_min = max(what.ends_min - moment.minute, 0.0) + grace_min
        running = RunningLesson(
            lesson=lesson,
            since_ms=moment.at_ms,
            classes=what.classes,
            period=what.period,
            subject=what.subject,
            substitute=substitute,
            day=moment.day,
            began_min=what.begins_min,
            bell_min=what.ends_min,
            ends_ms=moment.at_ms + int(lasts_min * 60_000),
            teacher=what.teacher if asks and not substitute else msgspec.UNSET,
        )
        after = replace(self.shelve(), running=running, ends_s=moment.steady_s + lasts_min * 60)
        started = LessonStarted(
            boot=self.room.boot,
            at_ms=moment.at_ms,
            id=event_id(lesson, "started"),
            room=self.room.room,
            lesson=lesson,
            classes=running.classes,
            period=running.period,
            subject=running.subject,
            substitute=substitute,
        )
        return after, [started]

    def end(self, at_ms: int, how: Ending = Ending.TEACHER) -> tuple[Lesson, Messages]:
        """End the running lesson; while idle, nothing happens."""
        if not self.running:
            return self, []
        running = self.running
        event = LessonEnded(
            boot=self.room.boot,
            at_ms=at_ms,
            id=event_id(running.lesson, _turn("ended", running.turns)),
            room=running.room or self.room.room,
            lesson=running.lesson,
            how=how,
            confirmed=running.sheet is not None and running.sheet.is_confirmed,
        )
        after = replace(self, running=None, ends_s=None)
        if how is Ending.UNDONE:
            return after.unshelve(), [event]
        return replace(
            after, ended=EndedLesson(lesson=_next_turn(running), at_ms=at_ms, how=how)
        ), [event]

    def resume(self, moment: Moment, lesson: str = "") -> tuple[Lesson, Messages]:
        """Take an end back, the last one or that of a lesson; not while one runs."""
        running = self.find(lesson) if lesson else self.ended and self.ended.lesson
        if self.running or not running:
            return self, []
        event = LessonResumed(
            boot=self.room.boot,
            at_ms=moment.at_ms,
            id=event_id(running.lesson, _turn("resumed", running.turns)),
            room=running.room or self.room.room,
            lesson=running.lesson,
        )
        soonest_ms = moment.at_ms + int(MIN_RESUMED_MIN * 60_000)
        again = msgspec.structs.replace(
            _next_turn(running), ends_ms=max(running.ends_ms or 0, soonest_ms)
        )
        shelved = self.shelve().shelved
        rest = {code: ended for code, ended in shelved.items() if code != running.lesson}
        back = replace(self, running=again, ended=None, shelved=rest)
        return back.with_clock(moment), [event]

    def shelve(self) -> Lesson:
        """With the lesson that ended last among those before it."""
        if self.ended is None:
            return self
        shelved = {**self.shelved, self.ended.lesson.lesson: self.ended}
        return replace(self, ended=None, shelved=_fitting(shelved))

    def unshelve(self) -> Lesson:
        """With the latest of those before as the one that ended last."""
        if self.ended or not self.shelved:
            return self
        *rest, (_, ended) = self.shelved.items()
        return replace(self, ended=ended, shelved=dict(rest))

    def let_go(self, moment: Moment) -> Lesson:
        """Without lessons that are over and done with; what is owed of before is shelved.

        By a clock that nobody vouches for nothing goes: it may have begun in another year.
        """
        after = self
        if self.ended and (self.ended.lesson.day or moment.day) < moment.day:
            after = self.shelve()
        if not moment.is_vouched:
            return after
        shelved = {code: ended for code, ended in after.shelved.items() if ended.is_of_use(moment)}
        return after if len(shelved) == len(after.shelved) else replace(after, shelved=shelved)

    def is_over(self, moment: Moment) -> bool:
        """Whether the bell and the grace after it have passed; the wall clock may jump."""
        return self.running is not None and moment.steady_s >= (self.ends_s or 0.0)

    def with_clock(self, moment: Moment) -> Lesson:
        """The lesson after a restart: its end is counted anew on the steady clock."""
        if not self.running:
            return self
        left_ms = (self.running.ends_ms or 0) - moment.at_ms
        left_s = min(max(left_ms / 1000, 0.0), MAX_LESSON_MIN * 60)
        return replace(self, ends_s=moment.steady_s + left_s)

    def with_sheet(self, sheet: LessonSheet, lesson: str = "") -> Lesson:
        """With a lesson's sheet as it is now; of the one that the teacher sees, unless named."""
        present = self.present
        code = lesson or (present.lesson if present else "")
        return self._each(
            lambda other: (
                msgspec.structs.replace(other, sheet=sheet) if other.lesson == code else other
            )
        )

    def stay_in(self, room: str) -> Lesson:
        """Every lesson that was here, in the room where it was."""
        return self._each(
            lambda lesson: lesson if lesson.room else msgspec.structs.replace(lesson, room=room)
        )

    def without_pupil(self, is_pupil: Callable[[str], bool]) -> Lesson:
        """Every lesson without one pupil."""
        return self._each(lambda lesson: _without_pupil(lesson, is_pupil))

    def _each(self, change: Callable[[RunningLesson], RunningLesson]) -> Lesson:
        """With every lesson changed; one that is the same after it stays as it was."""

        def changed(ended: EndedLesson) -> EndedLesson:
            lesson = change(ended.lesson)
            same = lesson is ended.lesson
            return ended if same else msgspec.structs.replace(ended, lesson=lesson)

        return replace(
            self,
            running=self.running and change(self.running),
            ended=self.ended and changed(self.ended),
            shelved={code: changed(ended) for code, ended in self.shelved.items()},
        )


def _fitting(shelved: dict[str, EndedLesson]) -> dict[str, EndedLesson]:
    """As many as may lie there: the oldest go, those that are confirmed first."""
    by_use = sorted(shelved.values(), key=lambda ended: ended.is_owed)
    gone = {ended.lesson.lesson for ended in by_use[: max(0, len(shelved) - MAX_SHELVED)]}
    return {code: ended for code, ended in shelved.items() if code not in gone}


def _without_pupil(lesson: RunningLesson, is_pupil: Callable[[str], bool]) -> RunningLesson:
    sheet = lesson.sheet and lesson.sheet.without_pupil(is_pupil)
    return msgspec.structs.replace(lesson, sheet=sheet)


def event_id(lesson: str, what: str) -> str:
    """The id of something that happens once in a lesson: the same whenever it is said again."""
    return str(uuid5(_IDS, f"{lesson}/{what}"))


def _days_before(today: Date, days: int) -> Date:
    return (date.fromisoformat(today) - timedelta(days=days)).isoformat()


def _turn(what: str, turns: int) -> str:
    return f"{what}/{turns}" if turns else what


def _next_turn(running: RunningLesson) -> RunningLesson:
    return msgspec.structs.replace(running, turns=running.turns + 1)
