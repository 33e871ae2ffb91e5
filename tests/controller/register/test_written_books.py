"""Of a book in any shape nothing is silently wrong: each row ends somewhere, each value is true.

As a program it tries as many books as one likes:
python -m tests.controller.register.test_written_books FIRST LAST.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path

import pytest

from controller.register.book import Book, DoubtKind, Line, RowReason
from controller.register.choices import Choices
from controller.register.reading import read_book
from controller.sheets.cells import SheetReader, parse
from controller.sheets.errors import SheetError
from tests.controller.register.written_books import Case, Thing, case_of, write
from tests.tiers import one_short

FIELDS = {
    "name": "name",
    "serial": "serial",
    "room": "room",
    "year": "year",
    "quantity": "quantity",
    "unit_cost_vnd": "unit_vnd",
    "cost_vnd": "cost_vnd",
    "condition": "condition",
}
BUNCH = 25  # books a test
LAST = 75


@pytest.mark.parametrize("first", one_short(range(0, LAST, BUNCH)))
def test_nothing_of_a_book_is_silently_wrong(tmp_path: Path, first: int) -> None:
    """Merged, hidden, subtotalled, regrouped, torn and re-encoded, against the one truth."""
    found = {seed: wrongs(case_of(seed), tmp_path) for seed in range(first, first + BUNCH)}
    assert {seed: wrong for seed, wrong in found.items() if wrong} == {}


def wrongs(case: Case, folder: Path, reader: SheetReader | None = None) -> list[str]:
    """What is wrong with how the book was read; a book that is refused as a whole is not."""
    path = write(case, folder)
    try:
        book = read_book(path, Choices(), reader)
    except SheetError as refused:
        return [] if case.lost else [f"refused: {refused.code}"]
    finally:
        path.unlink()
    return [*_rows(case, book), *_things(case, book)]


def _rows(case: Case, book: Book) -> list[str]:
    """Every row of a sheet that was read is one line's, or is named once."""
    wrong = []
    for sheet in book.sheets:
        if sheet.left_out is not None:
            continue
        at = [source.row for source in book.sources if source.sheet == sheet.name]
        at += [row.row for row in book.named if row.sheet == sheet.name]
        if sorted(at) != [*range(1, sheet.rows + 1)]:
            wrong.append(f"rows of {sheet.name}: {sorted(at)} of {sheet.rows}")
    hidden = {sheet.name for sheet in case.sheets if sheet.hidden}
    if hidden & {sheet.name for sheet in book.sheets if sheet.left_out is None}:
        wrong.append("a hidden sheet was read")
    return wrong


def _things(case: Case, book: Book) -> list[str]:
    """Each thing is one line, true in every field that is not named; and there is no other line."""
    number_of = {thing.tag: number for number, thing in enumerate(case.things)}
    wrong = []
    asked = {notice.value for notice in book.warnings if notice.code == "sheet_sums_up"}
    for line, source in zip(book.lines, book.sources, strict=True):
        if case.summary and source.sheet == case.summary in asked:
            continue
        number = number_of.pop(line.asset_tag, None)
        if number is not None:
            wrong += _values(case, number, line, book)
        elif not (line.errors and case.lost):
            wrong.append(f"no such thing: {line}")
    return wrong + [f"lost: {tag}" for tag, number in number_of.items() if number not in case.lost]


def _values(case: Case, number: int, line: Line, book: Book) -> list[str]:
    thing = case.things[number]
    named = {fault.field for fault in line.errors}
    if any(doubt.kind is DoubtKind.UNIT for doubt in book.doubts):
        named.add("cost_vnd")
    is_told = any(notice.code == "room_unknown" for notice in book.warnings)
    if is_told or any(row.reason is RowReason.GROUP for row in book.named):
        named.add("room")  # of a group or a sheet that nobody can tell for a room
    wrong = []
    for field, own in FIELDS.items():
        value, true = getattr(line, field), getattr(thing, own)
        if value in ("", None):
            absent = own in case.spoilt.get(number, ())
            is_silent = f"{number}:{own}" in case.told and field not in named
            if is_silent or (field not in named and not absent):
                wrong.append(f"{field} of {line.asset_tag} is missing, {true!r}")
        elif number in case.lost and (line.errors or str(value).startswith(str(true))):
            continue  # a torn row says 24 inches more, or is named
        elif not _is_same(field, value, true):
            wrong.append(f"{field} of {line.asset_tag} is {value!r}, not {true!r}")
    return wrong + _kind(thing, line)


def _kind(thing: Thing, line: Line) -> list[str]:
    is_known = not thing.kind or line.type == thing.kind or bool(line.errors)
    return [] if is_known else [f"{line.asset_tag} is a {line.type}, not {thing.kind}"]


def _is_same(field: str, value: object, true: object) -> bool:
    """Whether it is the thing's; the word for a room is no part of its name."""
    if field != "room":
        return value == true
    words = [str(text).casefold().removeprefix("phòng ") for text in (value, true)]
    return words[0] == words[1]


def main(first: int, last: int) -> int:
    """Try these seeds in this process; tells what is wrong, and how often."""
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(first, last):
            wrong = wrongs(case_of(seed), Path(folder), SheetReader(parse))
            counts[wrong[0].split(" ", 1)[0] if wrong else "right"] += 1
            if wrong:
                sys.stdout.write(f"{seed}: {wrong[0][:160]}\n")
    sys.stdout.write(f"{dict(counts)}\n")
    return 1 if set(counts) - {"right"} else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:3])))
