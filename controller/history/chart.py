"""This file lays a comparison out as lines over dates, for an SVG; pure.

Lines are told apart by dashes and marks as well as by colour; the table below says the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final, NamedTuple

from controller.history.trend import Trend, TrendRow

LINES: Final = 6  # that a chart has at most: more cannot be told apart
WIDTH: Final = 900
HEIGHT: Final = 250
_LEFT: Final = 64  # for the numbers of the scale
_RIGHT: Final = 30
_TOP: Final = 16
_BOTTOM: Final = 30
_STEPS: Final = 4
_LABEL: Final = 62.0  # wide
_FULL: Final = 100.0


class Point(NamedTuple):
    """A value, where it stands."""

    x: float
    y: float
    value: float


class ChartLine(NamedTuple):
    """A row's line. runs: its points, parted where a value is not known; no: from 1 on."""

    no: int
    row: TrendRow
    runs: tuple[tuple[Point, ...], ...]

    @property
    def points(self) -> list[Point]:
        """All of them."""
        return [point for run in self.runs for point in run]


class Chart(NamedTuple):
    """All of it. scale: heights and their values; dates: places and days, as far as they fit."""

    lines: tuple[ChartLine, ...]
    scale: tuple[tuple[float, float], ...]
    dates: tuple[tuple[float, str], ...]


def chart_of(trend: Trend, rows: Sequence[TrendRow], *, is_share: bool) -> Chart | None:
    """The chart of the first rows; None where there is but one date, or nothing is known."""
    shown = rows[:LINES]
    known = [value for row in shown for value in row.values if value is not None]
    if len(trend.dates) < 2 or not known:  # noqa: PLR2004 - a line has two ends
        return None
    top = _FULL if is_share else _round_up(max(known))
    places = _places(trend.dates)
    lines = tuple(
        ChartLine(no, row, _runs(row, places, top)) for no, row in enumerate(shown, start=1)
    )
    ticks = (top * step / _STEPS for step in range(_STEPS + 1))
    scale = tuple((_height(tick, top), tick) for tick in ticks)
    return Chart(lines, scale, tuple(_labels(places, trend.dates)))


def _places(dates: Sequence[str]) -> list[float]:
    """Where dates stand: as far apart as they are."""
    numbers = [date.fromisoformat(day).toordinal() for day in dates]
    span = numbers[-1] - numbers[0]
    wide = WIDTH - _LEFT - _RIGHT
    return [round(_LEFT + wide * (number - numbers[0]) / span, 1) for number in numbers]


def _labels(places: Sequence[float], dates: Sequence[str]) -> Iterator[tuple[float, str]]:
    """The days that are written below, none over another; the first and the last always."""
    free = 0.0
    for x, day in zip(places, dates, strict=True):
        if x == places[-1] or free <= x <= places[-1] - _LABEL:
            free = x + _LABEL
            yield x, day


def _height(value: float, top: float) -> float:
    return round(HEIGHT - _BOTTOM - (HEIGHT - _BOTTOM - _TOP) * value / top, 1)


def _runs(row: TrendRow, places: Sequence[float], top: float) -> tuple[tuple[Point, ...], ...]:
    runs: list[list[Point]] = [[]]
    for x, value in zip(places, row.values, strict=True):
        if value is None:
            runs.append([])
        else:
            runs[-1].append(Point(x, _height(value, top), value))
    return tuple(tuple(run) for run in runs if run)


def _round_up(most: float) -> float:
    """A round number that is not below; its quarters are whole."""
    if most <= _STEPS:
        return float(_STEPS)
    size = 10.0 ** math.floor(math.log10(most))
    steps = (1.0, 2.0, 4.0, 6.0, 8.0, 10.0) if size >= _STEPS else (2.0, 4.0, 8.0)
    return next((step * size for step in steps if step * size >= most), 12.0 * size)
