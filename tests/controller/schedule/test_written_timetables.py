"""Of a timetable in any shape nothing is silently wrong: each row ends somewhere, truly.

As a program it tries as many timetables as one likes:
python -m tests.controller.schedule.test_written_timetables FIRST LAST.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import pytest

from controller.schedule.findings import Reading, known_of
from controller.schedule.reading import read_schedule
from controller.sheets.errors import SheetError
from controller.sheets.text import letter_of
from protocol.plan import Bell
from tests.controller.schedule.written_timetables import (
    CLASSES,
    MORNING,
    Case,
    Lesson,
    case_of,
    class_of,
    write,
)
from tests.seeds import play
from tests.tiers import one_short

BUNCH = 20
LAST = 60
BELLS: Final = tuple(
    Bell(period=period, begins=f"{hour:02}:00", ends=f"{hour:02}:45")
    for period, hour in enumerate((7, 8, 9, 10, 11, 13, 14, 15, 16), 1)
)
KNOWN: Final = known_of(CLASSES.items(), (), BELLS)


@pytest.mark.parametrize("first", one_short(range(0, LAST, BUNCH)))
def test_nothing_of_a_timetable_is_silently_wrong(tmp_path: Path, first: int) -> None:
    """Lists and grids, merged, re-ordered, re-encoded, counted anew, against the one truth."""
    assert BELLS[MORNING].begins > "12:00"
    found = {seed: wrongs(case_of(seed), tmp_path) for seed in range(first, first + BUNCH)}
    assert {seed: wrong for seed, wrong in found.items() if wrong} == {}


def wrongs(case: Case, folder: Path) -> list[str]:
    """What is wrong with how the timetable was read."""
    if not case.lessons:
        return []
    path = write(case, folder)
    try:
        reading = read_schedule(path, KNOWN)
    except SheetError as refused:
        return [f"refused: {refused.code}"]
    finally:
        path.unlink()
    return [*_rows(case, reading), *(_refused if case.spoilt else _lessons)(case, reading)]


def _rows(case: Case, reading: Reading) -> list[str]:
    """Every row of a sheet tells something, or is named once."""
    sizes = {sheet.name: len(sheet.rows) for sheet in case.sheets}
    wrong = []
    for sheet in reading.sheets:
        if sheet.lines | {*sheet.named} != {*range(1, sheet.rows + 1)}:
            wrong.append(f"rows of {sheet.name}")
        if case.suffix != ".csv" and sheet.rows > sizes[sheet.name]:
            wrong.append(f"more rows than {sheet.name} has")
    return wrong


def _lessons(case: Case, reading: Reading) -> list[str]:
    """The lessons are the true ones, and no others."""
    if reading.refused:
        first = reading.refused[0]
        return [f"refused: {first.code} {first.value} at {first.column}{first.row}"]
    true = {_told(case, lesson) for lesson in case.lessons}
    told = {
        (one.weekday, one.period, one.room, class_of(one.classes[0]), one.subject, one.teacher)
        for one in reading.schedule.timetable or ()
    }
    return [*(f"lost: {one}" for one in true - told), *(f"no such: {one}" for one in told - true)]


def _told(case: Case, lesson: Lesson) -> tuple[int, int, str, str, str, str]:
    """The lesson as far as the shape tells it."""
    teacher = lesson.teacher if case.has_teachers else ""
    return (
        *(lesson.weekday, lesson.period, lesson.room),
        *(lesson.class_code, lesson.subject, teacher),
    )


def _refused(case: Case, reading: Reading) -> list[str]:
    """The cell that cannot be read is named, and no other one."""
    assert case.spoilt is not None
    sheet, row, column = case.spoilt
    told = [(notice.sheet, notice.row, notice.column) for notice in reading.refused]
    return [] if told == [(sheet, row, letter_of(column))] else [f"named {told}: {case.spoilt}"]


if __name__ == "__main__":
    sys.exit(play(lambda seed, folder: wrongs(case_of(seed), folder)))
