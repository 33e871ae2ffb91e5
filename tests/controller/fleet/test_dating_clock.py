"""Dating: what a room told by a clock that is days off is dated by ours, and never doubled."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.fleet.dating import Dating, dated, local_day
from protocol.messages import DeviceAppeared, RollConfirmed

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
NOW_MS = 1_788_567_000_000  # 2026-09-05 07:10 there
MIN_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000


def appeared(at_ms: int, age_s: int) -> DeviceAppeared:
    aged = {"age_s": age_s} if age_s >= 60 else {}
    return DeviceAppeared(
        boot="b", at_ms=at_ms, id="e", seq=1, room="6A1", device_id="usb:1", **aged
    )


def roll(at_ms: int, day: str) -> RollConfirmed:
    return RollConfirmed(boot="b", at_ms=at_ms, id="e", seq=1, room="6A1", lesson="l", day=day)


@given(
    off_h=st.integers(-24 * 60, 24 * 60).filter(bool),
    ago_min=st.integers(0, 24 * 60),
    is_corrected=st.booleans(),
)
def test_what_a_wrong_clock_dated_is_where_it_happened(
    off_h: int, ago_min: int, *, is_corrected: bool
) -> None:
    """Whether it was written before the room heard the school's time, or after."""
    happened_ms = NOW_MS - ago_min * MIN_MS
    ahead_ms = off_h * HOUR_MS
    event = appeared(happened_ms + (0 if is_corrected else ahead_ms), ago_min * 60)
    dating = dated(event, NOW_MS, ZONE, ahead_ms)
    assert abs(dating.at_ms - happened_ms) <= MIN_MS
    assert dating.told_ms == (None if is_corrected else event.at_ms)


@given(st.integers(-60, 60), st.integers(0, 24 * 60), st.integers(0, 200))
def test_a_clock_that_is_nearly_right_moves_nothing(off_s: int, ago_min: int, slept_h: int) -> None:
    """Nor does a long sleep, which no age counts."""
    told_ms = NOW_MS - ago_min * MIN_MS - slept_h * HOUR_MS
    event = appeared(told_ms, ago_min * 60)
    assert dated(event, NOW_MS, ZONE, off_s * 1000) == Dating(told_ms, local_day(told_ms, ZONE))


@pytest.mark.parametrize(
    ("told_day", "day"),
    [
        ("2026-09-02", "2026-09-05"),
        ("2026-09-01", "2026-09-04"),
        ("2026-08-20", "2026-09-05"),
        ("2026-09-03", "2026-09-05"),
    ],
)
def test_a_roll_of_a_computer_three_days_behind_stands_at_the_schools_day(
    told_day: str, day: str
) -> None:
    """One confirmed a day after its lesson stays a day before; a nonsense day is the lesson's."""
    event = roll(NOW_MS - 3 * DAY_MS, told_day)
    dating = dated(event, NOW_MS, ZONE, -3 * DAY_MS)
    assert (dating.day, dating.told_day, dating.at_ms) == (day, told_day, NOW_MS)
