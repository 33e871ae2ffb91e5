"""These tests hold that a CSV's rows stay apart, whatever quotes stand in them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.sheets.cells import bounded_bytes, csv_rows, sheets_in
from controller.sheets.errors import SheetError
from controller.sheets.separated import records
from controller.sheets.text import Cause, Cell, Unreadable

HEAD = ["stt", "tag", "name", "room"]
plain = st.text("ab \u1ecd'\\;,\t", max_size=6).map(str.strip)
quoted = st.text('ab"\u1ecd;,\\ ', max_size=6).map(str.strip)
lines = st.lists(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=4).map("\n".join)


cells = plain | quoted | lines


@given(
    rows=st.integers(2, 5).flatmap(lambda n: st.lists(st.lists(cells, min_size=n, max_size=n))),
    delimiter=st.sampled_from(";,\t"),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_what_a_program_wrote_is_read_as_it_was(
    rows: list[list[str]], delimiter: str, end: str
) -> None:
    """Python's own writer is the model: quotes, delimiters and line ends in cells come back."""
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(rows)
    told = records(file.getvalue(), delimiter)
    assert [record.cells for record in told] == rows
    assert not any(record.is_stray for record in told)


@given(
    names=st.lists(st.sampled_from(["Tivi", '24"', '"x"', "a b", ""]), min_size=1, max_size=12),
    strays=st.sets(st.integers(0, 11)),
    column=st.integers(1, 3),
)
def test_a_stray_quote_costs_no_row(names: list[str], strays: set[int], column: int) -> None:
    """Each line stays a row of its own, and those with a stray quote are named."""
    rows = [[f"{number}", f"T{number}", name, "P1"] for number, name in enumerate(names)]
    stray = {number for number in strays if number < len(rows)}
    for number in stray:
        rows[number][column] = '"Man 75'
    _, *told = records("\n".join(map(";".join, [HEAD, *rows])), ";")
    assert len(told) == len(rows)
    assert {place for place, record in enumerate(told) if record.is_stray} == stray
    assert all(told[number].cells[column] == "Man 75" for number in stray)
    assert all(len(record.cells) == len(HEAD) for record in told)


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ('1;"75\\" LG";c', ["1", '75" LG', "c"]),
        ('1; "a;b" ;c', ["1", "a;b", "c"]),
        ('1;24" LG;c', ["1", '24" LG', "c"]),
        ('1;"20" LG";c', ["1", '20" LG', "c"]),
        ('1;"C:\\";c', ["1", "C:\\", "c"]),
        ('1;"Man;SN;"P203";x', ["1", "Man", "SN", "P203", "x"]),
        ('1;"Man;a\n2;Tivi 24";a', ["1", "Man", "a"]),
    ],
)
def test_quotes_as_people_write_them(line: str, cells: list[str]) -> None:
    """Backslashes, blanks before a quote, inches in a cell."""
    assert records(line, ";")[0].cells == cells


def test_hostile_quotes_take_as_many_steps_as_there_are_letters() -> None:
    """A megabyte of open quotes is read; it took minutes if each were looked for to the end."""
    text = '"a;' * 200 + "\n"
    told = records(text * 1_000, ";")
    assert len(told) == 1_000
    assert all(record.is_stray for record in told)


def _headed(rows: list[list[Cell]]) -> int:
    return max(sum(cell in HEAD for cell in row) for row in rows)


def _sheet(tmp_path: Path, text: str) -> tuple[list[list[Cell]], list[tuple[str, int, str]]]:
    path = tmp_path / "a.csv"
    path.write_text(text, "utf-8")
    [sheet], notices = sheets_in(path, bounded_bytes(path), _headed)
    return sheet.rows, [(notice.code, notice.row, notice.value) for notice in notices]


def test_a_row_with_more_cells_than_its_heading_is_refused_by_number(tmp_path: Path) -> None:
    """Which cell is which is not known: none of them is taken, and the others stay."""
    text = "title\nstt;tag;name;room\n1;T1;May; chieu;P203\n2;T2;Tivi;P204\n"
    rows, notices = _sheet(tmp_path, text)
    assert notices == [("row_too_wide", 3, "3")]
    assert rows[2] == [
        Unreadable(Cause.SHIFTED, text) for text in ("1", "T1", "May", "chieu", "P203")
    ]
    assert rows[3] == ["2", "T2", "Tivi", "P204"]


def test_a_column_without_a_heading_and_a_wider_table_below_shift_nothing(tmp_path: Path) -> None:
    """Where most rows are wider it is a column of notes; a heading below begins another table."""
    rows, notices = _sheet(tmp_path, "stt;tag\n1;T1;x\n2;T2;y\n3;T3;z\n4;T4\n")
    assert (rows[1], notices) == (["1", "T1", "x"], [])
    rows, notices = _sheet(tmp_path, "stt;tag;\n1;T1;x\n2;T2;\n")
    assert (rows[1], notices) == (["1", "T1", "x"], [])
    rows, notices = _sheet(tmp_path, "stt;tag\n1;T1\nstt;tag;room\n1;T1;P203\n")
    assert (rows[3], notices) == (["1", "T1", "P203"], [])


def test_a_stray_quote_is_told_with_its_row(tmp_path: Path) -> None:
    """For a person a notice with the rows; a program's own file is refused."""
    text = 'stt;tag;name;room\n1;T1;"Man;P203\n2;T2;Tivi;P204\n'
    rows, notices = _sheet(tmp_path, text)
    assert notices == [("quote_unclosed", 2, "2")]
    assert rows[1:] == [["1", "T1", "Man", "P203"], ["2", "T2", "Tivi", "P204"]]
    with pytest.raises(SheetError) as refused:
        csv_rows(text, ";")
    assert (refused.value.code, "2" in str(refused.value)) == ("quote_unclosed", True)


SAVED_ERRORS = (
    *("#REF!", "#N/A", "#DIV/0!", "#NAME?", "#VALUE!", "#NULL!", "#NUM!", "Err:502", "####"),
    *(" #VALUE!", "#value!", "#N/A ", "#SPILL!", "#CALC!", "#ERROR!", "#GETTING_DATA", "#FIELD!"),
)


@pytest.mark.parametrize("text", SAVED_ERRORS)
def test_an_error_that_was_saved_as_text_is_no_text(tmp_path: Path, text: str) -> None:
    """Spreadsheets save cells in error, and cells too narrow, as these words."""
    rows, _ = _sheet(tmp_path, f"stt;tag\n1;{text}\n2;#1\n3;#VALUES\n4;Error!\n")
    own = [["2", "#1"], ["3", "#VALUES"], ["4", "Error!"]]
    assert rows[1:] == [["1", Unreadable(Cause.ERROR, text.strip())], *own]
