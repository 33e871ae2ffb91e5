"""This file knows whether a lesson runs: it starts, ends (also by itself), resumes. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
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

_IDS: Final = UUID("7d0a1b0e-5d0c-4a59-9f0b-3c1f6f2b8a11")


class RunningLesson(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A lesson that has started; it has a sheet where the class list is here.

    ends_ms: when it ends by itself. turns: how often it was ended and resumed, so that the ids of
    its events differ. began_min, bell_min: of its period, in minutes since midnight.
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

    @property
    def actor(self) -> str:
        """Who speaks in this lesson."""
        return "substitute" if self.substitute else "teacher"


class EndedLesson(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The lesson that ended last, as it was; its roll can still be confirmed or corrected."""

    lesson: RunningLesson
    at_ms: Millis
    how: Ending


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """The room's lesson: idle, running, or just ended.

    ends_s: on the steady clock, when the running one ends by itself.
    """

    room: AgentRoom
    running: RunningLesson | None = None
    ended: EndedLesson | None = None
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

    def start(
        self, lesson: str, what: LessonProposal, grace_min: int, moment: Moment, *, substitute: bool
    ) -> tuple[Lesson, Messages]:
        """Start the lesson; while one runs, nothing happens."""
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
        )
        after = replace(self, running=running, ended=None, ends_s=moment.steady_s + lasts_min * 60)
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
            room=self.room.room,
            lesson=running.lesson,
            how=how,
            confirmed=running.sheet is not None and running.sheet.is_confirmed,
        )
        ended = EndedLesson(lesson=_next_turn(running), at_ms=at_ms, how=how)
        undone = how is Ending.UNDONE
        return replace(self, running=None, ended=None if undone else ended, ends_s=None), [event]

    def resume(self, moment: Moment) -> tuple[Lesson, Messages]:
        """Take the last end back; nothing happens where there is none, or another runs."""
        if self.running or not self.ended:
            return self, []
        running = self.ended.lesson
        event = LessonResumed(
            boot=self.room.boot,
            at_ms=moment.at_ms,
            id=event_id(running.lesson, _turn("resumed", running.turns)),
            room=self.room.room,
            lesson=running.lesson,
        )
        back = replace(self, running=_next_turn(running), ended=None)
        return back.with_clock(moment), [event]

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

    def with_sheet(self, sheet: LessonSheet) -> Lesson:
        """The lesson the teacher sees, with its sheet as it is now."""
        if self.running:
            return replace(self, running=msgspec.structs.replace(self.running, sheet=sheet))
        if self.ended:
            lesson = msgspec.structs.replace(self.ended.lesson, sheet=sheet)
            return replace(self, ended=msgspec.structs.replace(self.ended, lesson=lesson))
        return self

    def without_pupil(self, is_pupil: Callable[[str], bool]) -> Lesson:
        """The lesson without one pupil: the running one, and the one that ended last."""
        running = self.running and _without_pupil(self.running, is_pupil)
        ended = self.ended and msgspec.structs.replace(
            self.ended, lesson=_without_pupil(self.ended.lesson, is_pupil)
        )
        return replace(self, running=running, ended=ended)


def _without_pupil(lesson: RunningLesson, is_pupil: Callable[[str], bool]) -> RunningLesson:
    sheet = lesson.sheet and lesson.sheet.without_pupil(is_pupil)
    return msgspec.structs.replace(lesson, sheet=sheet)


def event_id(lesson: str, what: str) -> str:
    """The id of something that happens once in a lesson: the same whenever it is said again."""
    return str(uuid5(_IDS, f"{lesson}/{what}"))


def _turn(what: str, turns: int) -> str:
    return f"{what}/{turns}" if turns else what


def _next_turn(running: RunningLesson) -> RunningLesson:
    return msgspec.structs.replace(running, turns=running.turns + 1)
