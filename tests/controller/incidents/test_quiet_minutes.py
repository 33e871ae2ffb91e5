"""When somebody is at school, held against a clock that is asked minute by minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from msgspec import Struct

from controller.incidents.quiet import Maintenance, SchoolHours
from controller.roster.plan import Holiday, SchoolPlan
from controller.sheets.names import room_code
from tests.tiers import one_short

MIN_MS = 60_000
DAY_MIN = 1440
# Ends of the year, and days on which clocks are set, at midnight too; of those that are at school.
ZONES = ("Asia/Ho_Chi_Minh", "Europe/Berlin", "Asia/Beirut", "America/Sao_Paulo", "UTC")
WEEKS = ((2026, 12, 28), (2026, 3, 27), (2026, 10, 23), (2018, 11, 2), (2026, 4, 3))
ROOMS = ("", "6A1", "6a1 ", "P 203", "P203")


class Week(Struct, frozen=True):
    """A school without bells for some days: its holidays, and windows of maintenance."""

    zone: ZoneInfo
    begins_ms: int
    holidays: tuple[Holiday, ...]
    windows: tuple[Maintenance, ...]

    def is_awake(self, at_ms: int, room: str) -> bool:
        """The same as the product's, of the clock on the wall and each window by itself."""
        wall = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(self.zone)
        day = str(wall.date())
        is_free = wall.isoweekday() == 7 or any(h.begins <= day <= h.ends for h in self.holidays)
        is_paused = any(
            window.begins_ms <= at_ms < window.ends_ms
            and (not window.room or room_code(window.room) == room)
            for window in self.windows
        )
        return not is_free and not is_paused and 6 <= wall.hour < 18


def a_week(rng: Random) -> Week:
    """Windows that overlap, go over midnight and the year's end, of a room or of all."""
    zone, first = ZoneInfo(rng.choice(ZONES)), date(*rng.choice(WEEKS))
    begins_ms = int(datetime(first.year, first.month, first.day, tzinfo=zone).timestamp()) * 1000
    holiday = first + timedelta(days=rng.randint(0, 6))
    until = holiday + timedelta(days=rng.randint(0, 3))
    windows = [
        begins_ms + rng.randint(-DAY_MIN, 8 * DAY_MIN) * MIN_MS for _ in range(rng.randint(0, 12))
    ]
    return Week(
        zone,
        begins_ms,
        (Holiday(name="nghi", begins=str(holiday), ends=str(until)),)[: rng.randint(0, 1)],
        tuple(
            Maintenance(
                at, at + rng.choice([1, 60, 600, DAY_MIN, 3000]) * MIN_MS, rng.choice(ROOMS)
            )
            for at in windows
        ),
    )


@pytest.mark.parametrize("seed", one_short(range(24), 4))
def test_quiet_is_what_the_wall_clock_and_the_windows_say(seed: int) -> None:
    """At any moment, to the millisecond, and summed over days."""
    rng = Random(seed)
    week = a_week(rng)
    hours = SchoolHours(SchoolPlan(holidays=week.holidays), week.zone, week.windows)
    for _ in range(200):
        at_ms = week.begins_ms + rng.randint(-2 * DAY_MIN, 9 * DAY_MIN) * MIN_MS
        at_ms += rng.choice([0, 1, MIN_MS - 1])
        room = rng.choice(["", "6A1", "P203", "X"])
        assert hours.is_awake(at_ms, room) == week.is_awake(at_ms, room), (at_ms, room)
    for _ in range(3):
        since_ms = week.begins_ms + rng.randint(-DAY_MIN, 6 * DAY_MIN) * MIN_MS
        until_ms = since_ms + rng.randint(0, 3 * DAY_MIN) * MIN_MS
        minutes = sum(week.is_awake(at, "P203") for at in range(since_ms, until_ms, MIN_MS))
        assert hours.awake_ms(since_ms, until_ms, "P203") == minutes * MIN_MS
