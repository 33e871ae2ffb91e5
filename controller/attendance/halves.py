"""This file says on which half-days a class learned or should have, and how their rolls stand.

Absence is counted by half-days (buoi): a day with lessons before and after noon is two. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Final, NamedTuple

from controller.fleet.records import LessonRecord
from controller.roster.calendar import bookings_on, rings_of
from controller.roster.plan import SchoolPlan
from protocol.model import instant

_NOON_MIN: Final = 12 * 60
_DAY_MIN: Final = 24 * 60
_NIGHT_MIN: Final = 3 * 60  # on either side of midnight nobody begins another day's lesson


class HalfDay(StrEnum):
    """Before noon, or after it."""

    MORNING = "morning"
    AFTERNOON = "afternoon"


class RollState(StrEnum):
    """What stands for a pupil without a mark: no roll was taken, or nobody confirmed it."""

    NOT_TAKEN = "not_taken"
    UNCONFIRMED = "unconfirmed"


class Half(NamedTuple):
    """One half of a local day."""

    day: str
    half: HalfDay


def half_of(lesson: LessonRecord, plan: SchoolPlan, zone: tzinfo | None) -> Half:
    """When the lesson was: by its period's bell, else by its begin; without both, the morning."""
    return Half(lesson.day, _half_at(minute_of(lesson, plan, zone) or 0))


def minute_of(lesson: LessonRecord, plan: SchoolPlan, zone: tzinfo | None) -> int | None:
    """When the lesson began by its period's bell, else by itself, in minutes since midnight."""
    ring = None
    if lesson.period is not None and lesson.day:
        ring = rings_of(plan, date.fromisoformat(lesson.day)).get(lesson.period)
    if ring:
        return ring[0]
    return None if lesson.began_ms is None else _minute_in(lesson.day, lesson.began_ms, zone)


def _minute_in(day: str, began_ms: int, zone: tzinfo | None) -> int:
    """By the clock; its day's first or last minute where an estimate put it over that midnight."""
    began = instant(began_ms).astimezone(zone).replace(tzinfo=None)
    if day:
        since = (began - datetime.combine(date.fromisoformat(day), time())) // timedelta(minutes=1)
        if -_NIGHT_MIN <= since < 0:
            return 0
        if _DAY_MIN <= since < _DAY_MIN + _NIGHT_MIN:
            return _DAY_MIN - 1
    return began.hour * 60 + began.minute


def clock_minute(moment: datetime, zone: tzinfo | None) -> int:
    """What a clock of the school shows then, in minutes since midnight."""
    local = moment.astimezone(zone)
    return local.hour * 60 + local.minute


def states_of(
    class_code: str,
    days: Sequence[str],
    lessons: Iterable[LessonRecord],
    plan: SchoolPlan,
    now: datetime,
) -> Mapping[Half, RollState]:
    """The half-days on which the class learned or should have; what stands where no mark does.

    lessons: the class's own. now: the school's time in its zone; what is planned counts once its
    period is over.
    """
    states = dict.fromkeys(_planned(class_code, days, plan, now), RollState.NOT_TAKEN)
    for lesson in lessons:
        half = half_of(lesson, plan, now.tzinfo)
        states.setdefault(half, RollState.NOT_TAKEN)
        is_begun = lesson.how is not None or class_code in lesson.counts
        if is_begun and not lesson.confirmed:
            states[half] = RollState.UNCONFIRMED
    return states


def _planned(
    class_code: str, days: Sequence[str], plan: SchoolPlan, now: datetime
) -> Iterable[Half]:
    for text in days:
        day = date.fromisoformat(text)
        if day > now.date():
            continue
        minute = clock_minute(now, now.tzinfo) if day == now.date() else 24 * 60
        rings = rings_of(plan, day)
        for booking in bookings_on(plan, day):
            ring = rings.get(booking.period)
            if ring and ring[1] <= minute and class_code in booking.classes:
                yield Half(text, _half_at(ring[0]))


def _half_at(minute: int) -> HalfDay:
    return HalfDay.MORNING if minute < _NOON_MIN else HalfDay.AFTERNOON
