"""This file reads lists of areas, schools and rooms from a workbook or a CSV, dirty or not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

from controller.sheets import names
from controller.sheets.cells import HEAD_WITHIN, bounded_bytes, sheets_in
from controller.sheets.errors import Notice, SheetError
from controller.sheets.names import tag_of
from controller.sheets.text import (
    Cell,
    Day,
    RefusedError,
    clean,
    display_of,
    folded,
    text_of,
)
from controller.sheets.worksheet import Worksheet, cell_at, visible
from protocol.words import N_

Aliases = Mapping[str, tuple[str, ...]]

# The first alias that a sheet has wins. The first field is the one that a row is known by.
AREAS: Final[Aliases] = {
    "code": (
        "ma khu vuc", "ma xa phuong", "ma xa", "ma phuong", "ma don vi hanh chinh", "ma dvhc",
        "ma don vi", "ma so", "ma", "area code", "code",
    ),
    "name": (
        "ten khu vuc", "ten xa phuong", "ten xa", "ten phuong", "ten don vi hanh chinh",
        "ten don vi", "khu vuc", "xa phuong", "ten", "area name", "area", "name",
    ),
    "kind": ("loai khu vuc", "loai", "cap", "loai hinh", "kind", "type"),
    "parent": (
        "ma cap tren", "cap tren", "truc thuoc", "thuoc", "ma tinh", "parent code", "parent",
    ),
    "since": ("tu ngay", "ngay hieu luc", "hieu luc tu", "co hieu luc tu", "since", "from"),
    "until": ("den ngay", "het hieu luc", "until", "to"),
    "merged_into": ("sap nhap vao", "nhap vao", "ma moi", "merged into"),
}  # fmt: skip
SCHOOLS: Final[Aliases] = {
    "code": (
        "ma truong", "ma so truong", "ma dinh danh truong", "ma don vi", "ma so", "ma",
        "school code", "code",
    ),
    "name": (
        "ten truong", "ten don vi", "ten co so giao duc", "truong", "don vi", "ten",
        "school name", "school", "name",
    ),
    "level": ("cap hoc", "bac hoc", "cap", "loai truong", "level", "school level"),
    "area": (
        "ma khu vuc", "ma xa phuong", "ma xa", "ma phuong", "khu vuc", "xa phuong",
        "xa phuong dac khu", "phuong xa", "xa", "phuong", "dia ban", "area code", "area",
        "commune", "ward",
    ),
    "since": ("tu ngay", "ngay hieu luc", "hieu luc tu", "since", "from"),
    "sites": ("diem truong", "cac diem truong", "ten diem truong", "co so", "sites", "site"),
    "merged_into": ("sap nhap vao", "nhap vao", "ma moi", "merged into"),
    "merged_since": ("ngay sap nhap", "sap nhap tu", "sap nhap tu ngay", "merged since"),
}  # fmt: skip
ROOMS: Final[Aliases] = {
    "room": (
        "ma phong", "phong", "phong hoc", "ten phong", "ten phong hoc", "room", "classroom",
        "room code", "room name",
    ),
    "building": (
        "toa nha", "ten toa nha", "toa", "day nha", "day phong", "khu nha", "day", "nha", "khu",
        "building", "block",
    ),
    "site": (
        "diem truong", "ten diem truong", "co so", "phan hieu", "diem", "dia diem", "site",
        "campus",
    ),
}  # fmt: skip
_DAYS: Final = frozenset({"since", "until", "merged_since"})
_CODES: Final = frozenset({"code", "parent", "merged_into"})
_SUMS: Final = frozenset({"tong", "tong cong", "tong so", "cong", "total", "grand total"})
_ENDS: Final = (
    "tong", "cong", "total", "nguoi lap", "hieu truong", "giam doc", "thu truong", "ngay ",
    "ghi chu",
)  # fmt: skip
_ISO_DAY: Final = re.compile(r"^(\d{4})-(\d{1,2})-(\d{1,2})$")
_VN_DAY: Final = re.compile(r"^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})$")
_NUMBERS: Final = N_(
    "Codes in the column {value} are numbers in the sheet: zeros at their front are lost."
)
MESSAGES: Final[Mapping[str, str]] = {
    "code_missing": N_("This row has no code."),
    "code_twice": N_("This code stands in a row above."),
    "day_invalid": N_("This is no day: write dd/mm/yyyy."),
    **names.MESSAGES,
}


class ListRow(NamedTuple):
    """A row that can be used: its number in the sheet, its texts by field, days as yyyy-mm-dd."""

    row: int
    cells: Mapping[str, str]


class ListFlaw(NamedTuple):
    """A row that cannot be used, and why: a code of MESSAGES."""

    row: int
    code: str
    cells: tuple[str, ...]


@dataclass(slots=True)
class ReadList:
    """What a file holds. heads: the heading that was understood; keys: what rows are known by."""

    file: str = ""
    entries: list[ListRow] = field(default_factory=list)
    flaws: list[ListFlaw] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    heads: tuple[str, ...] = ()
    keys: set[str] = field(default_factory=set)


def read_list(path: Path, aliases: Aliases) -> ReadList:
    """Read the list from an .xlsx, .xls or CSV file. Raises SheetError."""
    raw = bounded_bytes(path)

    def headed(rows: list[list[Cell]]) -> int:
        return max((len(_places(row, aliases)) for row in rows[:HEAD_WITHIN]), default=0)

    sheets, notices = sheets_in(path, raw, headed, days=True)
    sheets, hidden = visible(sheets, path.name)
    listed = ReadList(path.name, notices=[*notices, *hidden])
    tables = [(sheet, at) for sheet in sheets if (at := _heading(sheet.rows, aliases)) >= 0]
    if not tables:
        raise SheetError(
            "no_heading",
            N_("No heading names a column such as {heads}, and another one."),
            N_("The first row of the table names its columns."),
            heads=" / ".join(aliases[next(iter(aliases))]),
        )
    for sheet, at in tables:
        _read_sheet(sheet, at, aliases, listed)
    if not listed.entries and not listed.flaws:
        raise SheetError("nothing_usable", N_("The file has a heading, and nothing under it."))
    return listed


def day_of(cell: Cell) -> str:
    """A day as yyyy-mm-dd; empty where the cell has none. Raises RefusedError."""
    if isinstance(cell, Day):
        return f"{cell.year:04}-{cell.month:02}-{cell.day:02}"
    text = text_of(cell)
    if not text:
        return ""
    if match := _ISO_DAY.match(text):
        parts = match.groups()
    elif match := _VN_DAY.match(text):
        parts = match.groups()[::-1]
    else:
        raise RefusedError("day_invalid")
    try:
        return date(*map(int, parts)).isoformat()
    except ValueError:
        raise RefusedError("day_invalid") from None


def _heading(rows: Sequence[Sequence[Cell]], aliases: Aliases) -> int:
    """Where the heading stands; -1 if there is none."""
    near = range(min(HEAD_WITHIN, len(rows)))
    at = max(near, key=lambda place: len(_places(rows[place], aliases)), default=-1)
    if at < 0:
        return -1
    places = _places(rows[at], aliases)
    return at if next(iter(aliases)) in places and len(places) > 1 else -1


def _places(row: Sequence[Cell], aliases: Aliases) -> dict[str, int]:
    """Where each field stands, each column for one field."""
    heads = [folded(cell) if isinstance(cell, str) else "" for cell in row]
    places: dict[str, int] = {}
    for name, words in aliases.items():
        place = next((heads.index(word) for word in words if word in heads), None)
        if place is not None and place not in places.values():
            places[name] = place
    return places


def _read_sheet(sheet: Worksheet, at: int, aliases: Aliases, listed: ReadList) -> None:
    key = next(iter(aliases))
    places = _places(sheet.rows[at], aliases)
    heads = tuple(clean(cell) for cell in sheet.rows[at])
    listed.heads = listed.heads or heads
    if any(isinstance(cell_at(row, places[key]), float) for row in sheet.rows[at + 1 :]):
        head = heads[places[key]]
        notice = Notice(file=listed.file, code="code_is_number", message=_NUMBERS, value=head)
        listed.notices.append(notice)
    for number, row in _rows(sheet, at, places):
        try:
            cells = {name: _judge(name)(cell_at(row, place)) for name, place in places.items()}
            _check(cells, key, listed.keys)
        except RefusedError as refused:
            listed.flaws.append(ListFlaw(number, str(refused), tuple(map(display_of, row))))
        else:
            listed.entries.append(ListRow(number, cells))


def _check(cells: Mapping[str, str], key: str, keys: set[str]) -> None:
    if not cells[key]:
        raise RefusedError("code_missing")
    if cells[key] in keys:
        raise RefusedError("code_twice")
    keys.add(cells[key])


def _rows(
    sheet: Worksheet, at: int, places: Mapping[str, int]
) -> Iterator[tuple[int, Sequence[Cell]]]:
    """The rows under the heading with their numbers; blank ones, sums and signatures left out."""
    for number, row in enumerate(sheet.rows[at + 1 :], start=at + 2):
        texts = [display_of(cell_at(row, place)) for place in places.values()]
        first = next((folded(text) for cell in row if (text := display_of(cell))), "")
        ends = first in _SUMS or (first.startswith(_ENDS) and sum(map(bool, texts)) == 1)
        if any(texts) and not ends:
            yield number, row


def _judge(name: str) -> Callable[[Cell], str]:
    if name in _DAYS:
        return day_of
    return tag_of if name in _CODES else text_of
