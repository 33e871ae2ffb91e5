"""This file writes a list as people see it, for spreadsheets: one writer for every list."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Final

from controller.sheets.writing import EXCEL_MARK, Cell, csv_text, new_workbook, write_row
from protocol.errors import LopHocError
from protocol.words import N_

MAX_ROWS: Final = 20_000  # more makes Excel and the writer slow
_WIDE: Final = (8, 48)  # a column's least and greatest width, in letters
_AT_ONCE: Final = 1000


class TableFormat(StrEnum):
    """As what a list is written."""

    XLSX = "xlsx"
    CSV = "csv"


class TableTooLongError(LopHocError):
    """A list has more rows than a workbook takes."""


def check_length(rows: int) -> None:
    """Raise TableTooLongError if a workbook does not take so many rows."""
    if rows > MAX_ROWS:
        raise TableTooLongError(
            "too_many_rows",
            N_("These are more rows than a workbook takes, which is 20,000."),
            N_("Choose fewer, such as one area, or take CSV."),
        )


def table_csv(heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """RFC 4180 with the mark that Excel needs, some rows at a time."""
    yield EXCEL_MARK + csv_text([heads])
    part: list[Sequence[Cell]] = []
    for row in rows:
        part.append(row)
        if len(part) == _AT_ONCE:
            yield csv_text(part)
            part.clear()
    yield csv_text(part)


def table_xlsx(title: Sequence[str], heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """A workbook of one sheet: lines that say what it is, the heading, the rows.

    Raises TableTooLongError.
    """
    body = [*rows]
    check_length(len(body))
    buffer, top = io.BytesIO(), len(title) + 1
    with new_workbook(buffer) as book:
        page = book.add_worksheet()
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "vcenter"})
        for number, line in enumerate(title):
            write_row(page, number, [line], bold if number == 0 else None)
        write_row(page, top, heads, bold)
        for number, row in enumerate(body, top + 1):
            write_row(page, number, row)
        for place, head in enumerate(heads):
            cells = (str(row[place] or "") for row in body[:200])
            wide = max(map(len, (head, *cells))) + 2
            page.set_column(place, place, min(max(wide, _WIDE[0]), _WIDE[1]))
        page.freeze_panes(top + 1, 1)
        page.autofilter(top, 0, top + len(body), len(heads) - 1)
        page.ignore_errors({"number_stored_as_text": f"A1:ZZ{top + len(body) + 1}"})
    return buffer.getvalue()
