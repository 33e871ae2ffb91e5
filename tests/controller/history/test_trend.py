"""Which days are kept, and comparisons over them against a count of its own."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from controller.history.chart import HEIGHT, LINES, WIDTH, chart_of
from controller.history.day import DAYS_KEPT, Counts, DayFigures, SchoolDay, kept_days, picked
from controller.history.trend import (
    DATES,
    Narrowing,
    TrendBy,
    TrendFigure,
    TrendSpan,
    dates_of,
    trend_of,
)

FIRST = date(2025, 1, 1)
DAYS = st.sets(st.integers(0, 900).map(lambda n: (FIRST + timedelta(days=n)).isoformat()))
CODES = ("00140701", "00140702", "00140703")
AREAS: tuple[tuple[str, ...], ...] = ((), ("a1", "p"), ("a2", "p"))
TYPES = ("", "board", "desk")
COUNTS = st.tuples(*[st.integers(0, 50)] * 5).map(
    lambda n: Counts(declared=n[0] + n[1], managed=n[1], missing=n[2], items=n[3], moved=n[4])
)


@st.composite
def some_days(draw: st.DrawFn) -> list[DayFigures]:
    """A few days of three schools, of which some are missing on some days, in areas that change."""
    days = []
    for day in sorted(draw(st.sets(st.sampled_from(["2026-09-01", "2026-09-02", "2026-10-03"])))):
        schools = [
            SchoolDay(
                code, code, draw(st.sampled_from(AREAS)), "",
                draw(st.dictionaries(st.sampled_from(TYPES), COUNTS, max_size=3)),
            )
            for code in CODES
            if draw(st.booleans())
        ]  # fmt: skip
        figures = DayFigures(day=day, as_of_ms=1, areas={"a1": "Một"}, schools=tuple(schools))
        days.append(figures)
    return days


@given(DAYS)
def test_the_newest_days_and_the_last_of_each_month_stay(days: set[str]) -> None:
    """Letting go twice lets no more go, and a day more never brings one back."""
    kept = kept_days(days)
    ends = {max(day for day in days if day[:7] == month) for month in {d[:7] for d in days}}
    assert kept == ends | {*sorted(days)[-DAYS_KEPT:]}
    assert kept_days(kept) == kept
    later = {*days, "2031-01-01"}
    assert kept_days(later) - kept == {"2031-01-01"}


@given(DAYS, st.sampled_from([*TrendSpan]))
def test_dates_are_few_in_order_and_end_with_the_newest(days: set[str], span: TrendSpan) -> None:
    """Whatever is kept; a month is one of days, a year the ends of months."""
    dates = dates_of(days, span)
    assert [*dates] == sorted({*dates})
    assert {*dates} <= days
    assert len(dates) <= DATES
    assert (dates[-1:] == (max(days),)) if days else dates == ()
    if span is TrendSpan.MONTH and days:
        oldest = date.fromisoformat(max(days)) - timedelta(days=30)
        assert dates[0] == min(day for day in days if day >= oldest.isoformat())


def test_picked_days_are_evenly_apart() -> None:
    """The first and the last stay."""
    assert picked([str(n) for n in range(5)], 3) == ("0", "2", "4")


HEIRS = {CODES[0]: CODES[0], CODES[1]: CODES[0]}  # the third is closed
ASKED = st.builds(
    lambda school, area, type_: Narrowing(HEIRS, school=school, area=area, type=type_),
    st.sampled_from(["", CODES[0]]),
    st.sampled_from(["", "p", "a1", "-"]),
    st.sampled_from(["", "board", "-"]),
)
SOME = st.sampled_from([TrendFigure.MANAGED_PCT, TrendFigure.MISSING, TrendFigure.ITEMS])


def by_hand(
    days: list[DayFigures], part: Narrowing, by: TrendBy
) -> dict[str, dict[str, list[Counts]]]:
    """What each row counts on each day, written down without the product's rules."""
    rows: dict[str, dict[str, list[Counts]]] = defaultdict(lambda: defaultdict(list))
    for day in days:
        for one in day.schools:
            code, lies = HEIRS.get(one.code, one.code), one.around or ("-",)
            if part.school not in {"", code} or (part.area and part.area not in lies):
                continue
            for kind, counts in one.types.items():
                keys = {TrendBy.WHOLE: ("",), TrendBy.SCHOOL: (code,), TrendBy.AREA: lies}
                if part.type in {"", kind or "-"}:
                    for key in keys.get(by, (kind or "-",)):
                        rows[key][day.day].append(counts)
    return rows


@given(some_days(), st.sampled_from([*TrendBy]), SOME, ASKED)
def test_a_comparison_is_what_a_count_by_hand_gives(
    days: list[DayFigures], by: TrendBy, figure: TrendFigure, part: Narrowing
) -> None:
    """A school that merged counts under its heir on all days, areas are those of each day."""
    expected = by_hand(days, part, by)
    trend = trend_of(days, part, figure, by)
    assert trend.dates == tuple(day.day for day in days)
    assert [row.code for row in trend.rows] == sorted(expected)
    for row in trend.rows:
        for day_, value in zip(trend.dates, row.values, strict=True):
            parts = expected[row.code].get(day_)
            if parts is None:
                assert value is None, "what was not counted is not 0"
            elif figure is TrendFigure.MANAGED_PCT:
                declared = sum(one.declared for one in parts)
                managed = sum(one.managed for one in parts)
                assert (value is None) == (declared == 0)
                assert value is None or abs(value - 100 * managed / declared) <= 0.1
            else:
                assert value == sum(getattr(one, figure.value) for one in parts)


@given(some_days(), st.sampled_from([TrendFigure.MANAGED_PCT, TrendFigure.ITEMS]))
def test_a_chart_holds_the_table_s_values_within_its_frame(
    days: list[DayFigures], figure: TrendFigure
) -> None:
    """Each known value is a point, a gap parts the line, more is higher."""
    part = Narrowing({code: code for code in CODES})
    trend = trend_of(days, part, figure, TrendBy.SCHOOL)
    chart = chart_of(trend, trend.rows, is_share=figure.is_share)
    if chart is None:
        assert len(days) < 2 or all(v is None for row in trend.rows for v in row.values)
        return
    assert len(chart.lines) <= LINES
    every = []
    for line in chart.lines:
        assert [point.value for point in line.points] == [
            value for value in line.row.values if value is not None
        ]
        every += line.points
    assert all(0 <= point.x <= WIDTH and 0 <= point.y <= HEIGHT for point in every)
    for one, other in pairwise(every):
        assert (one.value < other.value) == (one.y > other.y) or abs(one.y - other.y) < 0.2


def test_who_sees_some_schools_sees_no_closed_one() -> None:
    """A school that counts nowhere today is told to whoever sees all."""
    day = DayFigures(
        day="2026-09-01", as_of_ms=1, areas={},
        schools=(SchoolDay("x", "X", (), "", {"board": Counts(items=1)}),),
    )  # fmt: skip
    assert trend_of([day], Narrowing({}, is_all=False), TrendFigure.ITEMS, TrendBy.WHOLE).rows == ()
    (row,) = trend_of([day], Narrowing({}), TrendFigure.ITEMS, TrendBy.WHOLE).rows
    assert (row.values, row.change, row.last) == ((1,), None, 1)
