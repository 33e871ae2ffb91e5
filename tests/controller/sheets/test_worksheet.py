"""What a workbook's grid means holds: merged cells, hidden sheets, cells without text."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import xlsxwriter

from controller.sheets.cells import workbook
from controller.sheets.text import (
    CELL_MESSAGES,
    Cause,
    Cell,
    Day,
    RefusedError,
    Unreadable,
    display_of,
    is_empty,
    text_of,
)
from controller.sheets.worksheet import Span, headings_at, visible


def test_a_merged_cell_speaks_for_its_whole_range(tmp_path: Path) -> None:
    """Over rows it stands in each of them; over columns a heading heads each of them."""
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("P203")
        sheet.merge_range("A1:B1", "Họ và tên")
        sheet.write_row("A2", ["Nguyễn", "An", "x"])
        sheet.merge_range("C3:C5", "P203")
        sheet.merge_range("D2:E5", "xa")
        sheet.write_column("A3", [1, 2, 3])
    [told] = workbook(path)
    assert told.rows[1] == ["Nguyễn", "An", "x", "xa"]
    assert [row[2] for row in told.rows[2:]] == ["P203"] * 3
    assert [row[3] for row in told.rows[1:]] == ["xa"] * 4
    assert told.rows[0] == ["Họ và tên"]
    assert headings_at(told, 0) == ["Họ và tên", "Họ và tên"]
    assert Span(2, 2, 4, 2) in told.spans


def test_a_hidden_sheet_is_left_out_with_a_notice(tmp_path: Path) -> None:
    """What nobody sees is not imported, and the person is told so."""
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        names = ["cũ", "rất cũ", "mới"]
        old, older, new = (book.add_worksheet(name) for name in names)
        old.hide()
        older.very_hidden()
        new.activate()
        new.set_first_sheet()
    sheets, notices = visible(workbook(path), path.name)
    assert [sheet.name for sheet in sheets] == ["mới"]
    assert [(notice.code, notice.sheet) for notice in notices] == [
        ("sheet_hidden", "cũ"),
        ("sheet_hidden", "rất cũ"),
    ]
    assert [notice.said(str)["sheet"] for notice in notices] == ["cũ", "rất cũ"]


def test_cells_that_are_no_text_are_not_blank(tmp_path: Path) -> None:
    """A boolean, a time and a date are told as such; a date is a day where days are asked for."""
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_boolean(0, 0, True)
        time = book.add_format({"num_format": "hh:mm:ss"})
        sheet.write_datetime(0, 1, dt.time(7, 15), time)
        sheet.write_datetime(0, 2, dt.date(2026, 9, 2), book.add_format({"num_format": "d/m/yy"}))
    [told] = workbook(path)
    assert told.rows == [
        [
            Unreadable(Cause.BOOLEAN, "TRUE"),
            Unreadable(Cause.TIME, "07:15:00"),
            Unreadable(Cause.DATE, "02/09/2026"),
        ]
    ]
    [told] = workbook(path, days=True)
    assert told.rows[0][2] == Day(2026, 9, 2)


@pytest.mark.parametrize("cell", [*map(Unreadable, Cause), Day(2026)])
def test_what_cannot_be_read_is_refused_by_name(cell: Cell) -> None:
    """Never taken for an empty cell, which would erase what is stored."""
    with pytest.raises(RefusedError) as refused:
        text_of(cell)
    assert str(refused.value) in CELL_MESSAGES
    assert not is_empty(cell)


def test_a_cell_is_given_back_as_it_was_seen() -> None:
    """In the file of refused rows a person finds what stood there."""
    cells: list[Cell] = [Day(2026, 9, 2), Unreadable(Cause.ERROR, "#REF!"), " a ", 2.0]
    assert [display_of(cell) for cell in cells] == ["02/09/2026", "#REF!", "a", "2"]
    assert [is_empty(cell) for cell in ["", " \u200b", "a", 0.0]] == [True, True, False, False]
