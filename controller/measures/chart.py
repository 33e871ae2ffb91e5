"""This file draws a series as lines of SVG, and gives the same figures as rows; pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from controller.measures.series import DAY_MS, HOUR_MS, Measure, Tier, TimedPoint

WIDTH: Final = 720
HEIGHT: Final = 160
LEFT: Final = 44
BOTTOM: Final = 22
_TICKS: Final = 4


class ChartSpan(StrEnum):
    """How far back a chart goes."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"


class Drawn(NamedTuple):
    """From which tier, how far back, and one point of the chart for how long."""

    tier: Tier
    length_ms: int
    step_ms: int


DRAWN: Final = {
    ChartSpan.DAY: Drawn(Tier.RAW, DAY_MS, HOUR_MS // 2),
    ChartSpan.MONTH: Drawn(Tier.FINE, 30 * DAY_MS, DAY_MS // 2),
    ChartSpan.YEAR: Drawn(Tier.HOURLY, 364 * DAY_MS, 7 * DAY_MS),
}
# Between which values a chart stands at least, so that a calm line looks calm.
_RANGE: Final = {
    Measure.DISK: (0.0, 100.0),
    Measure.BATTERY: (0.0, 100.0),
    Measure.WEAR: (0.0, 100.0),
    Measure.WIFI: (-90.0, -30.0),
    Measure.TEMPERATURE: (20.0, 80.0),
}


class Tick(NamedTuple):
    """A value beside the chart."""

    y: float
    value: float


class MeasureChart(NamedTuple):
    """Lines as SVG writes them, broken where nothing is known; dots: points that stand alone."""

    measure: Measure
    lines: tuple[str, ...]
    dots: tuple[tuple[float, float], ...]
    ticks: tuple[Tick, ...]
    points: tuple[TimedPoint, ...]


def chart_of(
    measure: Measure, points: Sequence[TimedPoint], begins_ms: int, span: ChartSpan
) -> MeasureChart:
    """The chart of points that were folded to the span's steps."""
    _, length_ms, step_ms = DRAWN[span]
    low, high = _bounds(measure, points)

    def place(each: TimedPoint) -> tuple[float, float]:
        share = (each.at_ms + step_ms / 2 - begins_ms) / length_ms
        x = LEFT + share * (WIDTH - LEFT)
        y = (HEIGHT - BOTTOM) * (1 - (each.point.mean - low) / (high - low)) + 4
        return round(x, 1), round(y, 1)

    runs: list[list[tuple[float, float]]] = []
    before_ms: int | None = None
    for each in points:
        if before_ms is None or each.at_ms - before_ms > step_ms:
            runs.append([])
        runs[-1].append(place(each))
        before_ms = each.at_ms
    return MeasureChart(
        measure=measure,
        lines=tuple(" ".join(f"{x},{y}" for x, y in run) for run in runs if len(run) > 1),
        dots=tuple(run[0] for run in runs if len(run) == 1),
        ticks=tuple(
            Tick(
                round((HEIGHT - BOTTOM) * (1 - n / _TICKS) + 4, 1), low + (high - low) * n / _TICKS
            )
            for n in range(_TICKS + 1)
        ),
        points=tuple(points),
    )


def _bounds(measure: Measure, points: Sequence[TimedPoint]) -> tuple[float, float]:
    """From which to which value: round ones, with all points between."""
    usual = _RANGE.get(measure)
    lows = [each.point.mean for each in points] + ([usual[0]] if usual else [])
    highs = [each.point.mean for each in points] + ([usual[1]] if usual else [])
    low, high = min(lows, default=0.0), max(highs, default=1.0)
    if high - low < 1:
        high = low + 1
    size = 10 ** math.floor(math.log10(high - low))
    return math.floor(low / size) * size, math.ceil(high / size) * size
