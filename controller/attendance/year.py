"""This file warns of who is away so often that moving up to the next class is in danger; pure.

More than 45 half-days (buoi) away in a school year, with leave or without, bar a pupil from it.
"""

from __future__ import annotations

from datetime import date
from enum import IntEnum
from typing import Final, NamedTuple

from controller.attendance.sheet import ClassSheet, PupilLine
from controller.roster.past import as_of
from controller.roster.plan import SchoolPlan

YEAR_DAYS: Final = 366
_AUGUST: Final = 8  # classes of the new year are called together in this month, never earlier


class Danger(IntEnum):
    """From how many half-days away on; the last is what the rule no longer allows."""

    NEAR = 30
    CLOSE = 40
    OVER = 46


class OftenAway(NamedTuple):
    """A pupil with as many half-days away as somebody should know of."""

    line: PupilLine
    danger: Danger


def year_begin(plan: SchoolPlan, day: str) -> str:
    """The first day of the school year that the day is in: its first term's, else 1 August."""
    last = date.fromisoformat(day)
    year = last.year if last.month >= _AUGUST else last.year - 1
    august = date(year, _AUGUST, 1).isoformat()
    return min(
        (one.begins for one in as_of(plan, last).terms if august <= one.begins <= day),
        default=august,
    )


def still_here(year: ClassSheet, week: ClassSheet) -> ClassSheet:
    """The year's lines of those who are on the week's sheet: whoever left is warned of nowhere."""
    students = {line.student for line in week.lines}
    return year._replace(lines=tuple(line for line in year.lines if line.student in students))


def often_away(sheet: ClassSheet) -> list[OftenAway]:
    """Who has been away for 30 half-days or more, most first. sheet: the school year's."""
    found = [
        OftenAway(line, max(danger for danger in Danger if danger <= line.away))
        for line in sheet.lines
        if line.away >= Danger.NEAR
    ]
    return sorted(found, key=lambda one: -one.line.away)
