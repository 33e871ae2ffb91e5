"""The office sees what is missing now, and who has been away for long."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from msgspec.structs import replace

from controller.attendance.sheet import ClassSheet, PupilLine
from controller.attendance.watch import away_in_a_row, long_away, rolls_today, without_roll
from controller.roster.plan import SchoolPlan
from protocol.messages import Ending
from protocol.model import AttendanceStatus
from protocol.plan import Bell, Booking
from tests.controller.attendance.test_lessons import ZONE, K, P
from tests.controller.attendance.test_sheets import a_record

HERE = AttendanceStatus.PRESENT
PLAN = SchoolPlan(
    bells=(
        Bell(period=1, begins="07:00", ends="07:45"),
        Bell(period=2, begins="07:50", ends="08:35"),
    ),
    timetable=(
        Booking(weekday=1, period=1, room="P10", classes=("10A2",)),
        Booking(weekday=1, period=1, room="P9", classes=("10A1",)),
        Booking(weekday=1, period=1, room="P11", classes=("10A1", "10A3")),
        Booking(weekday=1, period=2, room="P9", classes=("10A1",)),
    ),
)


@pytest.mark.parametrize(
    ("clock", "confirmed", "how", "rooms"),
    [
        ((7, 0), False, None, ["P9", "P10", "P11"]),
        ((7, 44), True, Ending.TEACHER, ["P10", "P11"]),
        ((7, 44), True, Ending.UNDONE, ["P9", "P10", "P11"]),
        ((7, 46), False, None, []),
        ((8, 0), True, Ending.TEACHER, ["P9"]),
    ],
    ids=["nobody yet", "one is confirmed", "undone", "between bells", "next period"],
)
def test_rooms_of_the_running_period_without_a_confirmed_roll_are_named(
    clock: tuple[int, int],
    confirmed: object,
    how: Ending | None,
    rooms: list[str],
) -> None:
    """By the timetable; a joint lesson needs every class's roll."""
    lesson = a_record("2026-11-02", 1, confirmed=bool(confirmed), how=how)
    now = datetime(2026, 11, 2, *clock, tzinfo=ZONE)
    assert [booking.room for booking in without_roll(PLAN, [lesson], now)] == rooms


TWO_ROOMS = replace(PLAN, timetable=PLAN.timetable[:2] + PLAN.timetable[3:])  # period 2 in P9


@pytest.mark.parametrize(
    ("clock", "told", "figures", "rooms"),
    [
        ((7, 14), None, (0, 0), ()),
        ((7, 15), None, (0, 2), ("P9", "P10")),
        ((7, 5), {"confirmed": True}, (1, 1), ()),
        ((7, 5), {"how": None, "confirmed": False}, (0, 0), ()),
        ((7, 15), {"confirmed": True}, (1, 2), ("P10",)),
        ((7, 15), {"confirmed": False, "counts": {"10A1": {HERE: 40}}}, (1, 2), ("P10",)),
        ((7, 15), {"confirmed": False}, (0, 2), ("P9", "P10")),
        ((8, 5), {"how": Ending.UNDONE}, (0, 3), ("P9", "P10")),
        ((8, 5), {"period": None, "classes": ("9C",), "confirmed": False}, (0, 4), ("P9", "P10")),
    ],
    ids=[
        "not due yet",
        "due",
        "called early",
        "just begun",
        "one is in",
        "the school gave it",
        "over without",
        "undone",
        "outside of the timetable",
    ],
)
def test_todays_rolls_are_counted_by_class_and_period(
    clock: tuple[int, int],
    told: dict[str, Any] | None,
    figures: tuple[int, int],
    rooms: tuple[str, ...],
) -> None:
    """A quarter of an hour into a lesson, or once it is over; a roll counts at once."""
    lesson = replace(a_record("2026-11-02", 1), room="P9", **(told or {}))
    now = datetime(2026, 11, 2, *clock, tzinfo=ZONE)
    rolls = rolls_today(TWO_ROOMS, [lesson] if told else [], now)
    assert ((rolls.taken, rolls.due), rolls.rooms) == (figures, rooms)
    own = rolls_today(TWO_ROOMS, [lesson] if told else [], now, "P10".__eq__)
    assert own.rooms == tuple(room for room in rooms if room == "P10")
    assert own.due == (figures[1] > 0 and clock >= (7, 15))


@pytest.mark.parametrize(
    ("halves", "count"),
    [
        (((K,), (P,), (K,)), 3),
        (((K, K), (), (None,), (P,)), 3),
        (((K,), (K,), (K,), (HERE,)), 0),
        (((HERE,), (K,), (P,)), 2),
        ((), 0),
    ],
    ids=["three days", "over days without lessons", "back again", "two", "nothing"],
)
def test_half_days_away_are_counted_up_to_the_last_mark(
    halves: tuple[tuple[AttendanceStatus | None, ...], ...], count: int
) -> None:
    """With leave or without; whoever is back is not away."""
    line = PupilLine(1, "a", "An", halves)
    assert away_in_a_row(line) == count
    sheet = ClassSheet("10A1", ("2026-11-02",), (line,))
    assert long_away(sheet) == ([(line, count)] if count >= 3 else [])
