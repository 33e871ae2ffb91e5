"""Books as schools sent them, one trap each: the right answer, or a refusal by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from controller.register.book import Book
from controller.register.reading import read_book

SHEETS = Path(__file__).parents[4] / "shared" / "data" / "field" / "sheets"

Answer = tuple[str, ...]


def column(book: Book, field: str) -> Answer:
    """What the lines say of a field: its value, or why it was refused."""
    return tuple(
        next(
            (fault.code for fault in line.errors if fault.field == field),
            "" if getattr(line, field) is None else str(getattr(line, field)),
        )
        for line in book.lines
    )


@pytest.mark.parametrize(
    ("name", "field", "answer"),
    [
        ("m03-condition-ticks.xlsx", "condition", ("good", "good", "broken", "awaiting_disposal")),
        ("g01-room-in-group-row.xlsx", "room", ("P203", "P203", "P204")),
        ("g02-sheet-per-room.xlsx", "room", ("P203", "P204")),
        ("t01-subtotals-no-stt.csv", "serial", ("SN001", "SN002", "SN003")),
        ("t04-repeated-heading.csv", "asset_tag", ("TS-001", "TS-002")),
        ("u01-unit.csv", "cost_vnd", ("98500000",)),
        ("u02-unit.csv", "cost_vnd", ("98500000",)),
        ("u11-unit.csv", "cost_vnd", ("98500000",)),
        ("u12-unit-in-title.csv", "cost_vnd", ("98500000",)),
        ("u16-float-money.xlsx", "cost_vnd", ("cost_invalid",) * 4),
        ("u20-unit-whole.csv", "cost_vnd", ("98000000",)),
        ("u21-unit-whole.csv", "cost_vnd", ("98000000",)),
        ("u23-unit-whole.csv", "cost_vnd", ("98000000",)),
        ("u24-unit-whole.csv", "cost_vnd", ("98500000",)),
        ("u25-unit-whole.csv", "cost_vnd", ("cost_unit",)),
        ("d01-year-in-date-format.xlsx", "year", ("2021",) * 4),
        ("d04-future.csv", "year", ("year_outside",) * 2),
        ("s04-summary-sheet.xlsx", "asset_tag", ("TS-001", "TS-002", "TS-003", "TS-004")),
        ("c14-sci.csv", "serial", ("code_scientific",) * 4),
        ("c15-trunc16.csv", "serial", ("code_rounded",) * 4),
        ("m01-room-merged-down.xlsx", "room", ("P203",) * 4),
        ("x01-room-became-date.xlsx", "room", ("code_is_date", "P203", "P203", "P203")),
        ("f01-principals-room.csv", "asset_tag", ("TS-001", "TS-002", "TS-003", "TS-004")),
        ("i01-two-tables.csv", "room", ("P203", "P204")),
        ("i02-side-by-side.xlsx", "asset_tag", ("TS-001", "TS-002")),
        ("i03-many-serials.csv", "serial", ("code_many",) * 2),
        ("i06-qty.csv", "quantity", ("45", "1", "0")),
    ],
)
def test_a_book_of_the_field_is_read_right(name: str, field: str, answer: Answer) -> None:
    """And each of its rows is a line or is named."""
    path = SHEETS / name
    if not path.exists():
        pytest.skip("the books of the field are not here")
    book = read_book(path)
    assert column(book, field) == answer
    for sheet in book.sheets:
        named = [row for row in book.named if row.sheet == sheet.name]
        assert sheet.left_out or sheet.rows == sheet.lines + len(named)
