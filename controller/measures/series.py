"""This file keeps figures small: by the minute, by five minutes, by the hour, in blocks; pure.

A point is what was measured in a step: least, mean, most, and how often. Points fold into longer
ones and lose nothing that they say, in whatever order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS


class Measure(StrEnum):
    """What is kept of what things tell anyway."""

    TEMPERATURE = "temperature_c"
    DISK = "disk_used_percent"
    BATTERY = "battery_percent"
    WEAR = "battery_wear_percent"
    WIFI = "wifi_signal_dbm"
    LAMP = "lamp_hours"
    FILTER = "filter_hours"


class Tier(StrEnum):
    """How finely: each minute, each five minutes, each hour."""

    RAW = "raw"
    FINE = "fine"
    HOURLY = "hourly"


STEP_MS: Final = {Tier.RAW: MINUTE_MS, Tier.FINE: 5 * MINUTE_MS, Tier.HOURLY: HOUR_MS}
BLOCK_MS: Final = {Tier.RAW: HOUR_MS, Tier.FINE: DAY_MS, Tier.HOURLY: 28 * DAY_MS}


class Point(NamedTuple):
    """What was measured in a step."""

    low: float
    mean: float
    high: float
    times: int = 1


class TimedPoint(NamedTuple):
    """A point and when its step began."""

    at_ms: int
    point: Point


class UpPart(NamedTuple):
    """Of what a share of time is told: a day, by which part (model, maker, room), its name."""

    day: str
    part: str
    name: str


class UpMinutes(NamedTuple):
    """How many minutes of school things were up, of how many they were watched."""

    up_min: int
    all_min: int


Slots = Sequence[Point | None]
SeriesKey = tuple[str, Measure]  # a thing's id, and what of it


def begin_of(tier: Tier, at_ms: int) -> int:
    """When the block of a moment begins."""
    return at_ms - at_ms % BLOCK_MS[tier]


def slot_of(tier: Tier, at_ms: int) -> int:
    """Which slot of its block a moment is in."""
    return at_ms % BLOCK_MS[tier] // STEP_MS[tier]


def fold(points: Iterable[Point]) -> Point | None:
    """One point out of several; None of none."""
    points = list(points)
    count = sum(point.times for point in points)
    if not count:
        return None
    mean = sum(point.mean * point.times for point in points) / count
    return Point(min(p.low for p in points), mean, max(p.high for p in points), count)


def put(slots: Slots, number: int, point: Point) -> list[Point | None]:
    """The slots with this point in its place; what lies between is unknown."""
    longer = [*slots, *[None] * (number + 1 - len(slots))]
    longer[number] = point
    return longer


def timed(tier: Tier, begins_ms: int, slots: Slots) -> list[TimedPoint]:
    """What a block holds, each with its time."""
    step_ms = STEP_MS[tier]
    return [
        TimedPoint(begins_ms + number * step_ms, point)
        for number, point in enumerate(slots)
        if point is not None
    ]


def folded(points: Iterable[TimedPoint], begins_ms: int, step_ms: int) -> list[TimedPoint]:
    """The points by longer steps, counted from when the first begins; steps without any are out."""
    by_step: defaultdict[int, list[Point]] = defaultdict(list)
    for at_ms, point in points:
        by_step[begins_ms + (at_ms - begins_ms) // step_ms * step_ms].append(point)
    return [
        TimedPoint(at_ms, whole)
        for at_ms, some in sorted(by_step.items())
        if (whole := fold(some)) is not None
    ]
