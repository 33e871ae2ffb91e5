"""This file reads what a damaged document file still holds: row by row, field by field. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from json import JSONDecodeError, JSONDecoder
from typing import Any, Final, NamedTuple

import msgspec
from msgspec.structs import fields, replace

from agent.database.documents import LISTS, OWN_FIELDS, SINGLES, TABLES, SavedState
from protocol.shapes import from_plain

_TABLE: Final = re.compile(rf'"({"|".join(sorted(TABLES))})"\s*:\s*(?=\{{)')
_ROW: Final = re.compile(r'"\d+"\s*:\s*(?=\{)')
_decoder: Final = JSONDecoder()


class Salvage(NamedTuple):
    """What was read: how many rows of it, and how many make no sense and were left out."""

    saved: SavedState
    rows: int
    refused: int


def salvage(content: bytes) -> Salvage:
    """What the file still holds; of a row that is not whole nothing, of one in order all that fits.

    Where a field makes no sense, the row is taken without it if it is one without it.
    """
    read: dict[str, Any] = {each.field: [] for each in LISTS.values()}
    rows = refused = 0
    for table, row in _rows(content.decode("utf-8", "replace")):
        is_taken = _take(read, table, row)
        rows += is_taken
        refused += not is_taken
    lists = {each.field: tuple(read.pop(each.field)) for each in LISTS.values()}
    return Salvage(replace(SavedState(), **lists, **read), rows, refused)


def _rows(text: str) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """The rows by their table's name; None for one that is broken off."""
    heads = [*_TABLE.finditer(text)]
    ends = [*(head.start() for head in heads[1:]), len(text)]
    for head, end in zip(heads, ends, strict=False):
        at = head.end()
        while row := _ROW.search(text, at, end):
            try:
                value, at = _decoder.raw_decode(text, row.end())
            except (JSONDecodeError, RecursionError):
                value, at = None, row.end()
            if value and any(map(str.isdecimal, value)):  # its own end is lost: it holds the next
                value, at = None, row.end()
            yield head[1], value


def _take(read: dict[str, Any], table: str, row: dict[str, Any] | None) -> bool:
    """Take what fits of a row; False if nothing of it does."""
    if row is None:
        return False
    if own := OWN_FIELDS.get(table):
        fitting = {name: value for name, value in _fitting(SavedState, row).items() if name in own}
        read |= fitting
        return bool(fitting)
    field, kind = LISTS.get(table) or SINGLES[table]
    taken = _whole_or_less(kind, row)
    if taken is None:
        return False
    if table in LISTS:
        read[field].append(taken)
    else:
        read[field] = taken
    return True


def _whole_or_less(kind: Any, row: dict[str, Any]) -> Any:
    """The row as it is, or without the fields that make no sense; None where neither goes."""
    try:
        return from_plain(row, kind)
    except msgspec.ValidationError:
        pass
    try:
        return kind(**_fitting(kind, row)) if isinstance(kind, type) else None
    except TypeError:  # one that must be there is not
        return None


def _fitting(kind: type[msgspec.Struct], row: dict[str, Any]) -> dict[str, Any]:
    """The fields of a row that are of their types."""
    fitting: dict[str, Any] = {}
    for field in fields(kind):
        if field.name in row:
            try:
                fitting[field.name] = from_plain(row[field.name], field.type)
            except msgspec.ValidationError:
                continue
    return fitting
