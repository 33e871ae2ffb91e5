"""This file finds the tables in a sheet: headings, the rows below, the titles above; pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from controller.schedule.findings import RowReason, SheetFindings
from controller.schedule.headings import HEAD_WITHIN, Heading, field_of, heading_of
from controller.schedule.weekdays import periods_of
from controller.sheets.text import Cell, RefusedError, display_of, is_empty
from controller.sheets.worksheet import Span, Worksheet, cell_at, headings_at

Row = Sequence[Cell]
_TITLE_CELLS: Final = 3  # a row of titles has no more of them filled
_TITLE_ROWS: Final = 8  # above a heading further down
_TITLE_CHARS: Final = 200


class Table(NamedTuple):
    """A table of a sheet: its heading, the rows under it by number, the titles above it.

    heads: the heading's row and the one below. wide: ranges that are merged over columns, by row.
    """

    heading: Heading
    heads: tuple[Row, Row]
    rows: list[tuple[int, Row]]
    titles: list[str]


def tables_in(sheet: Worksheet, known: Collection[str], found: SheetFindings) -> list[Table]:
    """The sheet's tables, from the top. known: keys of the classes that have lists.

    found: is told the rows that are headings, titles and blank.
    """
    rows = _spread(sheet)
    found.rows = len(rows)
    headings = [*_headings(rows, known)]
    tables: list[Table] = []
    first = 0
    ends = [*(at for at, _ in headings), len(rows)][1:]
    for (at, heading), end in zip(headings, ends, strict=True):
        titles = _titles(rows, at, first, tables)
        begin = at + heading.depth
        first = begin
        heads = (rows[at], rows[at + 1] if at + 1 < len(rows) else [])
        body = [*enumerate(rows[begin:end], begin + 1)]
        tables.append(Table(heading, heads, body, [title for _, title in titles]))
        _name(found, {number for number, _ in titles}, RowReason.TITLE)
        _name(found, range(at + 1, begin + 1), RowReason.HEADING)
        found.headings.append(at + 1)
    _name(found, (no for no, row in enumerate(rows, 1) if all(map(is_empty, row))), RowReason.BLANK)
    return [
        table._replace(rows=[(no, row) for no, row in table.rows if no not in found.named])
        for table in tables
    ]


def _name(found: SheetFindings, numbers: Iterable[int], reason: RowReason) -> None:
    for number in numbers:
        found.named.setdefault(number, reason)


def _spread(sheet: Worksheet) -> list[Row]:
    """The rows, with what is merged over columns in each of them."""
    wide = defaultdict[int, list[Span]](list)
    for span in sheet.spans:
        for row in range(span.top, span.bottom + 1) if span.right > span.left else ():
            wide[row].append(span)
    return [
        headings_at(Worksheet(sheet.name, sheet.rows, spans=wide[at]), at) if at in wide else row
        for at, row in enumerate(sheet.rows)
    ]


def _headings(rows: Sequence[Row], known: Collection[str]) -> Iterator[tuple[int, Heading]]:
    """The rows that are headings; the first stands among the first rows."""
    at, is_found = 0, False
    while at < len(rows) and (is_found or at < HEAD_WITHIN):
        below = rows[at + 1] if at + 1 < len(rows) else []
        heading = heading_of(rows[at], below, known)
        if heading is not None:
            is_found = True
            yield at, heading
        at += heading.depth if heading else 1


def _titles(
    rows: Sequence[Row], at: int, first: int, tables: Sequence[Table]
) -> list[tuple[int, str]]:
    """The titles above a heading by their rows: all above the first, the nearest above others."""
    titles: list[tuple[int, str]] = []
    for place in range(at - 1, first - 1, -1):
        row = rows[place]
        if tables and (at - place > _TITLE_ROWS or not _is_title(row, tables[-1].heading)):
            break
        text = " ".join(dict.fromkeys(display_of(cell) for cell in row if not is_empty(cell)))
        if text:
            titles.append((place + 1, text[:_TITLE_CHARS]))
    return titles[::-1]


def _is_title(row: Row, before: Heading) -> bool:
    """Whether a row is no line of the table before: little is in it, and no period."""
    filled = {display_of(cell) for cell in row if not is_empty(cell)}
    try:
        periods_of(cell_at(row, before.column("period")))
    except RefusedError:
        return len(filled) <= _TITLE_CELLS and not any(map(field_of, row))
    return not filled
