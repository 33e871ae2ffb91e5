"""LopHoc's file for Snipe-IT, read as a book, tells what the book told, or names what it does not.

As a program it tries as many books as one likes:
python -m tests.controller.inventory.test_snipeit_read FIRST LAST.
"""

from __future__ import annotations

import csv
import io
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from controller.inventory.asset import Asset
from controller.inventory.exports.snipeit import HEAD, VIETNAMESE, Manner, as_csv
from controller.register import snipeit
from controller.register.book import Book, Line, RowReason
from controller.register.choices import Choices, RoomOf
from controller.register.pairing import told_fields
from controller.register.prices import priced
from controller.register.reading import read_book
from controller.register.vocabulary import Condition
from controller.sheets.errors import SheetError
from controller.sheets.names import room_key
from controller.sheets.text import folded
from protocol.fields import fields_for
from tests.controller.register.written_books import case_of, write
from tests.controller.some_assets import SCHOOL, asset, stray, unseen
from tests.seeds import play
from tests.tiers import one_short

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
BUNCH = 25
LAST = 50
SPOTS = (("", ""), ("", ""), ("Điểm chính", ""), ("", "Nhà B"), ("Lê Lợi", "Nhà A"))
ROOMS = ("P203", "Thư viện - Tầng 2", "Nhà B - P203", "Tin 1", "", "A-203")
FUNDS = ("", "NSNN", "Xã hội hóa; năm 2021", "PHHS; LopHoc: 7; Nguồn vốn: x", "Phòng: P9")
EXACT = ("type", "maker", "serial", "year", "funding", "condition", "count", "warranty_until")


@pytest.mark.parametrize("first", one_short(range(0, LAST, BUNCH)))
def test_what_was_written_for_snipe_it_is_told_back_or_named(tmp_path: Path, first: int) -> None:
    """Over every kind of line, in any order of the rows, with and without the room in the notes."""
    found = {seed: [*wrongs(seed, tmp_path)] for seed in range(first, first + BUNCH)}
    assert {seed: wrong for seed, wrong in found.items() if wrong} == {}


def wrongs(seed: int, folder: Path) -> Iterator[str]:
    """What the file tells otherwise than the book that it was written of, and not by name."""
    chance = random.Random(seed)
    try:
        lines = read_book(write(case_of(seed), folder)).lines
    except SheetError:
        return
    assets = [_asset(no, line, chance) for no, line in enumerate(lines, 1)]
    manner = Manner(zone=ZONE, named=chance.random() < 0.3, vietnamese=chance.random() < 0.3)
    text = "".join(as_csv([assets], manner))
    is_old = chance.random() < 0.3
    rows = [*csv.reader(io.StringIO(text, newline=""))]
    if chance.random() < 0.3:
        rows = [rows[0], *chance.sample(rows[1:], len(rows) - 1)]
    if is_old:
        rows = [[_without_room(cell) for cell in row] for row in rows]
    wanted = {one.line: one for one in assets if one.quantity}
    if not wanted:
        return
    path = folder / f"snipe-{seed}.csv"
    path.write_text(_text(rows), "utf-8")
    answer = chance.choice([None, None, RoomOf.PART])
    book = read_book(path, Choices(room=answer))
    for wrong in _compared(book, rows, wanted):
        yield f"{wrong} ({answer})"


def _asset(no: int, line: Line, chance: random.Random) -> Asset:
    """The inventory's item of a line, with more kinds of values than a written book has."""
    room = chance.choice([line.room, *ROOMS])
    site, building = chance.choice(SPOTS) if room else ("", "")
    more = replace(
        line,
        asset_tag=chance.choice([line.asset_tag, line.asset_tag, ""]),
        room=room,
        funding=chance.choice(FUNDS),
        condition=chance.choice(["", *map(str, Condition)]),
        maker=chance.choice(["", "Epson"]),
        model=chance.choice(["", "EB-X51"]),
        quantity=min(line.count, 7),
        cost_vnd=chance.choice([None, 1000, 98_500_000]),
        unit_cost_vnd=None,
        warranty_months=chance.choice([None, 0, 12, 36]),
        warranty_until=chance.choice(["", "2026-03-15", "2031-12-31"]),
    )
    return Asset(
        **fields_for(Asset, priced(more)) | {"site": site, "building": building},
        place=SCHOOL,
        device_id=f"line:{no}",
        line=no,
    )


def _without_room(notes: str) -> str:
    """As versions before wrote it."""
    head, mark, rest = notes.partition("; Phòng: ")
    marks = ("; Bảo hành đến: ", "; Nguồn vốn: ", "; LopHoc: ")
    ends = [rest.find(end) for end in marks if end in rest]
    return head + rest[min(ends) :] if mark and ends and "Đối chiếu" in head else notes


def _text(rows: list[list[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _compared(book: Book, rows: list[list[str]], wanted: dict[int | None, Asset]) -> Iterator[str]:
    assert rows[0] in ([*HEAD], [VIETNAMESE.get(name, name) for name in HEAD])
    at = [source.row for source in book.sources] + [row.row for row in book.named]
    if sorted(at) != [*range(1, len(rows) + 1)]:
        yield f"rows {sorted(at)} of {len(rows)}"
    rounded = {
        int(row)
        for notice in book.warnings
        if notice.code == "snipeit_rounded"
        for row in notice.value.replace(", ...", "").split(", ")
    }
    left = dict(wanted)
    for line, source in zip(book.lines, book.sources, strict=True):
        notes = rows[source.row - 1][HEAD.index("Asset Notes")]
        true = left.pop(int(notes.rpartition("; LopHoc: line:")[2].partition(" ")[0]))
        full = priced(line, told=told_fields(line))
        yield from _differences(full, true, is_rounded=source.row in rounded)
    if left:
        yield f"lost: {[*left]}"


def _differences(line: Line, true: Asset, *, is_rounded: bool) -> Iterator[str]:
    named = {fault.field for fault in line.errors}
    wants = {name: getattr(true, name, None) for name in EXACT} | {"count": true.quantity}
    for name, value in wants.items():
        if name not in named and getattr(line, name) != value:
            yield f"{name} is {getattr(line, name)!r}, not {value!r}"
    months = {true.warranty_months, None if true.warranty_until else true.warranty_months}
    if line.warranty_months not in months:
        yield f"warranty of {line.warranty_months} months, not {true.warranty_months}"
    if line.asset_tag != true.asset_tag:
        yield f"tag {line.asset_tag!r}, not {true.asset_tag!r}"
    if line.name != true.name or line.model != true.model:
        yield f"{line.name} {line.model}, not {true.name} {true.model}"
    rooms = {room_key(true.room), *map(room_key, true.room.split(" - "))}  # as was answered
    if "room" not in named and room_key(line.room) not in rooms:
        yield f"room {line.room!r}, not {true.room!r}"
    slack = line.count if is_rounded else 0
    if abs((line.cost_vnd or 0) - (true.cost_vnd or 0)) > slack:
        yield f"cost {line.cost_vnd} not {true.cost_vnd}"


def of_file(path: Path, *assets: Asset, answer: RoomOf | None = None) -> Book:
    """What is read of the file of these items."""
    path.write_text("".join(as_csv([[*assets]], Manner(zone=ZONE))), "utf-8")
    return read_book(path, Choices(room=answer))


def test_the_headings_are_those_that_are_written() -> None:
    """The reader stands below the writer and spells them itself."""
    assert {folded(head) for head in HEAD} == snipeit.HEADINGS


def test_devices_of_no_book_and_further_things_are_no_lines(tmp_path: Path) -> None:
    """Each of their rows is named."""
    book = of_file(tmp_path / "a.csv", unseen(1, "desk", quantity=3), stray(801))
    assert [line.quantity for line in book.lines] == [3]
    reasons = [row.reason for row in book.named]
    assert reasons == [RowReason.HEADING, RowReason.THING, RowReason.THING, RowReason.STRAY]


def test_a_device_does_not_name_its_line(tmp_path: Path) -> None:
    """The name of what a computer saw is that computer's word; the rest is named."""
    book = of_file(tmp_path / "a.csv", asset(7))
    assert (book.lines[0].name, "name" in book.told[0]) == ("", False)
    assert "snipeit_seen" in {notice.code for notice in book.warnings}


def test_a_file_of_several_schools_is_no_book(tmp_path: Path) -> None:
    """The department's file is not one school's."""
    other = replace(asset(8), place=replace(SCHOOL, school="00124"))
    with pytest.raises(SheetError) as refused:
        of_file(tmp_path / "a.csv", asset(7), other)
    assert refused.value.code == "several_schools"


def test_what_somebody_changed_in_the_file_is_named(tmp_path: Path) -> None:
    """A status that disagrees with the notes, a thing that is missing."""
    path = tmp_path / "a.csv"
    text = "".join(as_csv([[unseen(1, "desk", quantity=3), unseen(2, "desk")]], Manner(zone=ZONE)))
    rows = [row for row in text.splitlines() if " #2" not in row]
    path.write_text("\n".join(rows).replace("Ready to Deploy", "Archived"), "utf-8")
    faults = [{fault.field for fault in line.errors} for line in read_book(path).lines]
    assert faults == [{"quantity", "condition"}, {"condition"}]


def test_a_line_that_is_called_as_a_further_thing_stays_a_line(tmp_path: Path) -> None:
    """Which thing is whose is told by our own ids, where the file has them."""
    told = [asset(1, asset_tag="A", quantity=3), asset(2, asset_tag="A #2")]
    path = tmp_path / "a.csv"
    path.write_text("".join(as_csv([told], Manner(zone=ZONE, taken=frozenset({"a#2"})))), "utf-8")
    lines = read_book(path).lines
    assert [(line.asset_tag, line.count) for line in lines] == [("A", 3), ("A #2", 1)]


def test_a_tag_that_lophoc_made_is_none_in_any_file(tmp_path: Path) -> None:
    """Snipe-IT writes it out again under headings of its own."""
    path = tmp_path / "a.csv"
    path.write_text(
        "Asset Tag,Asset Name,Serial\nLOPHOC-00123-L8,Camera,S1\nLOPHOC-1,Camera,S2\n", "utf-8"
    )
    assert [line.asset_tag for line in read_book(path).lines] == ["", "LOPHOC-1"]


if __name__ == "__main__":
    sys.exit(play(wrongs))
