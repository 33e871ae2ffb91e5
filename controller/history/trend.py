"""This file compares figures over days, by school, area or type; pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import Final, NamedTuple, assert_never

from controller.areas.areas import NO_AREA
from controller.history.day import Counts, DayFigures, SchoolDay, added, picked
from controller.reconcile.kpi import percent
from protocol.words import N_

DATES: Final = 13  # that a table and a chart have at most
NO_TYPE: Final = "-"


class TrendFigure(StrEnum):
    """What is compared."""

    MANAGED_PCT = "managed_pct"
    DECLARED = "declared"
    ITEMS = "items"
    COMPLETE = "complete"
    VERIFIED = "verified"
    MANAGED = "managed"
    MISSING = "missing"
    NEVER_SEEN = "never_seen"
    MOVED = "moved"
    UNREGISTERED = "unregistered"

    @property
    def is_share(self) -> bool:
        """Whether it is in per cent."""
        return self is TrendFigure.MANAGED_PCT


FIGURE_WORDS: Final[Mapping[TrendFigure, str]] = {
    TrendFigure.MANAGED_PCT: N_("Managed by digital record, %"),
    TrendFigure.DECLARED: N_("In the book"),
    TrendFigure.ITEMS: N_("Items"),
    TrendFigure.COMPLETE: N_("Complete record"),
    TrendFigure.VERIFIED: N_("Verified"),
    TrendFigure.MANAGED: N_("Complete and verified"),
    TrendFigure.MISSING: N_("Missing"),
    TrendFigure.NEVER_SEEN: N_("Never seen"),
    TrendFigure.MOVED: N_("In another room"),
    TrendFigure.UNREGISTERED: N_("Not in the book"),
}


class TrendBy(StrEnum):
    """What a row of a comparison is."""

    WHOLE = "whole"
    AREA = "area"
    SCHOOL = "school"
    TYPE = "type"


BY_WORDS: Final[Mapping[TrendBy, str]] = {
    TrendBy.WHOLE: N_("all together"),
    TrendBy.AREA: N_("by area"),
    TrendBy.SCHOOL: N_("by school"),
    TrendBy.TYPE: N_("by type"),
}


class TrendSpan(StrEnum):
    """Over which time."""

    MONTH = "month"
    YEAR = "year"
    ALL = "all"


SPAN_WORDS: Final[Mapping[TrendSpan, str]] = {
    TrendSpan.MONTH: N_("31 days"),
    TrendSpan.YEAR: N_("12 months"),
    TrendSpan.ALL: N_("all that is kept"),
}
_BACK: Final = {TrendSpan.MONTH: timedelta(days=31), TrendSpan.YEAR: timedelta(days=366)}


class Narrowing(NamedTuple):
    """Which schools and types are compared.

    heirs: by every school's code the one that it counts for today. is_all: also of schools that
    count nowhere any more. area: as schools lay on each day; of "-" those in none.
    """

    heirs: Mapping[str, str]
    is_all: bool = True
    school: str = ""
    area: str = ""
    type: str = ""


class TrendRow(NamedTuple):
    """A row of a comparison: its code, what it is called, and its value on each date."""

    code: str
    label: str
    values: tuple[float | None, ...]

    @property
    def last(self) -> float | None:
        """The newest value."""
        return self.values[-1] if self.values else None

    @property
    def change(self) -> float | None:
        """How much more the last known value is than the first known one."""
        known = [value for value in self.values if value is not None]
        return round(known[-1] - known[0], 1) if len(known) > 1 else None


class Trend(NamedTuple):
    """A comparison over dates. as_of_ms: when the last of them was counted."""

    dates: tuple[str, ...]
    rows: tuple[TrendRow, ...]
    as_of_ms: int | None = None


def dates_of(days: Iterable[str], span: TrendSpan) -> tuple[str, ...]:
    """The dates that are compared, of those that are kept; over a year the last of each month."""
    ordered = sorted(days)
    if not ordered:
        return ()
    if back := _BACK.get(span):
        first = (date.fromisoformat(ordered[-1]) - back).isoformat()
        ordered = [day for day in ordered if day > first]
    if span is not TrendSpan.MONTH:
        ends = {day[:7]: day for day in ordered}
        ordered = [day for day in ordered if day in ends.values()]
    return picked(ordered, DATES)


def trend_of(
    days: Iterable[DayFigures], part: Narrowing, figure: TrendFigure, by: TrendBy
) -> Trend:
    """The comparison; days come in order, one by one, for each is large."""
    dates: list[str] = []
    by_code = defaultdict[str, dict[str, float | None]](dict)
    labels: dict[str, str] = {}
    as_of_ms: int | None = None
    for day in days:
        dates.append(day.day)
        as_of_ms = day.as_of_ms
        for code, counts in groups_of(day, part, by).items():
            by_code[code][day.day] = value_of(figure, counts)
        labels |= _labels(day, by)
    rows = (
        TrendRow(code, labels.get(code, ""), tuple(values.get(day) for day in dates))
        for code, values in by_code.items()
    )
    return Trend(tuple(dates), tuple(sorted(rows)), as_of_ms)


def groups_of(day: DayFigures, part: Narrowing, by: TrendBy) -> dict[str, Counts]:
    """What each row counts on a day: "" for the whole, else codes of schools, areas or types."""
    groups = defaultdict[str, list[Counts]](list)
    for school in day.schools:
        for key, counts in _counted(school, part, by):
            groups[key].append(counts)
    return {key: added(parts) for key, parts in groups.items()}


def value_of(figure: TrendFigure, counts: Counts) -> float | None:
    """The figure of counts; a share of nothing is not known."""
    if figure is TrendFigure.MANAGED_PCT:
        return percent(counts.managed, counts.declared)
    return int(getattr(counts, figure.value))


def _counted(school: SchoolDay, part: Narrowing, by: TrendBy) -> Iterator[tuple[str, Counts]]:
    code = part.heirs.get(school.code)
    if code is None and not part.is_all:
        return
    code = code or school.code
    is_there = part.area in (school.around or (NO_AREA,)) or not part.area
    if not is_there or part.school not in {"", code}:
        return
    for type_, counts in school.types.items():
        if part.type not in {"", type_ or NO_TYPE}:
            continue
        match by:
            case TrendBy.WHOLE:
                yield "", counts
            case TrendBy.SCHOOL:
                yield code, counts
            case TrendBy.TYPE:
                yield type_ or NO_TYPE, counts
            case TrendBy.AREA:
                yield from ((area, counts) for area in school.around or (NO_AREA,))
            case _:
                assert_never(by)


def _labels(day: DayFigures, by: TrendBy) -> Mapping[str, str]:
    if by is TrendBy.AREA:
        return day.areas
    return {school.code: school.name for school in day.schools} if by is TrendBy.SCHOOL else {}
