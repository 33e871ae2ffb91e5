"""This file writes tables that spreadsheets open: whatever a cell holds, nothing in it is run."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO, Final

from controller.sheets.text import FORMULA_STARTS

EXCEL_MARK: Final = "\ufeff"  # else Excel takes UTF-8 for the machine's own code page
_PLAIN: Final = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}

# XML 1.0 (2.2) and UTF-8 know no such characters; a carriage return is read as a line feed.
_IMPOSSIBLE: Final = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")

Cell = str | int | float | None


def without_controls(text: str) -> str:
    """The text without what no file can hold; lines end in a line feed."""
    if not _IMPOSSIBLE.search(text):
        return text
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _IMPOSSIBLE.sub("", lines)


def harmless(text: str) -> str:
    """The text, with a quote before what a spreadsheet would run."""
    return f"'{text}" if text.startswith(tuple(FORMULA_STARTS)) else text


def csv_text(rows: Iterable[Iterable[Cell]], *, delimiter: str = ",") -> str:
    """The rows as RFC 4180, each text harmless; None is empty."""
    guarded = ([harmless(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return csv_for_machines(guarded, delimiter=delimiter)


def csv_for_machines(rows: Iterable[Iterable[Cell]], *, delimiter: str = ",") -> str:
    """The rows as RFC 4180, every text as it is: for programs, which run nothing."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue()


@contextmanager
def new_workbook(buffer: BinaryIO) -> Iterator[Any]:
    """An .xlsx workbook that is written into the buffer when the block ends."""
    import xlsxwriter  # type: ignore[import-untyped]  # noqa: PLC0415 - heavy; a CSV needs none

    with xlsxwriter.Workbook(buffer, _PLAIN) as book:
        yield book


def write_row(page: Any, number: int, row: Sequence[Cell], style: Any = None) -> None:
    """Write a worksheet's row from its first column."""
    for column, cell in enumerate(row):
        write_cell(page, number, column, cell, style)


def write_cell(page: Any, row: int, column: int, cell: Cell, style: Any = None) -> None:
    """Write a cell; a text stays a text, whatever it begins with, and None stays empty."""
    match cell:
        case None:
            return
        case str():
            page.write_string(row, column, _unrich(without_controls(cell)), style)
        case _:
            page.write_number(row, column, cell, style)


def _unrich(text: str) -> str:
    """The text as xlsxwriter must be given it.

    It takes a text from <r> to </r> for finished XML of rich text: such a text is made one.
    """
    if not (text.startswith("<r>") and text.endswith("</r>")):
        return text
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f'<r><t xml:space="preserve">{escaped}</t></r>'


def file_name(*parts: str, end: str) -> str:
    """A name of plain letters for every system, such as thiet-bi-00123-2026-11-02.xlsx."""
    plain = ("".join(char if char.isascii() and char.isalnum() else "-" for char in part)
             for part in parts)  # fmt: skip
    return f"{'-'.join(word for part in plain if (word := part.strip('-')))}.{end}"
