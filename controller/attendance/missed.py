"""This file knows the lessons of the timetable of which no room told: the office may give a roll.

Such a lesson is the school's own: it stands at no computer but under the controller's name, its
code says day and period, and what counts of it are the corrections alone. Pure.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Final

from msgspec.structs import replace

from controller.attendance.halves import clock_minute
from controller.attendance.lessons import LessonEntry, counts_of, sheet_of
from controller.fleet.records import LessonRecord
from controller.roster.calendar import bookings_on, rings_of
from controller.roster.plan import SchoolPlan
from protocol.messages import Ending
from protocol.model import Place
from protocol.plan import Booking
from protocol.topics import CONTROLLER

_CODE: Final = re.compile(r"(?P<day>\d{4}-\d\d-\d\d)\.(?P<period>\d{1,2})\.[0-9a-f]{12}")
_Slot = tuple[str, int | None, str]  # day, period, class


def is_missed(place: Place) -> bool:
    """Whether lessons that are kept there were told by no room."""
    return place.agent == CONTROLLER


def is_missed_after(lesson: str, day: str) -> bool:
    """Whether a code names a lesson of the timetable that is still to come."""
    match = _CODE.fullmatch(lesson)
    return match is not None and match["day"] > day


def missed_on(
    plan: SchoolPlan, lessons: Iterable[LessonRecord], school: Place, day: str, now: datetime
) -> list[LessonRecord]:
    """What the timetable had that day and nobody told of, as far as it is over by now.

    lessons: the day's. now: the school's time in its zone.
    """
    until = 24 * 60 if day < now.date().isoformat() else clock_minute(now, now.tzinfo)
    told = {slot for lesson in lessons for slot in _slots(lesson)}
    rings = rings_of(plan, date.fromisoformat(day))
    over = {period for period, ring in rings.items() if ring[1] <= until}
    planned = bookings_on(plan, date.fromisoformat(day)) if day <= now.date().isoformat() else ()
    return [
        _lesson(school, day, booking, code)
        for booking in planned
        if booking.period in over
        for code in booking.classes
        if (day, booking.period, code) not in told
    ]


def missed_lesson(
    plan: SchoolPlan, place: Place, lesson: str, class_code: str
) -> LessonRecord | None:
    """The lesson of the timetable that a code names; None where it has none such."""
    match = _CODE.fullmatch(lesson)
    if match is None or not is_missed(place) or _code(match, class_code) != lesson:
        return None
    day, period = _day_of(match["day"]), int(match["period"])
    bookings = bookings_on(plan, day) if day else ()
    school = Place(place.province, place.school)
    return next(
        (
            _lesson(school, match["day"], booking, class_code)
            for booking in bookings
            if booking.period == period and class_code in booking.classes
        ),
        None,
    )


def is_told(lesson: LessonRecord, others: Iterable[LessonRecord]) -> bool:
    """Whether a room told of this lesson of the school's own."""
    told = {slot for other in others if not is_missed(other.place) for slot in _slots(other)}
    return not told.isdisjoint(_slots(lesson))


def as_given(lesson: LessonRecord, entries: Iterable[LessonEntry]) -> LessonRecord:
    """A lesson of the school's own with what it gave; as never held where all was taken back."""
    counts = counts_of(sheet_of(entries))
    return replace(lesson, counts=counts, how=Ending.BELL if counts else Ending.UNDONE)


def without_doubles(lessons: Iterable[LessonRecord]) -> list[LessonRecord]:
    """Of a lesson that the school gave by itself and a room vouches for, the room's alone."""
    every = [*lessons]
    vouched = {
        slot
        for lesson in every
        if not is_missed(lesson.place)
        for slot in _slots(lesson)
        if lesson.confirmed or slot[2] in lesson.counts
    }
    return [
        lesson
        for lesson in every
        if not (is_missed(lesson.place) and not vouched.isdisjoint(_slots(lesson)))
    ]


def _slots(lesson: LessonRecord) -> Iterator[_Slot]:
    """Of each of its classes when it learned; nothing of a lesson that was not held."""
    if lesson.how is not Ending.UNDONE:
        for code in {*lesson.classes, *lesson.counts}:
            yield lesson.day, lesson.period, code


def _lesson(school: Place, day: str, booking: Booking, class_code: str) -> LessonRecord:
    return LessonRecord(
        place=school.of_agent(CONTROLLER),
        lesson=f"{day}.{booking.period}.{_digest(class_code)}",
        room=booking.room,
        classes=(class_code,),
        period=booking.period,
        subject=booking.subject,
        day=day,
        how=Ending.BELL,
    )


def _code(match: re.Match[str], class_code: str) -> str:
    return f"{match['day']}.{int(match['period'])}.{_digest(class_code)}"


def _digest(class_code: str) -> str:
    """Of a class's code, which may hold whatever an address may not."""
    return hashlib.sha256(class_code.encode()).hexdigest()[:12]


def _day_of(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
