"""This file is a sheet as a program sees it: rows of cells, merged ranges, what could not be read.

Pure. Places count from 0, rows of notices and flaws as a person counts them, from 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import msgspec

from controller.sheets.errors import Notice
from controller.sheets.text import Cause, Cell, Unreadable, display_of
from protocol.words import N_

_HIDDEN: Final = N_('The sheet "{value}" is hidden and was left out.')
FLAW_MESSAGES: Final[Mapping[str, str]] = {
    "quote_unclosed": N_(
        'A cell begins with a " that does not close; it was read without it. Rows: {value}'
    ),
    "row_too_wide": N_(
        "A row has more cells than the heading: a separator stands in a cell. Rows: {value}"
    ),
    "letters_lost": N_("Letters were lost, or their font is not Unicode. Rows: {value}"),
}


_NAMED: Final = 30
_USUAL: Final = 3


class Span(msgspec.Struct, frozen=True):
    """A merged range: the places of its first and last row and column."""

    top: int
    left: int
    bottom: int
    right: int


class RowFlaw(msgspec.Struct, frozen=True):
    """A row that the file itself tells wrongly; code: of FLAW_MESSAGES."""

    row: int
    code: str


class Worksheet(msgspec.Struct, frozen=True):
    """A sheet's name and its cells, row by row from the first.

    A cell merged over rows stands in each of them; one merged over columns in the first alone, see
    headings_at. is_text: it came from a CSV, which has no numbers, dates or merged cells.
    """

    name: str
    rows: list[list[Cell]]
    is_hidden: bool = False
    is_text: bool = False
    spans: list[Span] = []
    flaws: list[RowFlaw] = []


def lost_rows(rows: Sequence[Sequence[Cell]]) -> list[RowFlaw]:
    """The rows with a cell whose letters are lost."""
    return [
        RowFlaw(row, "letters_lost")
        for row, cells in enumerate(rows, 1)
        if any(isinstance(cell, Unreadable) and cell.cause is Cause.LETTERS for cell in cells)
    ]


def notices_of(flaws: Sequence[RowFlaw], file: str) -> list[Notice]:
    """One notice for each kind of flaw, which names the rows."""
    notices: list[Notice] = []
    for code, message in FLAW_MESSAGES.items():
        rows = [flaw.row for flaw in flaws if flaw.code == code]
        names = ", ".join(map(str, rows[:_NAMED])) + (", ..." if rows[_NAMED:] else "")
        if rows:
            notices.append(Notice(file=file, code=code, message=message, value=names, row=rows[0]))
    return notices


def _wide(
    rows: list[list[Cell]],
    widths: Sequence[int],
    at: int,
    headed: Callable[[list[list[Cell]]], int],
) -> list[int]:
    """The places of the rows that are wider than the heading above them.

    A row that is moved by one cell may end with an empty one, which counts too.
    """
    width = widths[at]
    wide: list[int] = []
    for place in range(at + 1, len(rows)):
        if widths[place] <= width:
            continue
        if headed([rows[place]]) > 1:
            width = widths[place]  # another table
        else:
            wide.append(place)
    return wide


def refuse_wide(
    rows: list[list[Cell]],
    widths: Sequence[int],
    headed: Callable[[list[list[Cell]]], int],
    within: int,
) -> list[RowFlaw]:
    """Make the cells unreadable of rows that have more than their heading, and name these rows.

    widths: of the rows as the file has them, an empty heading at the end counted. headed: how many
    headings rows have; within: rows at the top that the heading is one of. Where most rows are so
    wide, a column has no heading.
    """
    near = range(min(within, len(rows)))
    at = max(near, key=lambda place: headed([rows[place]]), default=0)
    if not rows or not headed([rows[at]]):
        return []
    wide = _wide(rows, widths, at, headed)
    if len(wide) >= _USUAL and len(wide) * 2 > len(rows) - at:
        return []
    for place in wide:
        rows[place] = [
            Unreadable(Cause.SHIFTED, display_of(cell)) if cell != "" else ""
            for cell in rows[place]
        ]
    return [RowFlaw(place + 1, "row_too_wide") for place in wide if rows[place]]


def cell_at(row: Sequence[Cell], place: int | None) -> Cell:
    """The cell in a column; empty where the row or the sheet has none."""
    return row[place] if place is not None and place < len(row) else ""


def headings_at(sheet: Worksheet, place: int) -> list[Cell]:
    """A row as headings: what is merged over several columns heads each of them."""
    cells = list(sheet.rows[place])
    for span in sheet.spans:
        if span.top <= place <= span.bottom and span.left < len(cells):
            head = cells[span.left]
            missing = span.right + 1 - len(cells)
            cells += [""] * missing
            cells[span.left : span.right + 1] = [head] * (span.right + 1 - span.left)
    return cells


def fill_down(rows: Sequence[list[Cell]], spans: Iterable[Span]) -> None:
    """Write what is merged over several rows into each of them."""
    for span in spans:
        head = cell_at(rows[span.top], span.left) if span.top < len(rows) else ""
        if head == "":
            continue
        for row in rows[span.top + 1 : span.bottom + 1]:
            row.extend([""] * (span.left + 1 - len(row)))
            row[span.left] = head


def visible(sheets: Sequence[Worksheet], file: str) -> tuple[list[Worksheet], list[Notice]]:
    """The sheets that a person sees, and a notice of each other one."""
    notices = [
        Notice(file=file, code="sheet_hidden", message=_HIDDEN, value=sheet.name, sheet=sheet.name)
        for sheet in sheets
        if sheet.is_hidden
    ]
    return [sheet for sheet in sheets if not sheet.is_hidden], notices
