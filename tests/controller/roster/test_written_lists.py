"""Of a class list in any shape nothing is silently wrong: each row ends somewhere, truly.

As a program it tries as many lists as one likes:
python -m tests.controller.roster.test_written_lists FIRST LAST.
"""

from __future__ import annotations

import sys
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from controller.roster.roll import PassedReason, Roll
from controller.roster.sheet import read
from controller.sheets.errors import SheetError
from tests.controller.roster.written_lists import Case, case_of, class_of, write
from tests.seeds import play
from tests.tiers import one_short

BUNCH = 20
LAST = 60
TODAY = date(2026, 9, 5)


@pytest.mark.parametrize("first", one_short(range(0, LAST, BUNCH)))
def test_nothing_of_a_class_list_is_silently_wrong(tmp_path: Path, first: int) -> None:
    """Merged, grouped, re-encoded, re-ordered, with those who left, against the one truth."""
    found = {seed: wrongs(case_of(seed), tmp_path) for seed in range(first, first + BUNCH)}
    assert {seed: wrong for seed, wrong in found.items() if wrong} == {}


def wrongs(case: Case, folder: Path) -> list[str]:
    """What is wrong with how the list was read."""
    path, roll = write(case, folder), Roll()
    try:
        read(path, roll, today=TODAY, names=True)
    except SheetError as refused:
        return [f"refused: {refused.code}"] if case.entries else []
    finally:
        path.unlink()
    return [*_pupils(case, roll), *_rows(case, roll), *_numbers(case, roll)]


def _pupils(case: Case, roll: Roll) -> list[str]:
    true = {(class_of(one.class_code), one.student, one.name) for one in case.entries}
    told = {(class_of(one.class_code), one.student, one.name) for one in roll.entries}
    return [*(f"lost: {one}" for one in true - told), *(f"no such: {one}" for one in told - true)]


def _rows(case: Case, roll: Roll) -> list[str]:
    """Each row below a heading is a pupil's, refused, or passed over; who has left is named so."""
    shown = [sheet for sheet in case.sheets if not sheet.is_hidden]
    wanted = Counter(what for sheet in shown for what in sheet.what.values())
    left = sum(row.reason is PassedReason.LEFT for row in roll.passed)
    wrong = []
    if (len(roll.entries), len(roll.flaws)) != (wanted["pupil"], wanted["refused"]):
        wrong.append(f"{len(roll.entries)}, {len(roll.flaws)} refused instead of {wanted}")
    if left != wanted["left"]:
        wrong.append(f"{left} left instead of {wanted['left']}")
    below = sum(len(sheet.rows) - sheet.heading for sheet in shown)
    if len(roll.entries) + len(roll.flaws) + len(roll.passed) != below:
        wrong.append("a row is nowhere, or twice")
    return wrong


def _numbers(case: Case, roll: Roll) -> list[str]:
    """Where a class's book numbers are told and no row was refused, they are the pupils' own."""
    if not case.has_numbers or roll.flaws:
        return []
    true = {(class_of(one.class_code), one.student): one.number for one in case.entries}
    told = {
        (class_of(one.code), pupil.student): pupil.number
        for one in roll.classes(names=True)
        for pupil in one.pupils
    }
    return [] if told == true else [f"numbers {told} instead of {true}"]


if __name__ == "__main__":
    sys.exit(play(lambda seed, folder: wrongs(case_of(seed), folder)))
