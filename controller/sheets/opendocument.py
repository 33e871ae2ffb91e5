"""This file reads the sheets of an OpenDocument file: .ods, and .fods, which is one XML alone.

The parser of workbooks tells of these neither merged cells nor errors nor formats of numbers.
Source: OASIS OpenDocument 1.3 part 3, 9.1 (tables), 16.29 (data styles), 19.385 (values).
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from typing import IO, Final

from controller.sheets.bounds import MAX_COLUMNS, MAX_ROWS, TOO_BIG
from controller.sheets.drafts import BookDraft, SheetDraft
from controller.sheets.formats import NumberFormat
from controller.sheets.opendocument_styles import CellStyles
from controller.sheets.text import Cause, Cell, Day, Unreadable, cell_of
from controller.sheets.xml import count_in, local, locals_of, parser_of

_PARTS: Final = ("styles.xml", "content.xml")
_DAY: Final = re.compile(r"^(\d{4})-(\d{2})-(\d{2})")
_TIME: Final = re.compile(r"^PT(\d{1,6})H(\d{1,2})M(\d{1,2})")
# What stands in a cell, and is not the cell's own: comments, drawings; and tables of changes.
_ASIDE: Final = frozenset({"annotation", "frame", "shapes", "tracked-changes", "dde-links"})
_CELLS: Final = frozenset({"table-cell", "covered-table-cell"})


def is_opendocument(raw: bytes) -> bool:
    """Whether a ZIP is such a workbook."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            return "content.xml" in archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError):
        return False


def read_opendocument(raw: bytes, book: BookDraft) -> None:
    """Add the sheets of an .ods or a .fods. Raises SheetError."""
    reader = _Reader(book)
    for part in _streams(raw):
        parser = parser_of(reader.start)
        parser.EndElementHandler = reader.end
        parser.CharacterDataHandler = reader.write
        with part:
            parser.ParseFile(part)


def _streams(raw: bytes) -> Iterator[IO[bytes]]:
    """The XML, that with the common styles first."""
    if not is_opendocument(raw):
        yield io.BytesIO(raw)
        return
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        names = {*archive.namelist()}
        for part in _PARTS:
            if part in names:
                yield archive.open(part)


class _Reader:
    """What the parser calls: it keeps one cell at a time."""

    def __init__(self, book: BookDraft) -> None:
        self._book = book
        self._styles = CellStyles()
        self._hidden: set[str] = set()  # styles of tables
        self._table_style = ""
        self._sheet: SheetDraft | None = None
        self._within: list[str] = []
        self._aside = 0
        self._row = self._column = self._repeated = 0
        self._column_styles: list[str] = []
        self._row_style = ""
        self._told: Mapping[str, str] = {}
        self._texts: list[str] = []
        self._paragraphs = 0
        self._formats: dict[str, NumberFormat | None] = {}

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        name, told = local(tag), locals_of(attributes)
        self._within.append(name)
        if self._aside or name in _ASIDE:
            self._aside += 1
        elif self._sheet is None:
            self._start_outside(name, told)
        elif name in _CELLS:
            self._told, self._texts, self._paragraphs = told, [], 0
        else:
            self._start_inside(name, told)

    def _start_outside(self, name: str, told: Mapping[str, str]) -> None:
        if name == "style" and told.get("family") == "table":
            self._table_style = told.get("name", "")
        elif name == "table-properties" and told.get("display") == "false":
            self._hidden.add(self._table_style)
        elif name == "table" and self._within[-2:-1] == ["spreadsheet"]:
            self._sheet = self._book.add(told.get("name", ""))
            self._sheet.is_hidden = told.get("style-name") in self._hidden
            self._row, self._column_styles = 0, []
        self._styles.start(name, told)

    def _start_inside(self, name: str, told: Mapping[str, str]) -> None:
        match name:
            case "table-column":
                room = MAX_COLUMNS - len(self._column_styles)
                count = min(count_in(told.get("number-columns-repeated")), room)
                self._column_styles += [told.get("default-cell-style-name", "")] * count
            case "table-row":
                self._column = 0
                self._repeated = count_in(told.get("number-rows-repeated"))
                self._row_style = told.get("default-cell-style-name", "")
            case "p":
                self._texts += ["\n"] * bool(self._paragraphs)
                self._paragraphs += 1
            case "line-break":
                self._texts.append("\n")
            case "tab":
                self._texts.append("\t")
            case "s":
                self._texts.append(" " * min(count_in(told.get("c")), 100))
            case _:
                pass

    def write(self, text: str) -> None:
        """Text stands in an element."""
        if self._sheet is None:
            self._styles.write(text)
        elif not self._aside and "p" in self._within[-4:]:
            self._texts.append(text)

    def end(self, tag: str) -> None:
        """An element ends."""
        name = local(tag)
        self._within.pop()
        if self._aside:
            self._aside -= 1
        elif self._sheet is None:
            self._styles.end(name)
        elif name == "table":
            self._sheet = None
        elif name == "table-row":
            self._row += self._repeated
        elif name in _CELLS:
            self._keep(self._sheet, is_covered=name != "table-cell")

    def _keep(self, sheet: SheetDraft, *, is_covered: bool) -> None:
        """Write the cell as often as it is repeated."""
        count = count_in(self._told.get("number-columns-repeated"))
        cell = "" if is_covered else self._cell()
        if cell != "":
            if count > MAX_COLUMNS or self._repeated > MAX_ROWS:
                raise TOO_BIG
            for row in range(self._row, self._row + self._repeated):
                for column in range(self._column, self._column + count):
                    sheet.put(row, column, cell)
        height = count_in(self._told.get("number-rows-spanned"))
        sheet.merge(
            self._row, self._column, height, count_in(self._told.get("number-columns-spanned"))
        )
        self._column += count

    def _cell(self) -> Cell:
        told, text = self._told, "".join(self._texts)
        shown = cell_of(text)
        kind = told.get("value-type", "")
        if kind == "error" or (isinstance(shown, Unreadable) and (kind or "formula" in told)):
            return Unreadable(Cause.ERROR, text)
        match kind:
            case "boolean":
                return Unreadable(Cause.BOOLEAN, told.get("boolean-value", "").upper())
            case "date":
                return _day(told.get("date-value", ""), text)
            case "time":
                return _time(told.get("time-value", ""), text)
            case "float" | "percentage" | "currency":
                return self._number(told.get("value", ""), text)
            case "" if "formula" in told and not self._paragraphs:
                return Unreadable(Cause.FORMULA)
            case _:
                return shown if text else cell_of(told.get("string-value", ""))

    def _number(self, value: str, text: str) -> Cell:
        try:
            number = float(value)
        except ValueError:
            return Unreadable(Cause.ERROR, text or value)
        form = self._format(self._style())
        return (form.text_of(value) if form else None) or number

    def _style(self) -> str:
        """The style of the cell, of its row, of its column."""
        column = self._column_styles[self._column : self._column + 1]
        return self._told.get("style-name") or self._row_style or "".join(column)

    def _format(self, style: str) -> NumberFormat | None:
        if style not in self._formats:
            self._formats[style] = self._styles.format_of(style)
        return self._formats[style]


def _day(value: str, text: str) -> Cell:
    match = _DAY.match(value)
    return Day(*map(int, match.groups())) if match else Unreadable(Cause.ERROR, text or value)


def _time(value: str, text: str) -> Cell:
    match = _TIME.match(value)
    shown = "{:02}:{:02}:{:02}".format(*map(int, match.groups())) if match else text or value
    return Unreadable(Cause.TIME, shown)
