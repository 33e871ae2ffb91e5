"""Whatever a sheet holds, reading it costs as much as there is of it, or it is refused."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path
from types import FrameType

import pytest

from controller.register.reading import read_book
from controller.roster.roll import Roll
from controller.roster.sheet import read
from controller.schedule.reading import read_schedule
from controller.sheets.bounds import MAX_CELL, MAX_COLUMNS, MAX_ROWS
from controller.sheets.cells import HEAD_WITHIN, SheetReader, bounded, parse
from controller.sheets.errors import SheetError
from tests.hostile_sheets import KINDS, csv_of, hostile, vast_dimension
from tests.tiers import wide

HERE = SheetReader(parse)
SMALL = {
    "many_columns": 4,
    "long_cells": 1,
    "many_ranges": 100,
    "shared_text": 8,
    "styled_rows": 10,
    "quotes": 2000,
    "worst_for_patterns": 20,
    "deep_xml": 1000,
}


def calls(path: Path) -> int:
    """How many functions are called to read a file as a book, as class lists and as a schedule."""
    count = 0

    def note(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(note)
    try:
        with suppress(SheetError):
            read_book(path, reader=HERE)
        with suppress(SheetError):
            read(path, Roll(), today=date(2026, 9, 5), reader=HERE)
        with suppress(SheetError):
            read_schedule(path, reader=HERE)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("kind", [*[*KINDS][:4], *wide(*[*KINDS][4:])])
def test_work_grows_as_the_file_does(tmp_path: Path, kind: str) -> None:
    """Counted in calls at three sizes: what is twice as much costs twice as much."""
    size = SMALL.get(kind, 60)
    paths = [hostile(kind, tmp_path, times, of=size) for times in (1, 2, 4)]
    calls(paths[-1])  # what is learned once is learned
    one, two, four = map(calls, paths)
    assert four - one <= 3.3 * max(two - one, 100)


def test_fifty_thousand_lines_pass_with_the_titles_above_them() -> None:
    """What is counted is lines: neither the heading nor what stands above it is one."""
    assert len(bounded([["TS-1"]] * (50_000 + HEAD_WITHIN))) == 50_000 + HEAD_WITHIN


@pytest.mark.parametrize("reading", [read_book, read_schedule])
def test_more_than_a_school_has_is_refused(
    tmp_path: Path, reading: Callable[[Path], object]
) -> None:
    """One row, one column, one letter beyond the bounds; a cell in the last row of all."""
    luck = random.Random(1)
    path = tmp_path / "so"
    item = ["1", "TS-1", "Loa"]
    wide = [*item, *["x"] * (MAX_COLUMNS - 2)]
    for write in (
        lambda: csv_of([item] * MAX_ROWS, path),
        lambda: csv_of([wide], path),
        lambda: csv_of([[*item, "x" * (MAX_CELL + 1)]], path),
        lambda: vast_dimension(path, 1_048_576, luck),
    ):
        write()
        with pytest.raises(SheetError) as why:
            reading(path)
        assert why.value.code == "too_big"
