"""Days of the week, periods, times and days are read in every spelling, or refused in words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from controller.schedule.faults import MESSAGES
from controller.schedule.names import classes_of, room_of
from controller.schedule.times import clock_of, clocks_of, day_of, days_of
from controller.schedule.weekdays import (
    Session,
    periods_of,
    session_in,
    session_of,
    weekday_of,
    weekdays_of,
    weeks_of,
)
from controller.sheets.text import Cause, Cell, Day, RefusedError, Unreadable

MORNING, AFTERNOON = Session.MORNING, Session.AFTERNOON
KNOWN = frozenset({"10a1", "10a2", "3/2"})


def refusal(read: Callable[[Cell], object], cell: Cell) -> str:
    """The code by which a reader refuses a cell; it has a sentence."""
    with pytest.raises(RefusedError) as refused:
        read(cell)
    code = str(refused.value)
    assert MESSAGES[code]
    return code


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        *[(cell, 1) for cell in ("2", 2.0, "Thứ 2", "Thứ Hai", "THỨ HAI", "thu hai", "T2", "t.2")],
        *[(cell, 1) for cell in ("Thứ 2 (05/10)", "Thứ 2\n05/10/2026", "Thứ 2:", "Hai", "Monday")],
        *[(cell, 3) for cell in ("Thứ tư", "Thứ Bốn", "T4", "4")],
        *[(cell, 7) for cell in ("CN", "Chủ nhật", "Chúa Nhật", "8", "C.N", "chu\u0309 nhật")],
        ("Thứ Bảy", 6),
        ("\uff17", 6),
    ],
)
def test_a_day_of_the_week_is_read(cell: Cell, day: int) -> None:
    """However people write it, also with the date behind it."""
    assert weekday_of(cell) == (day, None)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        *[
            (cell, "weekday_unknown")
            for cell in ("1", "9", "0", "-2", "Thứ", "Thứ 9", "2-7", "Môn")
        ],
        *[(cell, "weekday_unknown") for cell in ("٣", "2_", "1_0", "T22", "Thứ hai mươi", "23")],
        ("", "weekday_missing"),
        (2.5, "cell_is_fraction"),
        (Day(2026, 7, 2), "code_is_date"),
        (Unreadable(Cause.ERROR, "#REF!"), "cell_error"),
    ],
)
def test_what_is_no_day_of_the_week_is_refused(cell: Cell, code: str) -> None:
    """A week has the days 2 to 8 here; 1 is none."""
    assert refusal(weekday_of, cell) == code


@pytest.mark.parametrize(
    ("cell", "half"),
    [("Sáng thứ 2", MORNING), ("Thứ 2 (chiều)", AFTERNOON), ("Thứ Hai - Chiều", AFTERNOON)],
)
def test_a_day_may_tell_its_half(cell: str, half: Session) -> None:
    """Before or behind it."""
    assert weekday_of(cell) == (1, half)


@pytest.mark.parametrize(
    ("cell", "days"),
    [
        *[(cell, (1, 2, 3, 4, 5, 6)) for cell in ("2-7", "Thứ 2 - Thứ 7", "T2→T7", "hai đến bảy")],
        *[(cell, (1, 2, 3)) for cell in ("2,3,4", "2 3 4", "Thứ 2, 3, 4", "T2+T3+T4", "4;3;2;2")],
        ("", (1, 2, 3, 4, 5, 6)),
        ("T2-T6, CN", (1, 2, 3, 4, 5, 7)),
        ("2-CN", (1, 2, 3, 4, 5, 6, 7)),
        ("Thứ hai và thứ tư", (1, 3)),
        ("CN", (7,)),
    ],
)
def test_days_of_the_week_are_read(cell: str, days: tuple[int, ...]) -> None:
    """One by one, from which to which, or both."""
    assert weekdays_of(cell) == days


@pytest.mark.parametrize("cell", ["7-2", "2-9", "1-5", "2,9", "234567", "2-4-6", "mỗi ngày", "2.5"])
def test_what_are_no_days_is_refused(cell: str) -> None:
    """Nothing is guessed of a list that is not understood."""
    assert refusal(weekdays_of, cell) == "weekdays_unknown"


@pytest.mark.parametrize(
    ("cell", "numbers", "half"),
    [
        *[(cell, (1,), None) for cell in ("1", 1.0, "Tiết 1", "TIẾT 01", "tiết thứ 1", "T1")],
        *[(cell, (1,), AFTERNOON) for cell in ("1 (chiều)", "Chiều 1", "Tiết 1 - chiều", "C1")],
        *[(cell, (1,), MORNING) for cell in ("Sáng 1", "1 (Buổi sáng)", "S1")],
        *[
            (cell, (1, 2), None)
            for cell in ("1-2", "Tiết 1, 2", "1+2", "tiết 1 đến 2", "1 \u2013 2")
        ],
        ("0", (0,), None),
        ("20", (20,), None),
    ],
)
def test_periods_are_read(cell: Cell, numbers: tuple[int, ...], half: Session | None) -> None:
    """One or several, with the half of the day where it is told."""
    assert periods_of(cell) == (numbers, half)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        *[(cell, "period_unknown") for cell in ("1_0", "٣", "21", "99", "1e1", "-1", "2-1", "I")],
        ("", "period_missing"),
        (1.2, "cell_is_fraction"),
        (Day(2026, 2, 1), "code_is_date"),
    ],
)
def test_what_is_no_period_is_refused(cell: Cell, code: str) -> None:
    """Digits of other alphabets and Python's own spellings among it."""
    assert refusal(periods_of, cell) == code


@pytest.mark.parametrize(
    ("cell", "clock"),
    [
        *[(cell, "07:15") for cell in ("7:15", "07:15:00", "7h15", "7H15", "07g15", "7 giờ 15")],
        *[(cell, "07:15") for cell in ("7:15 AM", "7:15 SA", "7h15'", "7h15p", "7h15 sáng")],
        *[(cell, "07:15") for cell in (0.302083333333333, "0.302083333333333", "0,30208333")],
        *[(cell, "13:15") for cell in ("1:15 PM", "1:15 CH", "1h15 chiều", "13h15", "13:15 PM")],
        (Unreadable(Cause.TIME, "07:15:00"), "07:15"),
        ("7h", "07:00"),
        ("12:00 AM", "00:00"),
        (0.5, "12:00"),
    ],
)
def test_a_time_of_day_is_read(cell: Cell, clock: str) -> None:
    """As people, Excel's cells and its CSV write it."""
    assert clock_of(cell) == clock


@pytest.mark.parametrize(
    "cell",
    [
        "25:15",
        "7:60",
        "7:5",
        "7",
        7.0,
        7.15,
        "7.15",
        "07:15:30",
        "0.3021",
        "13:00 SA",
        "\u0667:15",
        1.0,
    ],
)
def test_what_is_no_time_of_day_is_refused(cell: Cell) -> None:
    """7.15 may be a quarter past seven or nine minutes past it."""
    assert refusal(clock_of, cell) == "clock_unknown"


def test_a_time_must_be_in_its_half_of_the_day() -> None:
    """1h15 under "Buổi chiều" is a quarter past one in the night."""
    assert clock_of("13h15", AFTERNOON) == "13:15"
    assert refusal(lambda cell: clock_of(cell, AFTERNOON), "1h15") == "clock_of_morning"
    assert refusal(lambda cell: clock_of(cell, MORNING), "13h15") == "clock_of_morning"


def test_from_when_to_when_stands_in_one_cell() -> None:
    """With any dash."""
    assert clocks_of("07h15 \u2013 08h00") == ("07:15", "08:00")
    assert clocks_of("Từ 7:15 đến 8:00") == ("07:15", "08:00")
    assert refusal(clocks_of, "7h15") == "span_unknown"


@pytest.mark.parametrize(
    "cell",
    [
        *("02/09/2026", "2/9/2026", "02-09-2026", "02.09.2026", "02/09/26", "2026-09-02"),
        *("20260902", "46267", 46267.0, 46267, "2026-W36-3", "ngày 2 tháng 9 năm 2026"),
        *("Thứ Tư, ngày 02/09/2026", "02/09/2026 00:00:00", Day(2026, 9, 2), "2/9 /2026"),
    ],
)
def test_a_day_is_read(cell: Cell) -> None:
    """As people and Excel write it."""
    assert day_of(cell) == "2026-09-02"


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("9/13/2026", "day_month_first"),
        ("31/02/2027", "day_unknown"),
        ("02/09", "day_without_year"),
        ("02/09/1926", "day_far"),
        ("02/09/2226", "day_far"),
        (Day(1905, 7, 13), "day_far"),
        ("12345", "day_far"),
        ("Tết", "day_unknown"),
        ("2026-W99-1", "day_unknown"),
        ("", "day_missing"),
        (46267.5, "cell_is_fraction"),
    ],
)
def test_what_is_no_day_is_refused(cell: Cell, code: str) -> None:
    """The month first, a year that cannot be meant, a day that no calendar has."""
    assert refusal(day_of, cell) == code


def test_days_stand_in_one_cell() -> None:
    """A day alone is the first and the last."""
    assert days_of("05/09/2026 - 17/01/2027") == ("2026-09-05", "2027-01-17")
    assert days_of("từ 05/09/2026 đến hết ngày 17/01/2027") == ("2026-09-05", "2027-01-17")
    assert days_of("02-09-2026") == ("2026-09-02", "2026-09-02")


@pytest.mark.parametrize(
    ("cell", "classes"),
    [
        *[(cell, ("10A1", "10A2")) for cell in ("10A1, 10A2", "10A1; 10A2", "10A1+10A2")],
        *[(cell, ("10A1", "10A2")) for cell in ("10A1/10A2", "10A1 & 10A2", "10A1\n10A2")],
        *[(cell, ("10A1", "10A2")) for cell in ("10A1 và 10A2", "10A1 10A2", "10A1, 10A2, 10A1")],
        ("3/2", ("3/2",)),
        ("6/1", ("6/1",)),
        ("10 A1", ("10 A1",)),
        ("12 Chuyên Toán", ("12 Chuyên Toán",)),
        ("99Z9", ("99Z9",)),
    ],
)
def test_classes_are_read(cell: str, classes: tuple[str, ...]) -> None:
    """Two classes are two, and 3/2 is one."""
    assert classes_of(cell, KNOWN) == classes


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("10A1-10A3", "classes_range"),
        ("10A1, A2", "class_short"),
        ("", "class_missing"),
        (Day(2026, 2, 3), "class_invalid"),
        ("=1+1", "class_invalid"),
        (", ".join(f"10A{n}" for n in range(1, 10)), "classes_many"),
    ],
)
def test_classes_in_doubt_are_refused(cell: Cell, code: str) -> None:
    """A range may be two classes or three."""
    assert refusal(lambda each: classes_of(each, KNOWN), cell) == code


def test_a_room_is_one() -> None:
    """Several in a cell are refused, and so is what Excel has made of 1.10."""
    assert room_of("P.203") == "P.203"
    assert room_of(203.0) == "203"
    assert room_of("-") == ""
    assert refusal(room_of, "P203, P204") == "rooms_many"
    assert refusal(room_of, "P203/P204") == "rooms_many"
    assert refusal(room_of, Day(2026, 10, 1)) == "code_is_date"


def test_halves_and_weeks_are_read() -> None:
    """And what is none is refused."""
    assert session_of("Buổi chiều") is AFTERNOON
    assert session_of("") is None
    assert refusal(session_of, "Tối") == "session_unknown"
    assert session_in("THỜI KHÓA BIỂU BUỔI CHIỀU") is AFTERNOON
    assert session_in("Buổi sáng và buổi chiều") is None
    assert session_in("TKB_Sang") is MORNING
    assert session_in("Trường THPT Ánh Sáng") is None
    assert [weeks_of(cell) for cell in ("", "lẻ", "Tuần chẵn")] == ["every", "odd", "even"]
    assert refusal(weeks_of, "1-18") == "weeks_unknown"
