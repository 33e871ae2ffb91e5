"""A timetable in any spelling and shape reads as the truth, or what cannot be read is named.

The truth is drawn; the writer here is the model, and knows nothing of how files are read.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.schedule.findings import Reading, known_of
from controller.schedule.reading import read_schedule
from protocol.plan import Bell

CLASSES: Final = ("10A1", "10A2", "3/2", "12 Chuyên Toán", "6A")
HOMES: Final = dict(zip(CLASSES, ("P203", "P204", "Lab 1", "P.12", "101"), strict=True))
SUBJECTS: Final = ("Toán", "CN", "GDTC", "Tiếng Anh", "Hóa học", "Tin 10")
WORDS: Final = ("hai", "ba", "tư", "năm", "sáu", "bảy")
DAYS: Final[tuple[Callable[[int], str], ...]] = (
    lambda day: f"Thứ {day + 1}" if day < 7 else "Chủ nhật",
    lambda day: f"T{day + 1}" if day < 7 else "CN",
    lambda day: f"THỨ {WORDS[day - 1].upper()}" if day < 7 else "Chúa nhật",
    lambda day: f"thu {day + 1}" if day < 7 else "cn",
)
PERIODS: Final[tuple[Callable[[int], str], ...]] = (
    str,
    lambda period: f"Tiết {period}",
    lambda period: f"tiết 0{period}",
    lambda period: f"T.{period}",
)
CLOCKS: Final[tuple[Callable[[int], str], ...]] = (
    lambda minute: "{}:{:02}".format(*divmod(minute, 60)),
    lambda minute: "{:02}h{:02}".format(*divmod(minute, 60)),
    lambda minute: "{:02}:{:02}:00".format(*divmod(minute, 60)),
    lambda minute: str(minute / 1440),
    lambda minute: f"{(minute // 60 - 1) % 12 + 1}:{minute % 60:02} {'AP'[minute >= 720]}M",
)
BROKEN: Final = ("9", "1", "Thứ", "2_", "\u0662", "#REF!", "T2-T3")


def number_of(day: int) -> str:
    """The day by its Vietnamese number."""
    return str(day + 1)


class Lesson(NamedTuple):
    """A lesson of the truth."""

    weekday: int
    period: int
    class_code: str
    subject: str


truths = st.dictionaries(
    st.tuples(st.integers(1, 7), st.integers(0, 5), st.sampled_from(CLASSES)),
    st.sampled_from(SUBJECTS),
    min_size=1,
    max_size=25,
).map(lambda lessons: [Lesson(*slot, subject) for slot, subject in sorted(lessons.items())])
noise = st.lists(st.sampled_from(["", "TRƯỜNG THPT A", "Năm học 2026 - 2027"]), max_size=3)


def read(rows: Sequence[Sequence[str]], delimiter: str = ",") -> Reading:
    """What a CSV of these rows tells."""
    known = known_of(HOMES.items(), (), ())
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "tkb.csv"
        with file.open("w", encoding="utf-8-sig", newline="") as out:
            csv.writer(out, delimiter=delimiter).writerows(rows)
        reading = read_schedule(file, known)
    (sheet,) = reading.sheets
    assert set(range(1, sheet.rows + 1)) == sheet.lines | sheet.named.keys()
    assert not sheet.lines & sheet.named.keys()
    return reading


def found(reading: Reading) -> list[Lesson]:
    """The lessons that were read; each is in its class's room."""
    lessons = reading.schedule.timetable or ()
    assert all(HOMES[each.classes[0]] == each.room for each in lessons)
    return sorted(
        Lesson(each.weekday, each.period, "+".join(each.classes), each.subject) for each in lessons
    )


@st.composite
def lists(draw: st.DrawFn) -> tuple[list[Lesson], list[list[str]]]:
    """A truth, and its rows as a list: a day perhaps once for all of its lessons."""
    truth = draw(truths)
    day_of, period_of = draw(st.sampled_from((*DAYS, number_of))), draw(st.sampled_from(PERIODS))
    is_merged, has_rooms = draw(st.booleans()), draw(st.booleans())
    rows: list[list[str]] = [[title] for title in draw(noise)]
    rows.append(["Thứ", "Tiết", "Lớp", "Môn", *(["Phòng"] if has_rooms else [])])
    last = 0
    for lesson in truth:
        day = "" if is_merged and lesson.weekday == last else day_of(lesson.weekday)
        last = lesson.weekday
        room = [HOMES[lesson.class_code]] if has_rooms else []
        period = period_of(lesson.period)
        rows.append([day, period, lesson.class_code, lesson.subject, *room])
        rows += [[""] for _ in range(draw(st.integers(0, 1)))]
    return truth, rows


@given(lists(), st.sampled_from(",;\t"))
@settings(max_examples=60)
def test_a_list_reads_as_the_truth(
    drawn: tuple[list[Lesson], list[list[str]]], delimiter: str
) -> None:
    """In every spelling of days and periods."""
    truth, rows = drawn
    reading = read(rows, delimiter)
    assert (reading.refused, found(reading)) == ([], truth)


@given(lists(), st.data())
@settings(max_examples=40)
def test_a_broken_cell_is_named(
    drawn: tuple[list[Lesson], list[list[str]]], data: st.DataObject
) -> None:
    """By its row, and no other row is read as another day."""
    _, rows = drawn
    lines = [at for at, row in enumerate(rows) if len(row) > 3 and row[0] not in {"", "Thứ"}]
    at = data.draw(st.sampled_from(lines))
    rows[at][0] = data.draw(st.sampled_from(BROKEN))
    reading = read(rows)
    assert (at + 1, "A") in {(refused.row, refused.column) for refused in reading.refused}


@given(truths, noise, st.sampled_from((*DAYS, number_of)), st.sampled_from(PERIODS), st.booleans())
@settings(max_examples=60)
def test_a_grid_of_classes_reads_as_the_truth(
    truth: list[Lesson],
    titles: list[str],
    day_of: Callable[[int], str],
    period_of: Callable[[int], str],
    is_merged: bool,  # noqa: FBT001 - drawn
) -> None:
    """With free cells, and days that stand once for their periods."""
    subject_of = {lesson[:3]: lesson.subject for lesson in truth}
    rows = [[title] for title in titles]
    rows.append(["Thứ", "Tiết", *CLASSES])
    for day in sorted({lesson.weekday for lesson in truth}):
        for period in range(6):
            head = "" if is_merged and period else day_of(day)
            cells = [subject_of.get((day, period, code), "") for code in CLASSES]
            rows.append([head, period_of(period), *cells])
    reading = read(rows)
    assert (reading.refused, found(reading)) == ([], truth)


@given(truths, st.sampled_from(DAYS), st.sampled_from(PERIODS))
@settings(max_examples=60)
def test_grids_of_days_read_as_the_truth(
    truth: list[Lesson], day_of: Callable[[int], str], period_of: Callable[[int], str]
) -> None:
    """One below the other, each with its class above."""
    subject_of = {lesson[:3]: lesson.subject for lesson in truth}
    rows: list[list[str]] = []
    for code in CLASSES:
        rows += [[f"THỜI KHÓA BIỂU LỚP {code}"], ["Tiết", *map(day_of, range(1, 8))]]
        for period in range(6):
            cells = [subject_of.get((day, period, code), "") for day in range(1, 8)]
            rows.append([period_of(period), *cells])
        rows.append([""])
    reading = read(rows)
    assert (reading.refused, found(reading)) == ([], truth)


@given(
    st.lists(st.integers(6 * 60, 21 * 60), min_size=2, max_size=12, unique=True),
    st.sampled_from(CLOCKS),
    st.booleans(),
    st.sets(st.integers(1, 7), min_size=1),
)
@settings(max_examples=60)
def test_bells_read_as_the_truth(
    minutes: list[int],
    clock_of: Callable[[int], str],
    is_joined: bool,  # noqa: FBT001 - drawn
    days: set[int],
) -> None:
    """In every spelling of times, in two cells or in one."""
    moments = sorted(minutes)
    pairs = [*zip(moments[::2], moments[1::2], strict=False)]
    spelt = ", ".join(number_of(day) for day in days)
    rows = [["Tiết", *(["Thời gian"] if is_joined else ["Bắt đầu", "Kết thúc"]), "Các thứ"]]
    for number, (begin, end) in enumerate(pairs, 1):
        times = [clock_of(begin), clock_of(end)]
        rows.append([str(number), *([" - ".join(times)] if is_joined else times), spelt])
    reading = read(rows)
    truth = [
        Bell(
            period=number,
            begins="{:02}:{:02}".format(*divmod(begin, 60)),
            ends="{:02}:{:02}".format(*divmod(end, 60)),
            weekdays=tuple(sorted(days)),
        )
        for number, (begin, end) in enumerate(pairs, 1)
    ]
    assert (reading.refused, [*(reading.schedule.bells or ())]) == ([], truth)


@given(truths, st.sampled_from(DAYS), st.sampled_from(PERIODS), st.booleans())
@settings(max_examples=60)
def test_a_grid_across_reads_as_the_truth(
    truth: list[Lesson],
    day_of: Callable[[int], str],
    period_of: Callable[[int], str],
    is_merged: bool,  # noqa: FBT001 - drawn
) -> None:
    """A row for each class; a day stands over all of its periods, or over the first."""
    subject_of = {lesson[:3]: lesson.subject for lesson in truth}
    slots = [(day, period) for day in range(1, 8) for period in range(6)]
    rows = [
        ["Lớp", *("" if is_merged and period else day_of(day) for day, period in slots)],
        ["", *(period_of(period) for _, period in slots)],
        *([code, *(subject_of.get((*slot, code), "") for slot in slots)] for code in CLASSES),
    ]
    reading = read(rows)
    assert (reading.refused, found(reading)) == ([], truth)
