"""This file reads the cells of a workbook or of a CSV, within bounds, whatever the file holds.

Workbooks are parsed by python-calamine in a process of its own with little memory and time: a
file of a few kilobytes may claim millions of cells.
"""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import io
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from controller.sheets.errors import Notice, SheetError
from controller.sheets.text import Cell, Day
from protocol.unreadable import UNREADABLE
from protocol.words import N_

MAX_FILE_BYTES: Final = 32 * 1024 * 1024
MAX_ROWS: Final = 50_000
MAX_COLUMNS: Final = 256
MAX_CELL: Final = 4096
MAX_SHEETS: Final = 200
_MEMORY_BYTES: Final = 1024**3
_TIMEOUT_S: Final = 60.0
HEAD_WITHIN: Final = 40  # rows of titles there may be above a table's heading
ZIP: Final = b"PK\x03\x04"
_WORKBOOKS: Final = (ZIP, b"\xd0\xcf\x11\xe0")  # .xlsx, which is a ZIP, and .xls
_ENCODINGS: Final = ("utf-8-sig", "cp1258")
_DELIMITERS: Final = (";", ",", "\t")
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")

TOO_BIG: Final = SheetError(
    "too_big", N_("The file is too big for a school."), N_("Give what one school has, and no more.")
)
DAMAGED: Final = SheetError(
    "damaged", N_("The file cannot be read: it is damaged or of another kind.")
)


class Worksheet(msgspec.Struct, frozen=True):
    """A sheet's name and its cells, row by row from the first."""

    name: str
    rows: list[list[Cell]]


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
    path: Path, raw: bytes, headed: Callable[[list[list[Cell]]], int], *, days: bool = False
) -> tuple[list[Worksheet], list[Notice]]:
    """The sheets of a file with these bytes, and what is to be known of it. Raises SheetError.

    A CSV is one sheet, parted by what makes the most of its heading, by the measure headed.
    """
    if raw.startswith(_WORKBOOKS):
        return workbook(path, days=days), []
    text, encoding = decoded(raw)
    sheet = Worksheet("", max(csv_ways(text), key=headed))
    return [sheet], notices_of_encoding(path.name, encoding)


def notices_of_encoding(file: str, encoding: str) -> list[Notice]:
    """A notice where the file was read as what it may not be; none where it is UTF-8."""
    message = N_("The file is not in UTF-8; it was read as Windows-1258: check the letters.")
    notice = Notice(file=file, code="encoding_1258", message=message)
    return [notice] if encoding == "cp1258" else []


def cell_at(row: Sequence[Cell], place: int | None) -> Cell:
    """The cell in a column, counted from 0; empty where the row or the sheet has none."""
    return row[place] if place is not None and place < len(row) else ""


def workbook(path: Path, *, days: bool = False) -> list[Worksheet]:
    """The sheets of an .xlsx or .xls file; days: tell dates as such. Raises SheetError."""
    command = [sys.executable, "-m", "controller.sheets.cells", str(path.resolve())]
    command += ["days"] if days else []
    try:
        done = subprocess.run(command, capture_output=True, timeout=_TIMEOUT_S, check=False)
        if done.returncode == 0:
            return msgspec.json.decode(done.stdout, type=list[Worksheet])
    except (subprocess.TimeoutExpired, *UNREADABLE):
        raise DAMAGED from None
    raise TOO_BIG if done.returncode == _EXIT_TOO_BIG else DAMAGED


def decoded(raw: bytes) -> tuple[str, str]:
    """The text and the encoding it was found to be in. Raises SheetError."""
    encodings = ("utf-16",) if raw.startswith(_UTF16) else _ENCODINGS
    for encoding in encodings:
        with contextlib.suppress(UnicodeDecodeError):
            text = raw.decode(encoding)
            if "\0" in text:
                break
            return text, encoding
    raise DAMAGED


def csv_rows(text: str, delimiter: str) -> list[list[Cell]]:
    """The rows of a CSV. Raises SheetError."""
    try:
        return bounded(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error:
        raise DAMAGED from None


def csv_ways(text: str) -> list[list[list[Cell]]]:
    """The rows as each delimiter parts them; only those that the first lines hold."""
    body = text
    if text[:4].casefold() == "sep=":
        _, _, body = text.partition("\n")
        body = "\n" + body  # the rows keep their numbers
    delimiters = [delimiter for delimiter in _DELIMITERS if delimiter in body] or [","]
    return [csv_rows(body, delimiter) for delimiter in delimiters]


def bounded(rows: Iterable[Iterable[Cell]]) -> list[list[Cell]]:
    """The rows, if they are no more than a school's. Raises SheetError."""
    table: list[list[Cell]] = []
    for row in rows:
        cells = list(row)
        while cells and cells[-1] in ("", None):
            cells.pop()
        long = any(isinstance(cell, str) and len(cell) > MAX_CELL for cell in cells)
        if len(table) >= MAX_ROWS or len(cells) > MAX_COLUMNS or long:
            raise TOO_BIG
        table.append(cells)
    return table


_EXIT_TOO_BIG: Final = 3


def _parse(path: str, *, days: bool) -> list[Worksheet]:
    """What the child does: every sheet's cells; times, and dates but for days, as None."""
    import python_calamine  # noqa: PLC0415 - the parser is loaded in the child alone

    sheets: list[Worksheet] = []
    with python_calamine.CalamineWorkbook.from_path(path) as book:
        for name in book.sheet_names[:MAX_SHEETS]:
            sheet = book.get_sheet_by_name(name)
            if sheet.total_width > MAX_COLUMNS or sheet.total_height > MAX_ROWS:
                raise TOO_BIG
            rows = sheet.to_python(skip_empty_area=False)
            plain = ([_plain(cell, days=days) for cell in row] for row in rows)
            sheets.append(Worksheet(name[:64], bounded(plain)))
    return sheets


def _plain(cell: object, *, days: bool) -> Cell:
    if days and isinstance(cell, dt.date):
        return Day(cell.year, cell.month, cell.day)
    if isinstance(cell, dt.date | dt.time | dt.timedelta):
        return None
    return cell if isinstance(cell, str | float | int) else ""


def _main(path: str, *, days: bool) -> int:
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - not on Windows

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        sheets = _parse(path, days=days)
    except SheetError:
        return _EXIT_TOO_BIG
    sys.stdout.buffer.write(msgspec.json.encode(sheets))
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1], days="days" in sys.argv[2:]))
