"""This file keeps the marks made outside a sheet: each mark once out. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Final, NamedTuple
from uuid import UUID, uuid5

import msgspec

from agent.room import AgentRoom, Moment
from protocol.messages import AttendanceMarked
from protocol.model import AttendanceStatus, Code, Method, Millis

MAX_MARKS: Final = 5000  # a day has some ten lessons of fifty pupils; more is a runaway program

_IDS: Final = UUID("c1f3a2f4-64f0-4a35-9f6c-0f5d7d1a2b90")


class MarkBookFull(Exception):  # noqa: N818 - a full roll is a state, not a fault
    """The roll holds more pupils than a school has."""


class PupilMark(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A pupil's present mark in one lesson, or in one day outside lessons.

    n: how many marks this pupil had there before this one.
    """

    student: Code
    status: AttendanceStatus
    method: Method
    lesson: Code | None = None
    day: Code
    at_ms: Millis
    event_id: Code
    n: Annotated[int, msgspec.Meta(ge=0)] = 0

    @property
    def sheet(self) -> str:
        """The lesson or, outside lessons, the day that this mark belongs to."""
        return self.lesson or self.day


class MarkResult(NamedTuple):
    """The mark that counts now, and whether it was made just now or had been before."""

    mark: PupilMark
    new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkBook:
    """Today's marks by lesson (or day) and pupil."""

    room: AgentRoom
    marks: Mapping[tuple[str, str], PupilMark] = field(default_factory=dict)

    def mark(
        self,
        student: str,
        status: AttendanceStatus,
        method: Method,
        lesson: str | None,
        moment: Moment,
    ) -> tuple[MarkBook, MarkResult, list[AttendanceMarked]]:
        """Mark a pupil; the present mark again gives no event. Raises MarkBookFull.

        The event's id follows from what is marked, and by which start: a copy of this disk that
        marks the same pupil alike says so by a record of its own.
        """
        before = self.marks.get((lesson or moment.day, student))
        if before is not None and (before.status, before.method) == (status, method):
            return self, MarkResult(before, new=False), []
        if before is None and len(self.marks) >= MAX_MARKS:
            raise MarkBookFull
        n = before.n + 1 if before is not None else 0
        mark = PupilMark(
            student=student,
            status=status,
            method=method,
            lesson=lesson,
            day=moment.day,
            at_ms=moment.at_ms,
            event_id=self._event_id(lesson or moment.day, student, n, status),
            n=n,
        )
        after = replace(self, marks={**self.marks, (mark.sheet, student): mark})
        return after, MarkResult(mark, new=True), [self._event(mark)]

    def only(self, day: str, lessons: Collection[str] = ()) -> MarkBook:
        """This roll without other days' marks; lessons that are still here keep their own."""
        marks = {
            key: mark
            for key, mark in self.marks.items()
            if mark.day == day or mark.lesson in lessons
        }
        return self if len(marks) == len(self.marks) else replace(self, marks=marks)

    def without_pupil(self, is_pupil: Callable[[str], bool]) -> MarkBook:
        """This roll without one pupil's marks."""
        marks = {key: mark for key, mark in self.marks.items() if not is_pupil(mark.student)}
        return replace(self, marks=marks)

    def _event_id(self, sheet: str, student: str, n: int, status: AttendanceStatus) -> str:
        place = self.room.place
        boot = self.room.boot
        parts = (place.province, place.school, place.agent, boot, sheet, student, str(n), status)
        return str(uuid5(_IDS, "\n".join(parts)))

    def _event(self, mark: PupilMark) -> AttendanceMarked:
        return AttendanceMarked(
            boot=self.room.boot,
            at_ms=mark.at_ms,
            id=mark.event_id,
            room=self.room.room,
            student=mark.student,
            status=mark.status,
            method=mark.method,
            lesson=mark.lesson,
            actor="teacher" if mark.method is Method.MANUAL else "agent",
        )
