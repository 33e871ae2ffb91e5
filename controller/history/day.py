"""This file says what is kept of a day, and which days are kept; pure.

Figures of a day are those of the department's pages, by school and type, with the areas of that
day. No person is among them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

DAYS_KEPT: Final = 31  # the newest ones; of those before the last of each month
_MONTH: Final = len("2026-11")


class Counts(NamedTuple):
    """How many items of a school and type, as a Tally counts them; new ones come last."""

    items: int = 0
    declared: int = 0
    complete: int = 0
    verified: int = 0
    managed: int = 0
    missing: int = 0
    never_seen: int = 0
    moved: int = 0
    unregistered: int = 0


class SchoolDay(msgspec.Struct, frozen=True, array_like=True):
    """A school that counted on a day. around: its area and those around it.

    silence: for how long it had not been heard, as department/standing.py has it.
    """

    code: str
    name: str
    around: tuple[str, ...]
    silence: str
    types: Mapping[str, Counts]


class DayFigures(msgspec.Struct, frozen=True, kw_only=True):
    """All figures of a local day. as_of_ms: when they were counted; areas: names by code."""

    day: str
    as_of_ms: int
    areas: Mapping[str, str]
    schools: tuple[SchoolDay, ...]


def added(parts: Iterable[Counts]) -> Counts:
    """The sum of them."""
    return Counts(*map(sum, zip(Counts(), *parts, strict=True)))


def kept_days(days: Iterable[str]) -> frozenset[str]:
    """Which of these days stay: the newest 31, and the last one of each month for ever.

    It goes by the days that are there and by no clock: one that is wrong lets nothing go.
    """
    ordered = sorted(set(days))
    last_of_month = {day[:_MONTH]: day for day in ordered}
    return frozenset(ordered[-DAYS_KEPT:]) | frozenset(last_of_month.values())


def figure_rows(figures: DayFigures) -> Iterable[dict[str, object]]:
    """The figures as flat rows for programs: a school's type each, one without for a bare school.

    areas: the codes of its area and of those around it, the innermost first.
    """
    for school in figures.schools:
        named = {
            "day": figures.day,
            "school": school.code,
            "name": school.name,
            "area": school.around[0] if school.around else "",
            "areas": list(school.around),
            "silence": school.silence,
        }
        types: list[tuple[str | None, Counts]] = [*school.types.items()]
        for type_, counts in types or [(None, Counts())]:
            yield {**named, "type": type_, **counts._asdict()}


def picked(days: Sequence[str], most: int) -> tuple[str, ...]:
    """At most so many of ordered days, evenly apart, the first and the last among them."""
    if len(days) <= most:
        return tuple(days)
    step = (len(days) - 1) / (most - 1)
    return tuple(days[round(at * step)] for at in range(most))
