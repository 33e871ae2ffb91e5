"""This file knows when lessons are planned, and when they were held: spans of time a room; pure.

No class, subject or teacher leaves it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from typing import Final

from controller.fleet.records import LessonRecord
from controller.roster.calendar import bookings_on, rings_of
from controller.roster.plan import SchoolPlan
from controller.sheets.names import room_key
from controller.use.spans import Span, merged, total
from protocol.messages import Ending
from protocol.model import millis

MINUTE_MS: Final = 60_000
LONGEST_MS: Final = 180 * MINUTE_MS  # of a lesson whose end nobody told and no bell tells


def planned_min(plan: SchoolPlan, monday: date) -> dict[str, int]:
    """Minutes that the timetable gives each room, by its key, in the week of this Monday."""
    spans: dict[str, list[Span]] = defaultdict(list)
    for day in (monday + timedelta(days=number) for number in range(7)):
        rings = rings_of(plan, day)
        for booking in bookings_on(plan, day):
            if ring := rings.get(booking.period):
                begins = day.toordinal() * 1440
                spans[room_key(booking.room)].append((begins + ring[0], begins + ring[1]))
    return {room: total(merged(span)) for room, span in spans.items()}


def lesson_spans(
    lessons: Iterable[LessonRecord], plan: SchoolPlan, zone: tzinfo, now_ms: int
) -> dict[str, list[Span]]:
    """When lessons were held in each room, by its key; merged.

    A lesson without an end ends at its bell and the grace after it, or when the next one begins.
    """
    by_room: dict[str, list[LessonRecord]] = defaultdict(list)
    for lesson in lessons:
        if lesson.began_ms is not None and lesson.how is not Ending.UNDONE:
            by_room[room_key(lesson.room)].append(lesson)
    return {room: merged(_spans(records, plan, zone, now_ms)) for room, records in by_room.items()}


def _spans(
    lessons: list[LessonRecord], plan: SchoolPlan, zone: tzinfo, now_ms: int
) -> Iterable[Span]:
    begins = sorted({lesson.began_ms for lesson in lessons if lesson.began_ms is not None})
    following = dict(pairwise(begins))
    for lesson in lessons:
        began = lesson.began_ms or 0
        until = began + LONGEST_MS
        if lesson.ended_ms is not None and lesson.how is not None:
            until = min(until, lesson.ended_ms)
        else:
            bell = _bell_after(lesson, plan, zone)
            until = min(until, following.get(began, until), bell if bell > began else until)
        yield began, min(until, max(now_ms, began))


def _bell_after(lesson: LessonRecord, plan: SchoolPlan, zone: tzinfo) -> int:
    """When the lesson's bell and its grace were over; 0 where no bell is known."""
    began = datetime.fromtimestamp((lesson.began_ms or 0) / 1000, zone)
    ring = rings_of(plan, began.date()).get(lesson.period) if lesson.period is not None else None
    if ring is None:
        return 0
    clock = time(ring[1] // 60, ring[1] % 60)
    ends = datetime.combine(began.date(), clock, zone)
    return millis(ends) + plan.grace_min * MINUTE_MS
