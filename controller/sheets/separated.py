"""This file parts the text of a CSV into rows, and finds stray quotes; pure.

Python's csv takes all that follows a stray quote for one cell. Here a cell's quotes must be its
own: what they hold may reach over a few lines, and begins no other quoted cell. A quote that a
backslash leads, as some databases write it, is a quote. Source: RFC 4180.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

_LINE_END: Final = re.compile(r"\r\n|\n|\r")
_QUOTED: Final = re.compile(r'"((?:[^"]++|"")*+)"')
_LINES_OF_CELL: Final = 30
_TRIES: Final = 8  # lines at whose end a cell may close, so that no file takes long
_BLANKS: Final = " \u00a0"

# A quoted cell's text and where the next cell begins; None where it does not close.
_Closing = Callable[[str, int, str], tuple[str, int] | None]


class Record(NamedTuple):
    """A row's cells; is_stray: a quote opens in it that does not close, and was left out."""

    cells: list[str]
    is_stray: bool = False


def records(text: str, delimiter: str) -> list[Record]:
    """The rows of a CSV, blank ones too."""
    lines = _LINE_END.split(text)
    if lines[-1] == "":
        lines.pop()
    counts = Counter(line.count(delimiter) + 1 for line in lines if line and '"' not in line)
    width = max(counts, key=lambda each: counts[each], default=0)
    rows: list[Record] = []
    at = 0
    while at < len(lines):
        record, count = _record(lines, at, delimiter, width)
        rows.append(record)
        at += count
    return rows


def _record(lines: Sequence[str], at: int, delimiter: str, width: int) -> tuple[Record, int]:
    """The row that begins with a line, and how many lines it has.

    width: how many cells most rows without a quote have; 0: not known.
    """
    line = lines[at]
    if '"' not in line:
        return Record(line.split(delimiter) if line else []), 1
    for closing in (_closed, _closed_loosely):
        for count in (1, *_ends_of_cell(lines, at, delimiter)):
            joined = _parted("\n".join(lines[at : at + count]), delimiter, closing)
            if joined is not None and _is_one_row(joined, delimiter, width):
                return Record(joined), count
    cells = _parted_without(line, delimiter)
    if len(cells) < width:
        cells = [cell.strip(_BLANKS + '"') for cell in line.split(delimiter)]
    return Record(cells, is_stray=True), 1


def _ends_of_cell(lines: Sequence[str], at: int, delimiter: str) -> list[int]:
    """How many lines the cell may reach over that is open at the end of this one.

    The last of them has a quote that may close it; a line between that has as many delimiters as
    the first one is a row of its own.
    """
    closes = re.compile(rf'"[{_BLANKS}]*(?:{re.escape(delimiter)}|$)')
    wide = lines[at].count(delimiter)
    counts: list[int] = []
    for count, line in enumerate(lines[at + 1 : at + _LINES_OF_CELL], start=2):
        if closes.search(line):
            counts.append(count)
        elif wide and line.count(delimiter) >= wide:
            break
        if len(counts) >= _TRIES:
            break
    return counts


def _is_one_row(cells: Sequence[str], delimiter: str, width: int) -> bool:
    """Whether no quoted cell holds what would be a row itself, or the end of one and a beginning.

    Nor may the row be as wide as the others just when its quotes are no quotes.
    """
    others = len(cells) - 1
    within = sum(cell.count(delimiter) for cell in cells)
    if not others or not within:
        return True
    lines = [cell.count(delimiter) for cell in cells if "\n" in cell]
    if lines and (max(lines) >= others or (len(cells) > width > 0 and any(lines))):
        return False
    return len(cells) >= width or len(cells) + within != width


def _parted(line: str, delimiter: str, closing: _Closing) -> list[str] | None:
    """The cells; None where a quote opens that does not close."""
    cells: list[str] = []
    at = 0
    while at <= len(line):
        if (opens := _opening(line, at)) is None:
            cell, at = _unquoted(line, at, delimiter)
            if "\n" in cell:
                return None  # only quotes hold a line end
        elif (closed := closing(line, opens, delimiter)) is not None:
            cell, at = closed
        else:
            return None
        cells.append(cell)
    return cells


def _parted_without(line: str, delimiter: str) -> list[str]:
    """The cells; a quote that opens and does not close is left out."""
    cells: list[str] = []
    at = 0
    while at <= len(line):
        opens = _opening(line, at)
        closed = _closed_loosely(line, opens, delimiter) if opens is not None else None
        start = at if opens is None else opens + 1
        cell, at = closed or _unquoted(line, start, delimiter)
        cells.append(cell)
    return cells


def _unquoted(line: str, at: int, delimiter: str) -> tuple[str, int]:
    end = line.find(delimiter, at)
    end = len(line) if end < 0 else end
    return line[at:end], end + 1


def _opening(line: str, at: int) -> int | None:
    """The place of the quote that begins a cell, perhaps behind blanks."""
    while at < len(line) and line[at] in _BLANKS:
        at += 1
    return at if line[at : at + 1] == '"' else None


def _closed(line: str, opens: int, delimiter: str) -> tuple[str, int] | None:
    """By the standard: a quote within is written twice."""
    quoted = _QUOTED.match(line, opens)
    end = _next(line, quoted.end(), delimiter) if quoted else None
    return (quoted[1].replace('""', '"'), end) if quoted and end is not None else None


def _closed_loosely(line: str, opens: int, delimiter: str) -> tuple[str, int] | None:
    """As people and some programs write: a quote ends the cell where a delimiter follows."""
    parts: list[str] = []
    start = opens + 1
    while (quote := line.find('"', start)) >= 0:
        if (end := _next(line, quote + 1, delimiter)) is not None:
            return "".join((*parts, line[start:quote])), end
        if line[quote - 1] == delimiter:
            return None  # another quoted cell begins here
        parts.append(line[start:quote].removesuffix("\\") + '"')
        start = quote + 1
    return None


def _next(line: str, at: int, delimiter: str) -> int | None:
    """Where the next cell begins, if nothing but blanks stands before it."""
    while at < len(line) and line[at] in _BLANKS:
        at += 1
    return at + 1 if at == len(line) or line[at] == delimiter else None
