"""This file reads the cells of a workbook or of a CSV, within bounds, whatever the file holds.

All but a CSV is parsed where memory and time are bounded, .xlsx and .xls by python-calamine: in a
process of its own, or in one that reads the whole file and is bounded already. See apart.py.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol
from xml.parsers import expat

import msgspec

from controller.sheets.apart import read_apart_now, serve
from controller.sheets.biff import Biff
from controller.sheets.bounds import DAMAGED, MAX_CELL, MAX_COLUMNS, MAX_ROWS, MAX_SHEETS, TOO_BIG
from controller.sheets.drafts import Range, SheetDraft
from controller.sheets.encodings import notices_of_encoding, text_in
from controller.sheets.errors import Notice, SheetError
from controller.sheets.kinds import FileKind, kind_of
from controller.sheets.letters import Mended, mend
from controller.sheets.openxml import OpenXml
from controller.sheets.others import drafts_of
from controller.sheets.separated import records
from controller.sheets.text import (
    Cause,
    Cell,
    Day,
    Unreadable,
    cell_of,
    display_of,
    letter_of,
)
from controller.sheets.webarchive import NoSinglePageError
from controller.sheets.webpage import NoTableError
from controller.sheets.worksheet import (
    RowFlaw,
    Span,
    Worksheet,
    fill_down,
    lost_rows,
    notices_of,
    refuse_wide,
)
from protocol.words import N_

MAX_FILE_BYTES: Final = 32 * 1024 * 1024
HEAD_WITHIN: Final = 40  # rows of titles there may be above a table's heading
_MAX_MERGED: Final = 10**6  # cells that merged ranges fill
_TOLD_ROWS: Final = 1000  # read between two words of how far it is
_PARSER: Final = "controller.sheets.cells"
# What an archive or an XML file may turn out to be that is no workbook.
_NO_WORKBOOK: Final = (
    OSError,
    ValueError,
    EOFError,
    OverflowError,
    NotImplementedError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
    expat.ExpatError,
)
_DELIMITERS: Final = (";", ",", "\t")

_AS_XLSX: Final = N_("Open it in Excel, save it as .xlsx and give that file.")
PASSWORD: Final = SheetError(
    "password",
    N_("The workbook has a password."),
    N_("Open it in Excel, take the password away, save it and give it again."),
)
NO_TABLE: Final = SheetError(
    "web_page",
    N_("The file is a web page without a table, though its name says that it is a workbook."),
    _AS_XLSX,
)
SEVERAL_PAGES: Final = SheetError(
    "web_archive",
    N_("The file is a web page of one file (MHTML), though its name says it is a workbook."),
    _AS_XLSX,
)
# What is named .xls and is none, and cannot be read either.
_OTHER_KINDS: Final[Mapping[FileKind, SheetError]] = {
    FileKind.OTHER_XML: SheetError(
        "xml", N_("The file is XML, though its name says that it is a workbook."), _AS_XLSX
    ),
}
_IN_CHILD: Final = frozenset(
    {
        FileKind.WORKBOOK,
        FileKind.OPENDOCUMENT,
        FileKind.SPREADSHEETML,
        FileKind.WEB_PAGE,
        FileKind.WEB_ARCHIVE,
    }
)
_TEXTS: Final = frozenset({FileKind.TEXT, FileKind.WEB_PAGE})  # whose encoding is guessed


class ParseOrder(msgspec.Struct, frozen=True):
    """What the process that parses a workbook is to do. days: tell dates as such."""

    path: str
    days: bool


class Parser(Protocol):
    """What makes sheets of a workbook."""

    def __call__(self, path: Path, *, days: bool = False) -> list[Worksheet]:
        """Every sheet's cells; days: tell dates as such. Raises SheetError."""


def bounded_bytes(path: Path) -> bytes:
    """A regular file's bytes. Raises SheetError."""
    try:
        if not path.is_file():
            raise SheetError("file_missing", N_("There is no file {file}."), file=path.name)
        with path.open("rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise SheetError(
            "file_unreadable",
            N_("The file {file} cannot be opened ({cause})."),
            file=path.name,
            cause=error.strerror,
        ) from error
    if len(raw) > MAX_FILE_BYTES:
        raise TOO_BIG
    return raw


def sheets_in(
    path: Path,
    raw: bytes,
    headed: Callable[[list[list[Cell]]], int],
    *,
    days: bool = False,
    reader: SheetReader | None = None,
) -> tuple[list[Worksheet], list[Notice]]:
    """The sheets of a file with these bytes, and what is to be known of it. Raises SheetError.

    A CSV is one sheet, parted by what makes the most of its heading, by the measure headed.
    """
    sheets, notices = _read(path, raw, headed, reader or SheetReader(), days=days)
    mended = [mend(sheet.rows) for sheet in sheets]
    if any(sheet.is_refused for sheet in mended) and not any(
        headed(sheet.rows) for sheet in sheets
    ):
        raise SheetError(
            "letters_tcvn3",
            N_("The file is written in a TCVN3 font (.VnTime), not in Unicode."),
            N_("Convert it to Unicode, as UniKey's tool does, and give that file."),
        )
    return sheets, [
        *notices,
        *notices_of_letters(path.name, zip(sheets, mended, strict=True)),
        *(
            dataclasses.replace(notice, sheet=sheet.name)
            for sheet in sheets
            for notice in notices_of(lost_rows(sheet.rows), path.name)
        ),
    ]


def notices_of_letters(file: str, mended: Iterable[tuple[Worksheet, Mended]]) -> list[Notice]:
    """A notice of each sheet with converted letters, which names the columns."""
    message = N_("Letters of an old font (TCVN3 or VNI) were made Unicode. Columns: {value}")
    return [
        Notice(
            file=file,
            code="letters_converted",
            message=message,
            value=", ".join(map(letter_of, letters.columns)),
            sheet=sheet.name,
        )
        for sheet, letters in mended
        if letters.columns
    ]


def _read(
    path: Path,
    raw: bytes,
    headed: Callable[[list[list[Cell]]], int],
    reader: SheetReader,
    *,
    days: bool,
) -> tuple[list[Worksheet], list[Notice]]:
    kind = kind_of(raw)
    if kind in _OTHER_KINDS:
        raise _OTHER_KINDS[kind]
    text, encoding = text_in(raw) if kind in _TEXTS else ("", "")
    if kind in _IN_CHILD:
        return reader.parse(path, days=days), notices_of_encoding(path.name, encoding)
    sheet, widths = max(_ways(text), key=lambda way: headed(way[0].rows))
    sheet.flaws.extend(refuse_wide(sheet.rows, widths, headed, HEAD_WITHIN))
    notices = notices_of(sheet.flaws, path.name)
    return [sheet], [*notices_of_encoding(path.name, encoding), *notices]


def workbook(path: Path, *, days: bool = False) -> list[Worksheet]:
    """The sheets of any file that is no CSV, parsed by a process of its own. Raises SheetError.

    days: tell dates as such.
    """
    return read_apart_now(_PARSER, ParseOrder(str(path.resolve()), days), list[Worksheet])


def _note_nothing(_rows: int, _of: int) -> None:
    pass


class SheetReader(NamedTuple):
    """How a file is read. note: told how many rows are read, of how many."""

    parse: Parser = workbook
    note: Callable[[int, int], None] = _note_nothing


class RowTally:
    """Counts the rows that are read, and tells it now and then. of: how many there are."""

    def __init__(self, of: int, note: Callable[[int, int], None] = _note_nothing) -> None:
        self._of = of
        self._note = note
        self._rows = 0

    def count(self, rows: int = 1) -> None:
        """So many more rows are read."""
        before = self._rows // _TOLD_ROWS
        self._rows += rows
        if self._rows // _TOLD_ROWS > before:
            self._note(self._rows, self._of)


def csv_rows(text: str, delimiter: str) -> list[list[Cell]]:
    """The rows of a CSV that a program wrote. Raises SheetError, also for a stray quote."""
    sheet, _ = _parted(text, delimiter)
    for flaw in sheet.flaws:
        raise SheetError(
            flaw.code, N_('Row {row} begins a cell with a " that does not close.'), row=flaw.row
        )
    return sheet.rows


def _parted(text: str, delimiter: str) -> tuple[Worksheet, list[int]]:
    """The sheet, and how many cells each row has with those that are empty at its end."""
    rows = records(text, delimiter)
    flaws = [
        RowFlaw(row, "quote_unclosed") for row, record in enumerate(rows, 1) if record.is_stray
    ]
    table = bounded(map(cell_of, record.cells) for record in rows)
    widths = [len(record.cells) for record in rows]
    return Worksheet("", table, is_text=True, flaws=flaws), widths


def _ways(text: str) -> list[tuple[Worksheet, list[int]]]:
    """The sheet and its widths as each delimiter parts it; only those that the text holds."""
    body = text
    if text[:4].casefold() == "sep=":
        _, _, body = text.partition("\n")
        body = "\n" + body  # the rows keep their numbers
    delimiters = [delimiter for delimiter in _DELIMITERS if delimiter in body] or [","]
    return [_parted(body, delimiter) for delimiter in delimiters]


def bounded(rows: Iterable[Iterable[Cell]]) -> list[list[Cell]]:
    """The rows, if they are no more than a school's. Raises SheetError."""
    table: list[list[Cell]] = []
    for row in rows:
        cells = list(row)
        while cells and cells[-1] == "":
            cells.pop()
        long = any(isinstance(cell, str) and len(cell) > MAX_CELL for cell in cells)
        if len(table) >= MAX_ROWS or len(cells) > MAX_COLUMNS or long:
            raise TOO_BIG
        table.append(cells)
    return table


def parse(path: Path, *, days: bool = False) -> list[Worksheet]:
    """The same in this process, which must be bounded. Raises SheetError, MemoryError."""
    import python_calamine as calamine  # noqa: PLC0415 - the parser is loaded in the child alone

    try:
        raw = path.read_bytes()
        kind = kind_of(raw)
        if kind is not FileKind.WORKBOOK:
            return [_drafted(draft, days=days) for draft in drafts_of(raw, kind)]
        with (
            calamine.CalamineWorkbook.from_path(str(path)) as book,
            _amendments(path) as amendments,
        ):
            return _sheets_of(book, amendments, days=days)
    except calamine.PasswordError:
        raise PASSWORD from None
    except NoSinglePageError:
        raise SEVERAL_PAGES from None
    except NoTableError:
        raise NO_TABLE from None
    except (calamine.CalamineError, *_NO_WORKBOOK):
        raise DAMAGED from None


def _sheets_of(book: Any, amendments: OpenXml | Biff, *, days: bool) -> list[Worksheet]:
    """Every sheet's cells."""
    import python_calamine as calamine  # noqa: PLC0415 - the parser is loaded in the child alone

    sheets: list[Worksheet] = []
    hidden = {
        sheet.name
        for sheet in book.sheets_metadata
        if sheet.visible != calamine.SheetVisibleEnum.Visible
    }
    for name in book.sheet_names[:MAX_SHEETS]:
        sheet = book.get_sheet_by_name(name)
        if sheet.total_width > MAX_COLUMNS or sheet.total_height > MAX_ROWS:
            raise TOO_BIG
        rows = sheet.to_python(skip_empty_area=False)
        cells = [[_plain(cell, days=days) for cell in row] for row in rows]
        amendments.amend(name, cells)
        ranges = sheet.merged_cell_ranges or ()
        sheets.append(_worksheet(name, cells, ranges, is_hidden=name in hidden))
    return sheets


def _drafted(draft: SheetDraft, *, days: bool) -> Worksheet:
    """A sheet that a reader of ours has filled."""
    rows = draft.rows if days else [[*map(_without_day, row)] for row in draft.rows]
    return _worksheet(draft.name, rows, draft.ranges, is_hidden=draft.is_hidden)


def _without_day(cell: Cell) -> Cell:
    return Unreadable(Cause.DATE, display_of(cell)) if isinstance(cell, Day) else cell


def _worksheet(
    name: str, rows: list[list[Cell]], ranges: Iterable[Range], *, is_hidden: bool
) -> Worksheet:
    """The sheet, if it is no bigger than a school's, with what is merged in each of its rows."""
    table = bounded(rows)
    spans = _spans(ranges, table)
    fill_down(table, spans)
    return Worksheet(name[:64], table, is_hidden=is_hidden, spans=spans)


def _amendments(path: Path) -> contextlib.AbstractContextManager[OpenXml | Biff]:
    """What an .xlsx or an .xls tells beside its cells."""
    return OpenXml(path) if zipfile.is_zipfile(path) else contextlib.nullcontext(Biff(path))


def _spans(ranges: Iterable[Range], rows: list[list[Cell]]) -> list[Span]:
    """The merged ranges, as far as the sheet reaches."""
    height, width = len(rows), max(map(len, rows), default=0)
    spans = [
        Span(*first, min(last[0], height - 1), min(last[1], width - 1)) for first, last in ranges
    ]
    if sum(max(0, span.bottom - span.top) for span in spans) > _MAX_MERGED:
        raise TOO_BIG
    return [span for span in spans if (span.top, span.left) < (span.bottom, span.right)]


def _plain(cell: object, *, days: bool) -> Cell:
    """The cell as the parser tells it; a bool is an int, a datetime is a date."""
    if isinstance(cell, str):  # as almost every cell
        return cell_of(cell)
    if isinstance(cell, float):
        return cell
    if isinstance(cell, bool):
        return Unreadable(Cause.BOOLEAN, str(cell).upper())
    if isinstance(cell, dt.date):
        day = Day(cell.year, cell.month, cell.day)
        return day if days else Unreadable(Cause.DATE, display_of(day))
    if isinstance(cell, dt.time | dt.timedelta):
        return Unreadable(Cause.TIME, str(cell))
    return cell if isinstance(cell, int) else ""


if __name__ == "__main__":
    serve(ParseOrder, lambda order, _note: parse(Path(order.path), days=order.days))
