"""This file says what will fail next, and by which figures; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from itertools import pairwise
from statistics import median
from typing import Final, NamedTuple

from controller.measures.series import DAY_MS, Measure, TimedPoint
from protocol.model import Status

DISK_FULL: Final = 97.0
DISK_NEAR: Final = 90.0
WEAR_SOON: Final = 30.0
WEAR_NOW: Final = 45.0
LAMP_LIFE_H: Final = 3000.0  # of the usual lamp; lasers tell no lamp
LAMP_SOON: Final = 0.8
WIFI_WEAK_DBM: Final = -75.0
HOT_C: Final = 85.0
AHEAD_DAYS: Final = 90
FEW_DAYS: Final = 7
LATELY_DAYS: Final = 14
FALL: Final = 5.0  # percent, or hours: no noise falls so far
LEAST: Final = 0.025  # a day: what rests trembles by so much
RECENT_DAYS: Final = 7


class WearCode(StrEnum):
    """What will fail, or begins to."""

    DISK_FULL = "disk_full"
    BATTERY_WORN = "battery_worn"
    LAMP_OLD = "lamp_old"
    WIFI_WEAK = "wifi_weak"
    HOT = "hot"


class Wear(NamedTuple):
    """One thing that will fail. value: as it is now; days: until then, None if nobody can say."""

    code: WearCode
    status: Status
    value: float
    days: int | None = None


Series = Mapping[Measure, Sequence[TimedPoint]]


def wears_of(series: Series, now_ms: int) -> list[Wear]:
    """What of a thing will fail, by its days; the points are of a day each, in order."""
    found = (rule(series, now_ms) for rule in (_disk, _battery, _lamp, _wifi, _heat))
    return [wear for wear in found if wear]


def rise_per_day(points: Sequence[TimedPoint]) -> float | None:
    """By how much it grows a day: the slope of the least squares; None of too few days."""
    if len(points) < FEW_DAYS:
        return None
    days = [(each.at_ms - points[0].at_ms) / DAY_MS for each in points]
    values = [each.point.mean for each in points]
    middle, level = sum(days) / len(days), sum(values) / len(values)
    spread = sum((day - middle) ** 2 for day in days)
    if not spread:
        return None
    pairs = zip(days, values, strict=True)
    return sum((day - middle) * (value - level) for day, value in pairs) / spread


def _days_until(points: Sequence[TimedPoint], limit: float, now_ms: int) -> int | None:
    """In how many days it reaches the limit, if it goes on so; None beyond what can be said.

    Of what was not measured lately nobody knows.
    """
    last = points[-1]
    left = limit - last.point.mean
    if left <= 0:
        return 0
    rise = rise_per_day(_since_fall(points))
    is_old = last.at_ms < now_ms - RECENT_DAYS * DAY_MS
    if is_old or rise is None or rise < LEAST or left / rise > AHEAD_DAYS:
        return None
    return int(left / rise)


def _since_fall(points: Sequence[TimedPoint]) -> Sequence[TimedPoint]:
    """The points since somebody deleted much, or put a new part in."""
    pairs = enumerate(pairwise(points), 1)
    fell = [no for no, (one, other) in pairs if _has_fallen(one, other)]
    return points[fell[-1] :] if fell else points


def _has_fallen(before: TimedPoint, after: TimedPoint) -> bool:
    return before.point.mean - after.point.mean > FALL


def _recent(series: Series, measure: Measure, now_ms: int) -> list[float]:
    since_ms = now_ms - RECENT_DAYS * DAY_MS
    return [each.point.mean for each in series.get(measure, ()) if each.at_ms >= since_ms]


def _disk(series: Series, now_ms: int) -> Wear | None:
    points = series.get(Measure.DISK, ())
    if not points:
        return None
    now = points[-1].point.mean
    lately_ms = points[-1].at_ms - LATELY_DAYS * DAY_MS
    lately = [each for each in points if each.at_ms > lately_ms]
    days = _days_until(lately, DISK_FULL, now_ms)  # what was copied onto it once goes on no more
    if days is None and now < DISK_NEAR:
        return None
    status = Status.CRITICAL if days is not None and days <= RECENT_DAYS else Status.WARNING
    return Wear(WearCode.DISK_FULL, status, now, days)


def _battery(series: Series, now_ms: int) -> Wear | None:
    points = series.get(Measure.WEAR, ())
    if not points or (now := points[-1].point.mean) < WEAR_SOON:
        return None
    status = Status.CRITICAL if now >= WEAR_NOW else Status.WARNING
    return Wear(WearCode.BATTERY_WORN, status, now, _days_until(points, WEAR_NOW, now_ms))


def _lamp(series: Series, now_ms: int) -> Wear | None:
    points = series.get(Measure.LAMP, ())
    if not points or (now := points[-1].point.mean) < LAMP_SOON * LAMP_LIFE_H:
        return None
    status = Status.CRITICAL if now >= LAMP_LIFE_H else Status.WARNING
    return Wear(WearCode.LAMP_OLD, status, now, _days_until(points, LAMP_LIFE_H, now_ms))


def _wifi(series: Series, now_ms: int) -> Wear | None:
    recent = _recent(series, Measure.WIFI, now_ms)
    if len(recent) < 2 or (usual := median(recent)) > WIFI_WEAK_DBM:  # noqa: PLR2004 - one is chance
        return None
    return Wear(WearCode.WIFI_WEAK, Status.WARNING, usual)


def _heat(series: Series, now_ms: int) -> Wear | None:
    since_ms = now_ms - RECENT_DAYS * DAY_MS
    highs = [p.point.high for p in series.get(Measure.TEMPERATURE, ()) if p.at_ms >= since_ms]
    hot = [high for high in highs if high >= HOT_C]
    if len(hot) < 2:  # noqa: PLR2004 - one is chance
        return None
    return Wear(WearCode.HOT, Status.WARNING, max(hot))
