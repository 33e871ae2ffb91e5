"""This file says what stands in the table of a comparison: a row each, a column for each date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from controller.areas.areas import NO_AREA
from controller.department.links import to_items, to_school, to_schools
from controller.history.trend import Trend, TrendBy, TrendRow
from controller.register.vocabulary import type_word
from controller.web.listing import Column
from controller.web.words import Words
from protocol.words import N_

HEADS: Final[Mapping[TrendBy, str]] = {
    TrendBy.WHOLE: N_("Schools"),
    TrendBy.AREA: N_("Area"),
    TrendBy.SCHOOL: N_("School"),
    TrendBy.TYPE: N_("Type"),
}
UNKNOWN: Final = N_("not known")


def name_of(row: TrendRow, by: TrendBy, words: Words) -> str:
    """What the row is called in a language."""
    match by:
        case TrendBy.WHOLE:
            return words.say(N_("All together"))
        case TrendBy.TYPE:
            return type_word(row.code, words.say) if row.code != "-" else words.say(UNKNOWN)
        case _:
            no_area = by is TrendBy.AREA and row.code == NO_AREA
            return words.say(N_("In no area")) if no_area else row.label or row.code


def link_of(row: TrendRow, by: TrendBy, ask: Mapping[str, str], known: frozenset[str]) -> str:
    """Where the row leads today; known: the schools that count today."""
    match by:
        case TrendBy.SCHOOL:
            return to_school(row.code) if row.code in known else ""
        case TrendBy.TYPE:
            return to_items(ask, type=row.code)
        case TrendBy.AREA:
            return to_schools(ask, area=row.code)
        case _:
            return to_schools(ask)


def trend_columns(
    trend: Trend, by: TrendBy, ask: Mapping[str, str], known: frozenset[str]
) -> Sequence[Column[TrendRow]]:
    """The name, the code of a school or area, a value for each date, how it changed."""
    name: Column[TrendRow] = Column(
        key="name",
        head=HEADS[by],
        cell=lambda row, words: name_of(row, by, words),
        link=lambda row: link_of(row, by, ask, known),
        note=lambda row, _: row.code if by is TrendBy.SCHOOL and row.code != row.label else "",
    )
    code: Column[TrendRow] = Column(
        key="code", head=N_("Code"), cell=lambda row, _: row.code, on_screen=False
    )
    dates = (_date(at, day, trend) for at, day in enumerate(trend.dates))
    change: Column[TrendRow] = Column(
        key="change",
        head=N_("Change"),
        cell=lambda row, _: row.change,
        shown=lambda row, words: _changed(row.change, words),
        is_number=True,
    )
    return (name, code, *dates, change)


def _date(at: int, day: str, trend: Trend) -> Column[TrendRow]:
    def cell(row: TrendRow) -> float | None:
        return row.values[at]

    return Column(
        key=f"d{day}",
        head=day_head(day, trend),
        cell=lambda row, _: cell(row),
        shown=lambda row, words: _shown(cell(row), words),
        is_number=True,
    )


def day_head(day: str, trend: Trend) -> str:
    """A date as a heading: day and month, with the year where there are several."""
    year, month, number = day.split("-")
    is_one = len({one[:4] for one in trend.dates}) == 1
    return f"{number}/{month}" if is_one else f"{number}/{month}/{year[2:]}"


def _shown(value: float | None, words: Words) -> str:
    return words.say(UNKNOWN) if value is None else words.number(value)


def _changed(value: float | None, words: Words) -> str:
    if value is None:
        return ""
    return f"+{words.number(value)}" if value > 0 else words.number(value)
