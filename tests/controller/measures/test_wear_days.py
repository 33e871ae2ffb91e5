"""What a page says of wear is true of a disk's life that the model has made."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

import pytest

from controller.measures.series import DAY_MS, Measure, Point, TimedPoint
from controller.measures.wear import AHEAD_DAYS, WearCode, wears_of
from tests.controller.web_school import NOW_MS
from tests.tiers import wide

FULL, NEAR, SOON = 97.0, 90.0, 7


class DiskLife(NamedTuple):
    """Sixty days of a disk: what was measured, and how much it grows a day in truth."""

    points: list[TimedPoint]
    a_day: float
    silent_days: int

    @property
    def now(self) -> float:
        """How full it was when it was measured last."""
        return self.points[-1].point.mean


def a_life(rng: Random) -> DiskLife:
    """It grows steadily or not at all since the last thing that happened to it, weeks ago.

    Before, somebody deleted much or copied much onto it; on some days it is off, or lately.
    """
    a_day = rng.choice([0.0, 0.0, rng.uniform(0.3, 2.0)])
    since, silent_days = rng.randint(21, 50), rng.choice([0, 0, 0, rng.randint(9, 20)])
    begins = rng.uniform(30, 70)
    before = max(0.0, min(95.0, begins + rng.choice([-25, -12, 0, 12, 25])))
    points = []
    for day in range(60):
        age = 59 - day
        if age < silent_days or (rng.random() < 0.2 and age != silent_days):
            continue
        truth = before if age > since else begins + a_day * (since - age)
        told = min(100.0, truth) + rng.uniform(-0.2, 0.2)
        points.append(TimedPoint(NOW_MS - age * DAY_MS, Point(told - 1, told, told + 1)))
    return DiskLife(points, a_day, silent_days)


@pytest.mark.parametrize("first", [0, *wide(*range(200, 4000, 200))])
def test_a_day_is_told_where_it_grows_and_nowhere_else(first: int) -> None:
    """By the truth within a tenth; none of what rests, and none of what is not measured now."""
    told = 0
    for seed in range(first, first + 200):
        life = a_life(Random(seed))
        found = wears_of({Measure.DISK: life.points}, NOW_MS)
        left = FULL - life.now
        if left > 0 and (not life.a_day or life.silent_days > SOON):
            assert [one.days for one in found] == [None] * (life.now >= NEAR), (seed, found)
            continue
        due = left / life.a_day if life.a_day else 0.0
        if not 0.9 * AHEAD_DAYS < due < 1.1 * AHEAD_DAYS:
            assert len(found) == (due <= AHEAD_DAYS), (seed, due, found)
        for one in found:
            told += 1
            assert (one.code, one.value) == (WearCode.DISK_FULL, life.now)
            assert one.days is not None
            assert abs(one.days - max(0.0, due)) <= 1 + 0.1 * abs(due), (seed, due, found)
    assert told > 20
