"""This file says which days a school teaches, and what its timetable plans on them; pure.

Each day, and each period of the day on which the plan changed, goes by what was planned then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Final

from controller.roster.past import as_of, versions_on
from controller.roster.plan import SchoolPlan
from protocol.plan import Booking, Holiday

_ODD: Final = {"odd": 1, "even": 0}
Rings = dict[int, tuple[int, int]]


def is_school_day(plan: SchoolPlan, day: date) -> bool:
    """Whether the day is in a term and no holiday; without terms every day is.

    A holiday that was given afterwards, such as for a storm, counts as well.
    """
    return not _is_free(plan.holidays, day) and _is_taught(as_of(plan, day), day)


def rings_of(plan: SchoolPlan, day: date) -> Mapping[int, tuple[int, int]]:
    """When each period begins and ends that day, in minutes since midnight."""
    rings: Rings = {}
    for _, decided in _decided(plan, day):
        rings |= decided
    return rings


def bookings_on(plan: SchoolPlan, day: date) -> Iterator[Booking]:
    """The timetable's lines of a day; none on a day without school."""
    if not is_school_day(plan, day):
        return
    before: set[int] = set()
    versions = [*_decided(plan, day)]
    for number, (version, decided) in enumerate(versions, 1):
        is_last = number == len(versions)
        for booking in version.timetable if _is_taught(version, day) else ():
            is_ours = booking.period in decided or (is_last and booking.period not in before)
            if is_ours and _is_booked(version, booking, day):
                yield booking
        before |= decided.keys()


def _decided(plan: SchoolPlan, day: date) -> Iterator[tuple[SchoolPlan, Rings]]:
    """What held on a day one after the other, each with the periods that go by it.

    A period goes by what held as it began; one that never began so, by what held last.
    """
    done: set[int] = set()
    versions = [*versions_on(plan, day)]
    ends = [*(since for _, since in versions[1:]), None]
    for (version, since), until in zip(versions, ends, strict=True):
        rings = {
            period: ring
            for period, ring in _rings(version, day).items()
            if period not in done and (until is None or since <= ring[0] < until)
        }
        done |= rings.keys()
        yield version, rings


def _rings(plan: SchoolPlan, day: date) -> Rings:
    return {
        bell.period: (_minutes(bell.begins), _minutes(bell.ends))
        for bell in plan.bells
        if day.isoweekday() in bell.weekdays
    }


def _is_taught(plan: SchoolPlan, day: date) -> bool:
    terms = plan.terms
    is_in_term = not terms or any(one.begins <= day.isoformat() <= one.ends for one in terms)
    return is_in_term and not _is_free(plan.holidays, day)


def _is_free(holidays: Iterable[Holiday], day: date) -> bool:
    return any(holiday.begins <= day.isoformat() <= holiday.ends for holiday in holidays)


def _is_booked(plan: SchoolPlan, booking: Booking, day: date) -> bool:
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
