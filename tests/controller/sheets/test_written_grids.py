"""One grid means the same, whichever kind of file it is: each is read against one model.

As a program it tries as many grids as one likes:
python -m tests.controller.sheets.test_written_grids FIRST LAST.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.sheets.cells import workbook
from controller.sheets.text import Cause, Cell, Day, Unreadable
from controller.sheets.worksheet import Worksheet
from tests.controller.sheets.written_grids import (
    BLANK,
    ERRORS,
    MANY,
    WRITERS,
    Grid,
    Number,
    Odd,
    Written,
    grid_of,
    merged,
    write_xls,
)
from tests.seeds import play

SEEDS = range(6)


@pytest.mark.parametrize("kind", WRITERS)
def test_a_grid_is_read_the_same_from_every_kind_of_file(tmp_path: Path, kind: str) -> None:
    """Merged, in error, without a result, boolean, a date, a time, shown by a format."""
    assert {seed: wrong for seed in SEEDS if (wrong := wrongs(grid_of(seed), kind, tmp_path))} == {}


@pytest.mark.parametrize("kind", WRITERS)
def test_every_error_is_one_in_every_kind_of_file(tmp_path: Path, kind: str) -> None:
    """None is a text, a number or an empty cell, wherever in the grid it stands."""
    errors: list[Written] = [*ERRORS]
    rows = [["tên", "mã"], *([error, "x"] for error in errors), *(["y", one] for one in errors)]
    grid = Grid([*rows, ["cuối", "cuối"]])
    assert wrongs(grid, kind, tmp_path) == []


def test_a_long_xls_stands_in_big_sectors(tmp_path: Path) -> None:
    """A container keeps what is long in another way than what is short."""
    grid, path = grid_of(1), tmp_path / "a.xls"
    write_xls(grid, path, more=MANY)
    [told, more] = workbook(path, days=True)
    assert told.rows == expected(grid, "xls")
    assert more.rows == [[f"dòng {row}"] for row in range(MANY)]


def wrongs(grid: Grid, kind: str, folder: Path) -> list[str]:
    """What is read otherwise than the model says."""
    path = folder / f"a.{kind}"
    WRITERS[kind](grid, path)
    sheets = workbook(path, days=True)
    wrong = [] if _hidden(sheets) == _has_hidden(kind) else ["the hidden sheet"]
    true = expected(grid, kind)
    for at, (row, own) in enumerate(zip(sheets[0].rows, true, strict=False)):
        wrong += [f"row {at}: {row} instead of {own}"] * (row != own)
    spans = {(span.top, span.left, span.bottom, span.right) for span in sheets[0].spans}
    wrong += [f"spans: {spans}"] * (spans != {*map(tuple, grid.ranges)})
    return wrong + ["rows"] * (len(sheets[0].rows) != len(true))


def expected(grid: Grid, kind: str) -> list[list[Cell]]:
    """The cells by the model; a web page shows texts alone."""
    of = _shown if kind.startswith("html") else _cell
    return merged(grid, [[of(cell) for cell in row] for row in grid.rows])


def _cell(cell: Written) -> Cell:
    match cell:
        case Number(value, form):
            return value if form is None else cell.shown
        case Odd.TRUE:
            return Unreadable(Cause.BOOLEAN, "TRUE")
        case Odd.NO_RESULT:
            return Unreadable(Cause.FORMULA)
        case dt.time():
            return Unreadable(Cause.TIME, f"{cell:%H:%M:%S}")
        case dt.date():
            return Day(cell.year, cell.month, cell.day)
        case str():
            return Unreadable(Cause.ERROR, cell) if cell in ERRORS else cell
        case _:
            return ""


def _shown(cell: Written) -> Cell:
    match cell:
        case Number():
            return cell.shown
        case dt.time():
            return f"{cell:%H:%M}"
        case dt.date():
            return f"{cell:%d/%m/%Y}"
        case _:
            return "" if cell == BLANK else _cell(cell)


def _hidden(sheets: list[Worksheet]) -> list[str]:
    return [sheet.name for sheet in sheets if sheet.is_hidden]


def _has_hidden(kind: str) -> list[str]:
    return [] if kind.startswith("html") else ["Ẩn"]


def _wrongs_of_all(seed: int, folder: Path) -> Iterator[str]:
    """What is wrong with a grid, in each kind of file."""
    for kind in WRITERS:
        yield from (f"{kind}: {wrong}" for wrong in wrongs(grid_of(seed), kind, folder))


if __name__ == "__main__":
    sys.exit(play(_wrongs_of_all))
