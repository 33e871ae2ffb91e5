"""This file reads the tables of a web page, which programs of schools save and call .xls.

A page is one sheet, as it is in Excel: tables and lines of text stand one below another; what spans
rows or columns is merged. Source: HTML, 4.9 (tables); Excel 2003's own attributes.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

from controller.sheets.bounds import MAX_CELL, MAX_COLUMNS, MAX_ROWS, TOO_BIG
from controller.sheets.drafts import BookDraft, SheetDraft
from controller.sheets.text import Cause, Cell, Unreadable, cell_of
from controller.sheets.xml import count_in

_SILENT: Final = frozenset({"script", "style", "title", "comment", "template", "noscript", "xml"})
_BLOCKS: Final = frozenset(
    {"p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dd", "dt", "hr",
     "pre", "center", "form", "section", "article", "header", "footer", "body",
     "caption", "blockquote"}
)  # fmt: skip
_BREAK: Final = "\ue000"  # of a line, until blanks are single
_BLANKS: Final = re.compile(r"[ \t\r\n\f]+")
_DEEPEST: Final = 30  # tables within tables


class NoTableError(ValueError):
    """The page has no table."""


def read_webpage(text: str, book: BookDraft) -> None:
    """Add the page as one sheet. Raises SheetError and NoTableError."""
    page = _Page(book.add(""))
    page.feed(text)
    page.close()
    page.finish()


class _Table:
    """A table that is open: the columns that cells from above still fill, by the rows left.

    spans: cells of several rows or columns, each with its row, column, height and width.
    """

    def __init__(self) -> None:
        self.taken: dict[int, int] = {}
        self.column = 0
        self.spans: list[tuple[int, int, int, int]] = []

    def next_row(self) -> None:
        """A row ends: what spans rows spans one less."""
        self.taken = {at: left - 1 for at, left in self.taken.items() if left > 1}
        self.column = 0

    def place(self, height: int, width: int) -> int:
        """The column of the next cell, which fills so many rows and columns."""
        while self.column in self.taken:
            self.column += 1
        at = self.column
        for column in range(at, min(at + width, MAX_COLUMNS)):
            self.taken[column] = max(height, self.taken.get(column, 0))
        self.column = at + width
        return at


class _Page(HTMLParser):
    """What the parser calls: it keeps one cell, or one line of text, at a time."""

    def __init__(self, sheet: SheetDraft) -> None:
        super().__init__(convert_charrefs=True)
        self._sheet = sheet
        self._tables: list[_Table] = []
        self._row = 0
        self._count = 0
        self._silent = ""
        self._texts: list[str] = []
        self._length = 0
        self._cell: dict[str, str] | None = None  # the attributes of the open cell
        self._is_open = False  # a row

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins; one that may not stand here ends those that are open."""
        if self._silent:
            return
        if tag in _SILENT:
            self._silent = tag
        elif tag == "table":
            self._open_table()
        elif tag == "tr" and self._tables:
            self._end_row()
            self._is_open = True
        elif tag in {"td", "th"} and self._tables:
            self._end_cell()
            self._end_line()
            self._is_open = True
            self._cell = {name: value or "" for name, value in attrs}
        elif tag == "br":
            self._write(_BREAK)
        elif tag in _BLOCKS:
            self._end_block()

    def handle_endtag(self, tag: str) -> None:
        """An element ends."""
        if self._silent:
            self._silent = "" if tag == self._silent else self._silent
        elif tag == "table" and self._tables:
            self._end_table()
        elif tag == "tr" and self._tables:
            self._end_row()
        elif tag in {"td", "th"} and self._tables:
            self._end_cell()
        elif tag in _BLOCKS:
            self._end_block()

    def handle_data(self, data: str) -> None:
        """Text."""
        if not self._silent:
            self._write(_BLANKS.sub(" ", data))

    def finish(self) -> None:
        """The page ends."""
        while self._tables:
            self._end_table()
        self._end_line()
        if not self._count:
            raise NoTableError

    def _write(self, text: str) -> None:
        self._texts.append(text)
        self._length += len(text)
        if self._length > 4 * MAX_CELL:
            raise TOO_BIG

    def _open_table(self) -> None:
        """A table within a cell stands below what the cell said before."""
        if len(self._tables) >= _DEEPEST:
            raise TOO_BIG
        self._end_row()
        self._end_line()
        self._tables.append(_Table())
        self._count += 1

    def _end_table(self) -> None:
        """What spans more rows than the table has ends with it."""
        self._end_row()
        for row, column, height, width in self._tables.pop().spans:
            self._sheet.merge(row, column, min(height, self._row - row), width)

    def _end_block(self) -> None:
        if self._cell is not None:
            self._write(_BREAK)
        else:
            self._end_line()

    def _end_line(self) -> None:
        """A line of text outside of cells is a row by itself."""
        if self._cell is None:
            text = self._text()
            if text:
                self._sheet.put(self._row, 0, cell_of(text))
                self._row += 1

    def _end_row(self) -> None:
        self._end_cell()
        if self._is_open and self._tables:
            self._row += 1
            self._tables[-1].next_row()
        self._is_open = False

    def _end_cell(self) -> None:
        if self._cell is None:
            return
        told, self._cell = self._cell, None
        height = min(count_in(told.get("rowspan")), MAX_ROWS)
        width = min(count_in(told.get("colspan")), MAX_COLUMNS)
        at = self._tables[-1].place(height, width)
        self._sheet.put(self._row, at, _cell(self._text(), told))
        if height > 1 or width > 1:
            self._tables[-1].spans.append((self._row, at, height, width))

    def _text(self) -> str:
        parts = _BLANKS.sub(" ", "".join(self._texts)).split(_BREAK)
        self._texts, self._length = [], 0
        return "\n".join(filter(None, (part.strip(" \u00a0") for part in parts)))


def _cell(text: str, told: dict[str, str]) -> Cell:
    """The cell as the page shows it; Excel's own attributes tell what it is."""
    if "x:err" in told:
        return Unreadable(Cause.ERROR, text)
    if "x:bool" in told:
        return Unreadable(Cause.BOOLEAN, text.upper())
    if "x:fmla" in told and not text:
        return Unreadable(Cause.FORMULA)
    return cell_of(text)
