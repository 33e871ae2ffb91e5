"""This file reads the sheets of a SpreadsheetML file, as Excel 2003 and many programs write it.

Such a file is XML alone, and mostly called .xls. Source: Microsoft, XML Spreadsheet Reference.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from controller.sheets.drafts import BookDraft, SheetDraft
from controller.sheets.formats import NumberFormat, number_format
from controller.sheets.text import Cause, Cell, Day, Unreadable, cell_of
from controller.sheets.xml import count_in, local, locals_of, parser_of

_MOMENT: Final = re.compile(r"^(\d{4})-(\d{2})-(\d{2})T(\d{2}:\d{2}:\d{2})")
_TIMES: Final = ("1899-12-3", "1900-01-00")  # the day before Excel's calendar: a time alone
_NAMED: Final = {"Fixed": "0.00"}  # the named format that shows 1.1 as 1.10


def read_spreadsheetml(raw: bytes, book: BookDraft) -> None:
    """Add the sheets of such a file. Raises SheetError."""
    reader = _Reader(book)
    parser = parser_of(reader.start)
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.write
    parser.Parse(raw, True)


class _Reader:
    """What the parser calls: it keeps one cell at a time."""

    def __init__(self, book: BookDraft) -> None:
        self._book = book
        self._formats: dict[str, NumberFormat | None] = {}
        self._style = ""
        self._sheet: SheetDraft | None = None
        self._within: list[str] = []
        self._row = self._column = 0
        self._told: Mapping[str, str] = {}
        self._row_style = ""
        self._column_styles: dict[int, str] = {}
        self._kind: str | None = None
        self._texts: list[str] = []
        self._visible: list[str] | None = None

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        name, told = local(tag), locals_of(attributes)
        above = self._within[-1] if self._within else ""
        self._within.append(name)
        match name:
            case "Style":
                self._style = told.get("ID", "")
            case "NumberFormat" if above == "Style":
                code = told.get("Format", "")
                self._formats[self._style] = number_format(_NAMED.get(code, code))
            case "Worksheet":
                self._sheet = self._book.add(told.get("Name", ""))
                self._row, self._column_styles = -1, {}
            case "Visible":
                self._visible = []
            case "Column" if above == "Table":
                self._column = self._next(self._column, told)
                self._style_columns(told)
            case "Table":
                self._column = -1
            case "Row":
                self._row = self._next(self._row, told)
                self._row_style, self._column = told.get("StyleID", ""), -1
            case "Cell":
                self._column = self._next(self._column, told)
                self._told, self._kind, self._texts = told, None, []
            case "Data" if above == "Cell":
                self._kind = told.get("Type", "String")
            case _:
                pass

    def _next(self, before: int, told: Mapping[str, str]) -> int:
        """The place of what begins: its own index, or behind the one before."""
        return count_in(told.get("Index"), before + 2) - 1

    def _style_columns(self, told: Mapping[str, str]) -> None:
        more = min(count_in(told.get("Span"), 0), 256)
        for column in range(self._column, self._column + more + 1):
            self._column_styles[column] = told.get("StyleID", "")
        self._column += more

    def write(self, text: str) -> None:
        """Text stands in an element."""
        if self._visible is not None:
            self._visible.append(text)
        elif self._kind is not None and "Data" in self._within and "Comment" not in self._within:
            self._texts.append(text)

    def end(self, tag: str) -> None:
        """An element ends."""
        name = local(tag)
        self._within.pop()
        if self._sheet is None:
            return
        match name:
            case "Cell":
                height = count_in(self._told.get("MergeDown"), 0) + 1
                width = count_in(self._told.get("MergeAcross"), 0) + 1
                self._sheet.put(self._row, self._column, self._cell())
                self._sheet.merge(self._row, self._column, height, width)
                self._column += width - 1
            case "Visible":
                self._sheet.is_hidden = "".join(self._visible or []).strip() != "SheetVisible"
                self._visible = None
            case "Worksheet":
                self._sheet = None
            case _:
                pass

    def _cell(self) -> Cell:
        text = "".join(self._texts)
        match self._kind:
            case None:
                return Unreadable(Cause.FORMULA) if "Formula" in self._told else ""
            case "Error":
                return Unreadable(Cause.ERROR, text)
            case "Boolean":
                return Unreadable(Cause.BOOLEAN, "TRUE" if text.strip() == "1" else "FALSE")
            case "DateTime":
                return _moment(text)
            case "Number":
                return self._number(text)
            case _:
                return cell_of(text)

    def _number(self, text: str) -> Cell:
        if not text.strip() and "Formula" in self._told:
            return Unreadable(Cause.FORMULA)
        try:
            number = float(text)
        except ValueError:
            return cell_of(text)
        style = (
            self._told.get("StyleID")
            or self._row_style
            or self._column_styles.get(self._column, "")
        )
        form = self._formats.get(style)
        return (form.text_of(text) if form else None) or number


def _moment(text: str) -> Cell:
    """A day, or a time alone."""
    match = _MOMENT.match(text)
    if match is None:
        return Unreadable(Cause.ERROR, text)
    if text.startswith(_TIMES):
        return Unreadable(Cause.TIME, match[4])
    return Day(int(match[1]), int(match[2]), int(match[3]))
