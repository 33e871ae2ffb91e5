"""This file reads an equipment book from a workbook or a CSV, however a school wrote it."""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from controller.register.book import Book, Fault, Line, Refused
from controller.register.fields import JUDGES, money_of
from controller.register.headings import FIELDS, RECORD, BookHeading, heading_of, known_fields
from controller.sheets.cells import Worksheet, bounded_bytes, cell_at, sheets_in
from controller.sheets.errors import Notice, SheetError
from controller.sheets.names import tag_key
from controller.sheets.text import Cell, RefusedError, clean, folded
from controller.sheets.writing import EXCEL_MARK, csv_text
from protocol.words import N_, Translate

_TOTALS: Final = (
    "tong",
    "tong cong",
    "tong so",
    "cong",
    "cong tong",
    "total",
    "grand total",
    "sum",
)
_TOTAL_STARTS: Final = (
    "tong cong ", "tong so ", "tong gia tri", "tong tien", "tong nguyen gia", "tong tai san",
    "cong phong ", "grand total ", "total ",
)  # fmt: skip
_FOOTERS: Final = (
    "nguoi lap", "ke toan", "hieu truong", "thu truong", "ngay ", "ban kiem ke", "nguoi kiem ke",
    "to truong", "ghi chu", "bang chu",
)  # fmt: skip
_STRAYS: Final = ("ngoai so", "not in the book")
_MAX_ROW: Final = 10**9
_CODES: Final = ("asset_tag", "serial")

_UNKNOWN: Final = N_(
    'The heading "{value}" is not known and was left out: give --map "Heading=field" once.'
)
_DROPPED: Final = N_('The column "{value}" is not kept.')
_NUMBERS: Final = N_(
    "Codes in the column {value} are numbers in the sheet: zeros at their front are lost."
)
_REPEATED: Final = N_("The numbers of the lines (STT) repeat: the sheet's rows stand for them.")
_SKIPPED: Final = N_("Row {value} names no item and was left out.")


@dataclass(slots=True)
class _Taken:
    """What was found in the sheets so far; numbers: the STT of each line."""

    file: str
    lines: list[Line] = field(default_factory=list)
    numbers: list[int | None] = field(default_factory=list)
    raw: list[tuple[tuple[str, ...], tuple[Cell, ...]]] = field(default_factory=list)
    notices: dict[tuple[str, str], Notice] = field(default_factory=dict)
    title_rows: int = 0
    total_row: bool = False

    def notice(self, code: str, message: str, value: str = "") -> None:
        """Keep a notice once."""
        notice = Notice(file=self.file, code=code, message=message, value=value)
        self.notices.setdefault((code, value), notice)


def read_book(path: Path, mapped: Mapping[str, str] | None = None) -> Book:
    """Read the book from an .xlsx, .xls or CSV file. Raises SheetError.

    mapped: the fields of headings that the school has explained, by the folded heading.
    """
    raw = bounded_bytes(path)
    harvest = _Taken(path.name)
    explained = mapped or {}

    def headed(rows: list[list[Cell]]) -> int:
        heading = heading_of(rows, explained)
        return known_fields(rows[heading.at], explained) if heading else 0

    sheets, notices = sheets_in(path, raw, headed, days=True)
    harvest.notices |= {(notice.code, notice.value): notice for notice in notices}
    headed_sheets = [
        (sheet, heading) for sheet in sheets if (heading := heading_of(sheet.rows, explained))
    ]
    if not headed_sheets:
        raise SheetError(
            "no_heading",
            N_("No sheet has a heading of an equipment book."),
            N_("Columns such as Mã tài sản, Tên thiết bị, Số sê-ri and Phòng are needed."),
        )
    for sheet, heading in headed_sheets:
        _read_sheet(sheet, heading, harvest)
    if not harvest.lines:
        raise SheetError("nothing_usable", N_("The file has a heading, and no item under it."))
    book = _settled(harvest)
    columns = {name for _, heading in headed_sheets for name in heading.places}
    told_of = {name for name in FIELDS if any(getattr(line, name) for line in book.lines)}
    return dataclasses.replace(book, fields=frozenset(columns | told_of))


def _read_sheet(sheet: Worksheet, heading: BookHeading, harvest: _Taken) -> None:
    if not harvest.lines:
        harvest.title_rows = heading.at
    for text in heading.unknown:
        harvest.notice("heading_unknown", _UNKNOWN, text)
    for text in heading.dropped:
        harvest.notice("column_dropped", _DROPPED, text)
    head = tuple(clean(cell) for cell in sheet.rows[heading.at])
    for place, row in _items(sheet, heading, harvest):
        harvest.lines.append(_line(row, place, heading))
        harvest.numbers.append(_number(cell_at(row, heading.places.get("row"))))
        harvest.raw.append((head, tuple(row)))
        for name in _CODES:
            if isinstance(cell_at(row, heading.places.get(name)), float):
                harvest.notice("code_is_number", _NUMBERS, head[heading.places[name]])


def _items(
    sheet: Worksheet, heading: BookHeading, harvest: _Taken
) -> Iterator[tuple[int, Sequence[Cell]]]:
    """The rows that are items, with their numbers in the sheet.

    Behind a total only numbered rows are: what else stands there are signatures.
    """
    summed = False
    for place, row in enumerate(sheet.rows[heading.at + 1 :], start=heading.at + 2):
        words = [folded(text) for text in map(clean, row) if text]
        if not words or _counts_columns(row) or _is_stray(row, heading):
            continue
        if _is_total(row, words, heading):
            harvest.total_row = summed = True
        elif _is_item(row, words, heading, behind_total=summed):
            yield place, row
        elif not summed and not words[0].startswith(_FOOTERS):
            harvest.notice("row_skipped", _SKIPPED, str(place))


def _is_total(row: Sequence[Cell], words: Sequence[str], heading: BookHeading) -> bool:
    """Whether the row sums up; what has a serial, or a number and another name, is an item."""
    first = next((word for word in words if not word.isdecimal()), "")
    lead = first.split(" ", 1)[0] if first else ""
    numbered = _number(cell_at(row, heading.places.get("row"))) is not None
    if lead not in _TOTALS or clean(cell_at(row, heading.places.get("serial"))):
        return False
    return not numbered or first in _TOTALS or f"{first} ".startswith(_TOTAL_STARTS)


def _is_item(
    row: Sequence[Cell], words: Sequence[str], heading: BookHeading, *, behind_total: bool
) -> bool:
    """Whether the row is more than a title of a part, a signature or a date."""
    numbered = _number(cell_at(row, heading.places.get("row"))) is not None
    if not numbered and (behind_total or words[0].startswith(_FOOTERS)):
        return False
    filled = {
        place: name  # by column: one may tell of two fields
        for name in FIELDS
        if (place := heading.places.get(name)) is not None
        and (clean(cell_at(row, place)) or isinstance(cell_at(row, place), float))
    }
    return bool(filled) and (numbered or len(filled) > 1 or next(iter(filled.values())) in _CODES)


def _is_stray(row: Sequence[Cell], heading: BookHeading) -> bool:
    """Whether our own workbook tells here of what is not in the book: a person has to accept it."""
    return folded(clean(cell_at(row, heading.places.get(RECORD)))) in _STRAYS


def _counts_columns(row: Sequence[Cell]) -> bool:
    """Whether the row numbers the columns: 1, 2, 3 or (1), (2), (3) or A, B, C."""
    words = [text.strip("()[] ") for text in map(clean, row) if text]
    first = [str(number) for number in range(1, len(words) + 1)]
    letters = [chr(ord("A") + number) for number in range(min(len(words), 26))]
    return len(words) > 3 and words in (first, letters)  # noqa: PLR2004 - as short as a line may be


def _line(row: Sequence[Cell], place: int, heading: BookHeading) -> Line:
    fields: dict[str, object] = {}
    faults: list[Fault] = []
    for name in FIELDS:
        at = heading.places.get(name)
        if at is None:
            continue
        cell = cell_at(row, at)
        try:
            fields[name] = (
                money_of(cell, heading.times) if name == "cost_vnd" else JUDGES[name](cell)
            )
        except RefusedError as refused:
            faults.append(Fault(name, str(refused)))
    return Line(row=place, errors=tuple(faults), **fields)  # type: ignore[arg-type]  # JUDGES gives each field its type


def _numbered(harvest: _Taken) -> list[Line]:
    tag_counts: Counter[str] = Counter()
    lines: list[Line] = []
    for number, line in zip(_numbers(harvest), harvest.lines, strict=True):
        key = tag_key(line.asset_tag)
        tag_counts[key] += 1
        lines.append(replace(line, row=number))
        if key and tag_counts[key] > 1:
            errors = (*line.errors, Fault("asset_tag", "tag_twice"))
            lines[-1] = replace(lines[-1], asset_tag="", errors=errors)
    return lines


def _settled(harvest: _Taken) -> Book:
    """Number the lines, and take a tag away that another line has."""
    lines = _numbered(harvest)
    refused = (
        Refused(head, cells, line)
        for (head, cells), line in zip(harvest.raw, lines, strict=True)
        if line.errors
    )
    return Book(
        lines=tuple(lines),
        title_rows_skipped=harvest.title_rows,
        total_row_skipped=harvest.total_row,
        warnings=tuple(harvest.notices.values()),
        refused=tuple(refused),
    )


def _numbers(harvest: _Taken) -> list[int]:
    """A number for each line that no other has: the book's own, if it does not count anew."""
    own = [number for number in harvest.numbers if number is not None]
    if own and len(own) == len({*own}):
        free = itertools.count(max(own) + 1)
        return [next(free) if number is None else number for number in harvest.numbers]
    if own:
        harvest.notice("stt_repeated", _REPEATED)
    rows = [line.row for line in harvest.lines]
    return rows if len({*rows}) == len(rows) else [*range(1, len(rows) + 1)]


def _number(cell: Cell) -> int | None:
    """The book's own number of a line; None where the cell holds none."""
    text = clean(cell).rstrip(".")
    if not (text.isascii() and text.isdecimal() and len(text) < len(str(_MAX_ROW))):
        return None
    return int(text) or None


def refused_csv(refused: Sequence[Refused], say: Translate) -> str:
    """The rows in error as they stood, and why, with the mark that Excel needs."""
    width = max((len(row.head) for row in refused), default=0)
    rows: list[list[str]] = []
    head: tuple[str, ...] = ()
    for row in refused:
        if row.head != head:
            head = row.head
            rows.append([*_padded(head, width), say(N_("Error"))])
        why = " ".join(fault.said(say)["message"] for fault in row.line.errors)
        cells = [clean(cell) for cell in row.cells]
        rows.append([*_padded(cells, width), why])
    return EXCEL_MARK + csv_text(rows, delimiter=";")


def _padded(cells: Sequence[str], width: int) -> list[str]:
    """As many cells as the heading has."""
    return [*cells[:width], *[""] * (width - len(cells))]
