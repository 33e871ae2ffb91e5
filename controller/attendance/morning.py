"""This file says who is away without leave by eight o'clock, and of which classes nobody knows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Final, NamedTuple

from controller.attendance.halves import clock_minute, minute_of
from controller.attendance.lessons import LessonEntry, by_lesson_of, sheet_of
from controller.attendance.sheet import statuses_of
from controller.attendance.store import log_of
from controller.database.store import Store
from controller.fleet.records import LessonRecord
from controller.roster.calendar import bookings_on, rings_of
from controller.roster.members import ClassMember, members_of
from controller.roster.plan import SchoolPlan
from controller.sheets.names import natural
from protocol.messages import Ending
from protocol.model import AttendanceStatus, Place

BY_MINUTE: Final = 8 * 60  # when whoever is missing without a word is asked for at home


class ClassMorning(NamedTuple):
    """A class that learned by then. unexcused: by the book's order; None: no roll is confirmed."""

    class_code: str
    unexcused: tuple[ClassMember, ...] | None

    @property
    def away(self) -> int:
        """How many."""
        return len(self.unexcused or ())


def mornings_of(
    store: Store,
    scope: Place,
    plan: SchoolPlan,
    lessons: Iterable[LessonRecord],
    day: str,
    *,
    now: datetime,
    has_class: Callable[[str], bool],
) -> list[ClassMorning]:
    """Every class that should have learned by then, and how it stands. Raises StoreError.

    lessons: the day's. now: the school's time in its zone. has_class: whose classes are asked for.
    """
    by_class = early_lessons(plan, lessons, day, now)
    codes = sorted(filter(has_class, by_class), key=natural)
    taken = {
        lesson.lesson
        for code in codes
        for lesson in by_class[code]
        if lesson.confirmed or code in lesson.counts
    }
    by_lesson = by_lesson_of(store.read(log_of, scope, sorted(taken)))
    return [
        ClassMorning(
            code,
            unexcused_of(
                code, by_class[code], by_lesson, store.read(members_of, scope, code, day, day)
            ),
        )
        for code in codes
    ]


def early_lessons(
    plan: SchoolPlan, lessons: Iterable[LessonRecord], day: str, now: datetime
) -> Mapping[str, Sequence[LessonRecord]]:
    """What began by then, by class in its order; empty where the timetable alone has a lesson."""
    until = _until(day, now)
    by_class: dict[str, list[LessonRecord]] = {code: [] for code in _planned(plan, day, until)}
    begun = ((minute_of(lesson, plan, now.tzinfo), lesson) for lesson in lessons)
    early = [(minute, lesson) for minute, lesson in begun if minute is not None and minute < until]
    for _, lesson in sorted(early, key=lambda pair: pair[0]):
        if lesson.how is not Ending.UNDONE:
            for code in lesson.classes or tuple(lesson.counts):
                by_class.setdefault(code, []).append(lesson)
    return by_class


def unexcused_of(
    class_code: str,
    lessons: Iterable[LessonRecord],
    by_lesson: Mapping[tuple[Place, str | None], Sequence[LessonEntry]],
    members: Sequence[ClassMember],
) -> tuple[ClassMember, ...] | None:
    """Whose last mark is an absence without leave; None where no roll is confirmed."""
    by_student = {member.student: member for member in members}
    rolls = [sheet_of(by_lesson.get((one.place, one.lesson), ())) for one in lessons]
    confirmed = [roll for roll in rolls if roll.has_roll(class_code)]
    if not confirmed:
        return None
    last: dict[str, AttendanceStatus] = {}
    for roll in confirmed:
        last |= statuses_of(roll, class_code, by_student)
    away = (
        by_student.get(student, ClassMember(class_code=class_code, student=student, number=0))
        for student, status in last.items()
        if status is AttendanceStatus.ABSENT_UNEXCUSED
    )
    return tuple(sorted(away, key=lambda member: (member.number, member.student)))


def _until(day: str, now: datetime) -> int:
    """What began before this minute counts: eight o'clock, or now; nothing of days to come."""
    today = now.date().isoformat()
    if day > today:
        return 0
    return min(BY_MINUTE, clock_minute(now, now.tzinfo)) if day == today else BY_MINUTE


def _planned(plan: SchoolPlan, day: str, until: int) -> Iterable[str]:
    rings = rings_of(plan, date.fromisoformat(day))
    for booking in bookings_on(plan, date.fromisoformat(day)):
        if booking.period in rings and rings[booking.period][0] < until:
            yield from booking.classes
