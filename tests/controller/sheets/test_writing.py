"""What is written for spreadsheets is read back as it was, and nothing of it is run."""

from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from controller.sheets.text import FORMULA_STARTS
from controller.sheets.writing import (
    Cell,
    csv_text,
    file_name,
    harmless,
    new_workbook,
    without_controls,
    write_row,
)

TRAPS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0", "<r>rich</r>", "007"]


def read_workbook(rows: list[list[Cell]]) -> list[list[object]]:
    """The rows as a spreadsheet has them."""
    buffer = io.BytesIO()
    with new_workbook(buffer) as book:
        page = book.add_worksheet("Trang")
        for number, row in enumerate(rows):
            write_row(page, number, row)
    return (
        CalamineWorkbook.from_filelike(io.BytesIO(buffer.getvalue()))
        .get_sheet_by_index(0)
        .to_python()
    )


@given(st.text(max_size=20) | st.sampled_from(TRAPS))
def test_no_text_begins_as_a_formula_does(text: str) -> None:
    """A quote before it, and nothing else changes."""
    safe = harmless(text)
    assert not safe.startswith(tuple(FORMULA_STARTS))
    assert safe.removeprefix("'") == text.removeprefix("'")


@given(
    st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1), max_size=4)
)
def test_a_csv_is_read_back_as_it_was(rows: list[list[str]]) -> None:
    """Separators, quotes and line ends within cells."""
    text = csv_text(rows, delimiter=";")
    read = list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))
    assert read == [[harmless(cell) for cell in row] for row in rows]


def test_numbers_stay_numbers_and_what_is_not_known_is_empty() -> None:
    """A negative number is no formula."""
    assert csv_text([["a", -5, 1.5, None]]) == "a,-5,1.5,\r\n"
    assert read_workbook([["a", -5, 1.5, None, "b"]]) == [["a", -5.0, 1.5, "", "b"]]


@pytest.mark.parametrize("text", TRAPS, ids=repr)
def test_a_workbooks_text_is_a_text(text: str) -> None:
    """Neither a formula nor finished XML, and its zeros stay."""
    assert read_workbook([[text, "end"]]) == [[without_controls(text), "end"]]


def test_what_no_file_can_hold_is_left_out() -> None:
    """Half a surrogate pair would end the whole file."""
    assert without_controls("a\x00b\ud800c\r\nd\re") == "abc\nd\ne"
    assert read_workbook([["a\x00b\ufffe", "end"]]) == [["ab", "end"]]


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        (("diem-danh", "10A1", "2026-11-02"), "diem-danh-10A1-2026-11-02.xlsx"),
        (("thiet-bi", "", "2026-11-02"), "thiet-bi-2026-11-02.xlsx"),
        (("thiet-bi", "../../etc", "2"), "thiet-bi-etc-2.xlsx"),
        (("lop", 'Đ"1;\r\n', "2"), "lop-1-2.xlsx"),
        (("lop", "10/1", "2"), "lop-10-1-2.xlsx"),
    ],
)
def test_a_file_has_a_name_that_every_system_takes(parts: tuple[str, ...], name: str) -> None:
    """No part of it is a path, a quote or an end of a header's line."""
    assert file_name(*parts, end="xlsx") == name


@given(st.lists(st.text(max_size=10), min_size=1, max_size=4))
def test_whatever_the_parts_the_name_is_plain(parts: list[str]) -> None:
    """Letters, digits, hyphens, one dot."""
    assert re.fullmatch(r"[A-Za-z0-9-]+\.csv", file_name("x", *parts, end="csv"))
