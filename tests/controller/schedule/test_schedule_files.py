"""Files from the field: each is read as it is meant, or what is wrong is named by its cell."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from controller.schedule.findings import Reading
from controller.schedule.reading import read_schedule
from protocol.plan import Bell, Holiday
from protocol.words import translator

FIELD: Final = Path(__file__).parents[3] / ".." / "shared" / "data" / "field" / "sheets"
ONE: Final = {"b01-weekday-words", "b02-weekday-T2", "b03-period-tiet1", "b26-title-row", "b29-tkb"}
QUARTER: Final = {"b12-bell-seconds", "b13-bell-ampm", "b17-bell-one-cell", "b34-weekdays-range"}
SECOND: Final = {"b18-hol-twodigit", "b20-hol-dash", "b21-hol-serial"}
REFUSED: Final = {
    "b05-weekday-9": [(2, "A", "weekday_unknown")],
    "b06-weekday-1": [(2, "A", "weekday_unknown")],
    "b14-bell-overlap": [(3, "", "bells_overlap")],
    "b19-hol-us": [(2, "B", "day_month_first"), (2, "C", "day_month_first")],
    "b25-term-overlap": [(3, "", "days_overlap")],
    "b27-holiday-none": [(1, "", "part_empty")],
    "b37-int-underscore": [(2, "B", "period_unknown"), (3, "B", "period_unknown")],
}


def reading_of(name: str) -> Reading:
    """What a file of the field tells; the test is left out where there is none."""
    file = next(FIELD.glob(f"{name}.*"), None)
    if file is None:
        pytest.skip("the files from the field are not here")
    return read_schedule(file)


def codes(reading: Reading) -> set[str]:
    """What is told of a file."""
    return {notice.code for notice in reading.notices}


@pytest.mark.parametrize("name", sorted(ONE))
def test_a_lesson_on_monday_in_the_first_period(name: str) -> None:
    """However its day and its period are written."""
    reading = reading_of(name)
    assert not reading.refused
    (booking,) = reading.schedule.timetable or ()
    assert (booking.weekday, booking.period, booking.room) == (1, 1, "P203")
    assert (booking.classes, booking.subject) == (("10A1",), "Toán")


@pytest.mark.parametrize("name", sorted(QUARTER))
def test_a_bell_at_a_quarter_past_seven(name: str) -> None:
    """Until eight, Monday to Saturday."""
    reading = reading_of(name)
    assert (reading.schedule.bells, reading.refused) == (
        (Bell(period=1, begins="07:15", ends="08:00"),),
        [],
    )


@pytest.mark.parametrize("name", sorted(SECOND))
def test_the_second_of_september(name: str) -> None:
    """And the third."""
    reading = reading_of(name)
    holiday = Holiday(name="Quốc khánh", begins="2026-09-02", ends="2026-09-03")
    assert (reading.schedule.holidays, reading.refused) == ((holiday,), [])
    assert ("day_of_number" in codes(reading)) == (name == "b21-hol-serial")


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_is_wrong_is_named(name: str) -> None:
    """By its row and column, in Vietnamese."""
    reading = reading_of(name)
    found = [(notice.row, notice.column, notice.code) for notice in reading.refused]
    assert found == REFUSED[name]
    for notice in reading.refused:
        assert notice.said(translator("vi"))["message"] != notice.message


def test_two_classes_are_two() -> None:
    """Parted by a comma."""
    (booking,) = reading_of("b11-semicolon-classes").schedule.timetable or ()
    assert booking.classes == ("10A1", "10A2")


def test_what_a_school_may_mean_is_told() -> None:
    """A class in two rooms at once, and one that is in no list."""
    reading = reading_of("b09-collision-class")
    twice = next(notice for notice in reading.notices if notice.code == "class_twice")
    assert (twice.row, twice.value, reading.refused) == (3, "2", [])
    unlisted = reading_of("b32-timetable-unknown-class")
    assert [each.value for each in unlisted.notices] == ["99Z9"]
