"""This file amends an .xlsx sheet by what its XML tells and the parser does not.

That is errors, formulas without a result, and numbers that their format shows as other text.
Source: ECMA-376 part 1, 18.3.1.4 (cells), 18.8.30 and 18.8.31 (number formats).
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import IO, Final, Self

from controller.sheets.formats import NumberFormat, number_format
from controller.sheets.text import Cause, Cell, Unreadable
from controller.sheets.xml import local, parser_of

_CHUNK: Final = 1 << 20
_NOTABLE: Final = re.compile(rb"""<(?:\w+:)?f[\s/>]|\bt=["']e""")
_OVERLAP: Final = 64  # bytes of the chunk before, so that nothing notable is cut in two
_LETTERS: Final = re.compile("[A-Z]+")
_FIXED: Final = 2  # of the formats that are not written down, the one that shows 1.1 as 1.10

Table = list[list[Cell]]


class OpenXml:
    """The parts of one .xlsx that are looked at; names of parts without case."""

    def __init__(self, path: Path) -> None:
        self._archive = zipfile.ZipFile(path)
        self._parts = {_part(info.filename): info for info in self._archive.infolist()}
        self._formats = dict(self._number_formats())
        self._sheets = dict(self._sheet_parts())

    def __enter__(self) -> Self:
        """Open until the block ends."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self._archive.close()

    def amend(self, name: str, rows: Table) -> None:
        """Put into the rows of the sheet by that name what they lack."""
        part = self._sheets.get(name, "")
        if part not in self._parts or not (self._formats or self._is_notable(part)):
            return
        parser = _Cells(rows, self._formats).parser
        with self._open(part) as file:
            parser.ParseFile(file)

    def _open(self, part: str) -> IO[bytes]:
        return self._archive.open(self._parts[part])

    def _is_notable(self, part: str) -> bool:
        """Whether the sheet has a formula or an error: most have none, and are not parsed twice."""
        tail = b""
        with self._open(part) as file:
            while chunk := file.read(_CHUNK):
                if _NOTABLE.search(tail + chunk):
                    return True
                tail = chunk[-_OVERLAP:]
        return False

    def _elements(self, part: str) -> list[tuple[str, str, Mapping[str, str]]]:
        """Each element of a small part, with the one that it stands in, and its attributes."""
        elements: list[tuple[str, str, Mapping[str, str]]] = []
        within = [""]

        def start(tag: str, attributes: Mapping[str, str]) -> None:
            elements.append((within[-1], local(tag), attributes))
            within.append(local(tag))

        parser = parser_of(start)
        parser.EndElementHandler = lambda _tag: within.pop()
        if part in self._parts:
            with self._open(part) as file:
                parser.ParseFile(file)
        return elements

    def _number_formats(self) -> Iterator[tuple[str, NumberFormat]]:
        """The formats that change what is read, by the style that a cell names."""
        elements = self._elements(next(self._named("styles.xml"), ""))
        codes = {
            told["numFmtId"]: told.get("formatCode", "")
            for _, tag, told in elements
            if tag == "numFmt" and "numFmtId" in told
        } | {str(_FIXED): "0.00"}
        styles = (told for within, tag, told in elements if (within, tag) == ("cellXfs", "xf"))
        for style, told in enumerate(styles):
            form = number_format(codes.get(told.get("numFmtId", ""), ""))
            if form is not None:
                yield str(style), form

    def _sheet_parts(self) -> Iterator[tuple[str, str]]:
        book = next(self._named("workbook.xml"), "")
        folder, _, file = book.rpartition("/")
        targets = {
            told.get("Id", ""): told.get("Target", "")
            for _, tag, told in self._elements(f"{folder}/_rels/{file}.rels".lstrip("/"))
            if tag == "Relationship"
        }
        for _, tag, told in self._elements(book):
            if tag == "sheet":
                ids = (value for name, value in told.items() if local(name) == "id")
                target = _part(targets.get(next(ids, ""), ""))
                is_whole = target.startswith("/") or not folder
                yield told.get("name", ""), target.lstrip("/") if is_whole else f"{folder}/{target}"

    def _named(self, file: str) -> Iterator[str]:
        return (part for part in self._parts if part.rpartition("/")[2] == file)


class _Cells:
    """What the parser of a sheet's XML calls: it keeps one cell at a time.

    Most cells are as the parser before tells them: of these no more than the beginning is heard.
    """

    def __init__(self, rows: Table, formats: Mapping[str, NumberFormat]) -> None:
        self.parser = parser_of(self.start)
        self._rows = rows
        self._formats = formats
        self._row = self._column = -1
        self._kind = self._style = self._place = ""
        self._value: list[str] = []
        self._has_formula = self._in_value = self._is_listening = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins; rows and cells without a place follow the one before."""
        match local(tag):
            case "c":
                self._place, before = attributes.get("r", ""), self._place
                if not self._place:
                    self._column = (_column_of(before) if before else self._column) + 1
                self._kind, self._style = attributes.get("t", "n"), attributes.get("s", "")
                self._value, self._has_formula = [], False
                self._listen(is_notable=self._kind == "e" or self._style in self._formats)
            case "v":
                self._in_value = True
            case "f":
                self._has_formula = True
                self._listen(is_notable=True)
            case "row":
                self._row = int(attributes.get("r", self._row + 2)) - 1
                self._column, self._place = -1, ""
            case _:
                pass

    def write(self, text: str) -> None:
        """Text stands in an element."""
        if self._in_value:
            self._value.append(text)

    def end(self, tag: str) -> None:
        """An element ends."""
        if (name := local(tag)) == "v":
            self._in_value = False
        elif name == "c" and (cell := self._amended()) is not None:
            self._put(cell)

    def _listen(self, *, is_notable: bool) -> None:
        """Hear the cell's value and its end, or nothing more of it."""
        self._in_value = False
        if is_notable is not self._is_listening:
            self._is_listening = is_notable
            self.parser.EndElementHandler = self.end if is_notable else None
            self.parser.CharacterDataHandler = self.write if is_notable else None

    def _amended(self) -> Cell | None:
        """The cell, where the parser's own is not what it is."""
        value = "".join(self._value)
        if self._kind == "e":
            return Unreadable(Cause.ERROR, value)
        if self._has_formula and not value and self._kind != "str":
            return Unreadable(Cause.FORMULA)
        form = self._formats.get(self._style)
        return form.text_of(value) if form and self._kind == "n" and value else None

    def _put(self, cell: Cell) -> None:
        """Into the rows, if they may reach so far: the bounds are the caller's."""
        self._rows += [[] for _ in range(self._row + 1 - len(self._rows))]
        row = self._rows[self._row]
        column = _column_of(self._place) if self._place else self._column
        row += [""] * (column + 1 - len(row))
        row[column] = cell


def _part(name: str) -> str:
    return name.replace("\\", "/").casefold()


def _column_of(place: str) -> int:
    """The place of a column, from 0: that of "AB12" is 27."""
    return _number_of(place.rstrip("0123456789"))


@lru_cache(maxsize=1024)
def _number_of(letters: str) -> int:
    match = _LETTERS.match(letters)
    column = 0
    for letter in match[0] if match else "":
        column = column * 26 + ord(letter) - ord("A") + 1
    return column - 1
