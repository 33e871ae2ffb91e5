"""This file says which days a school teaches, and what its timetable plans on them; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Final

from controller.roster.plan import SchoolPlan
from protocol.plan import Booking

_ODD: Final = {"odd": 1, "even": 0}


def is_school_day(plan: SchoolPlan, day: date) -> bool:
    """Whether the day is in a term and no holiday; without terms every day is."""
    if any(holiday.begins <= day.isoformat() <= holiday.ends for holiday in plan.holidays):
        return False
    terms = plan.terms
    return not terms or any(term.begins <= day.isoformat() <= term.ends for term in terms)


def rings_of(plan: SchoolPlan, day: date) -> Mapping[int, tuple[int, int]]:
    """When each period begins and ends that day, in minutes since midnight."""
    return {
        bell.period: (_minutes(bell.begins), _minutes(bell.ends))
        for bell in plan.bells
        if day.isoweekday() in bell.weekdays
    }


def bookings_on(plan: SchoolPlan, day: date) -> Iterator[Booking]:
    """The timetable's lines of a day; none on a day without school."""
    if is_school_day(plan, day):
        yield from (booking for booking in plan.timetable if is_booked(plan, booking, day))


def is_booked(plan: SchoolPlan, booking: Booking, day: date) -> bool:
    """Whether the line is of this weekday, and of this week if it is of every other one."""
    if booking.weekday != day.isoweekday():
        return False
    week = _school_week(plan, day)
    return booking.weeks == "every" or week is None or week % 2 == _ODD[booking.weeks]


def _school_week(plan: SchoolPlan, day: date) -> int | None:
    """Counted from the Monday of the first term's first day as 1; None before it."""
    first = min((term.begins for term in plan.terms), default="")
    if not first or day.isoformat() < first:
        return None
    begins = date.fromisoformat(first)
    return (day - begins + timedelta(days=begins.weekday())).days // 7 + 1


def _minutes(clock: str) -> int:
    hours, _, rest = clock.partition(":")
    return int(hours) * 60 + int(rest)
