"""This file says what the office and a homeroom teacher should look at now; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import chain, takewhile
from typing import Final, NamedTuple

from controller.attendance.halves import clock_minute, minute_of
from controller.attendance.lessons import AWAY
from controller.attendance.sheet import ClassSheet, PupilLine
from controller.fleet.records import LessonRecord
from controller.roster.calendar import bookings_on, rings_of
from controller.roster.plan import SchoolPlan
from controller.sheets.names import natural
from protocol.messages import Ending
from protocol.model import AttendanceStatus
from protocol.plan import Booking

IN_A_ROW: Final = 3  # half-days away, one after the other, of which somebody should know
ROLL_MIN: Final = 15  # of a lesson; by then its roll is called


class RollsToday(NamedTuple):
    """How far today's roll call is, a class's lesson each. rooms: those that lack one, in order."""

    taken: int
    due: int
    rooms: tuple[str, ...]


def rolls_today(
    plan: SchoolPlan,
    lessons: Iterable[LessonRecord],
    now: datetime,
    has_room: Callable[[str], bool] = lambda _: True,
) -> RollsToday:
    """Of the lessons that began by now, by the timetable or a room's word, which have their roll.

    lessons: the day's. now: the school's time in its zone. has_room: which rooms are asked for.
    """
    minute = clock_minute(now, now.tzinfo)
    rings = rings_of(plan, now.date())
    slots: dict[tuple[int | str, str], tuple[str, bool]] = {
        (booking.period, code): (booking.room, False)
        for booking in bookings_on(plan, now.date())
        if booking.period in rings and minute - rings[booking.period][0] >= ROLL_MIN
        for code in booking.classes
    }
    for lesson in lessons:
        if lesson.how is Ending.UNDONE:
            continue
        began = minute_of(lesson, plan, now.tzinfo)
        is_due = lesson.how is not None or began is None or minute - began >= ROLL_MIN
        for code in {*lesson.classes, *lesson.counts}:
            has_roll = lesson.confirmed or code in lesson.counts
            if has_roll or is_due:
                key = (lesson.lesson if lesson.period is None else lesson.period), code
                room, had_roll = slots.get(key, (lesson.room, False))
                slots[key] = lesson.room or room, had_roll or has_roll
    own = [slot for slot in slots.values() if has_room(slot[0])]
    rooms = sorted({room for room, has_roll in own if not has_roll}, key=natural)
    return RollsToday(sum(has_roll for _, has_roll in own), len(own), tuple(rooms))


def without_roll(plan: SchoolPlan, lessons: Iterable[LessonRecord], now: datetime) -> list[Booking]:
    """What the timetable has in the period that runs, and no confirmed roll stands for; by room.

    lessons: the day's. now: the school's time in its zone.
    """
    minute = clock_minute(now, now.tzinfo)
    rings = rings_of(plan, now.date())
    running = {period for period, ring in rings.items() if ring[0] <= minute < ring[1]}
    taken = {
        (code, lesson.period)
        for lesson in lessons
        if lesson.how is not Ending.UNDONE
        for code in (lesson.confirmed and lesson.classes) or lesson.counts
    }
    missing = [
        booking
        for booking in bookings_on(plan, now.date())
        if booking.period in running
        and not all((code, booking.period) in taken for code in booking.classes)
    ]
    return sorted(missing, key=lambda booking: natural(booking.room))


def away_in_a_row(line: PupilLine) -> int:
    """For how many half-days the pupil has been away, up to the last one with a mark."""
    marks = [cell for cell in chain(*line.halves) if isinstance(cell, AttendanceStatus)]
    return sum(1 for _ in takewhile(AWAY.__contains__, reversed(marks)))


def long_away(sheet: ClassSheet) -> list[tuple[PupilLine, int]]:
    """Who has been away for three half-days or more, by the book's order, and for how many."""
    counted = ((line, away_in_a_row(line)) for line in sheet.lines)
    return [(line, count) for line, count in counted if count >= IN_A_ROW]
