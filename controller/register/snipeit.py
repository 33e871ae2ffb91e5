"""This file reads the file for Snipe-IT that LopHoc itself has written as a book; pure.

What stands there in that program's words is written by controller/inventory/exports/snipeit.py.
Each row keeps its number. What cannot be told back is left as the book has it, or named.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from controller.register.fields import is_made_up
from controller.register.rows import STRAY_WORD, THING_WORD
from controller.register.vocabulary import Condition, condition_of
from controller.register.warranty import months_until
from controller.sheets.cells import HEAD_WITHIN
from controller.sheets.errors import Notice, SheetError
from controller.sheets.names import tag_key
from controller.sheets.text import Cause, Cell, Unreadable, display_of, folded
from controller.sheets.worksheet import Worksheet
from protocol.words import N_

HEADINGS: Final = frozenset(
    {
        "company", "name", "asset tag", "category", "manufacturer", "model name", "model number",
        "serial number", "status", "location", "purchase date", "purchase cost", "warranty months",
        "eol date", "last audit", "next audit", "asset notes", "checkout type", "checkout location",
    }
)  # fmt: skip
# The same labels as a Vietnamese screen of Snipe-IT has them (inventory/exports/snipeit.py).
_ENGLISH: Final[Mapping[str, str]] = {
    folded(label): name
    for label, name in {
        "Công ty": "company",
        "Thẻ tài sản": "asset tag",
        "Thể loại": "category",
        "Nhà sản xuất": "manufacturer",
        "Tình trạng": "status",
        "Địa phương": "location",
        "Ngày mua": "purchase date",
        "Chi phí mua hàng": "purchase cost",
        "Ngày EOL": "eol date",
        "Kiểm toán Lần cuối": "last audit",
        "Tài sản Notes": "asset notes",
        "Checkout to Location": "checkout location",
    }.items()
}
_MISSING: Final = "khong tim thay"  # which nobody can be handed, however well it was
_SAME: Final = ("asset tag", "category", "name", "manufacturer", "model name", "serial number",
                "purchase date")  # fmt: skip
_OWN: Final = ("Phòng", "Số lượng", "Đơn giá (đồng)", "Nguồn vốn", "Tình trạng", "Warranty Months",
               "Bảo hành đến", "Hồ sơ sổ")  # fmt: skip
_NOTES: Final = re.compile(
    r"(?:Tình trạng: (?P<condition>[^;]*); )?Đối chiếu: (?P<states>[^;]*)"
    r"(?:; Phòng: (?P<room>.*?))?(?:; Bảo hành đến: (?P<until>[0-9-]{10}))?"
    r"(?:; Nguồn vốn: (?P<funding>.*))?; LopHoc: (?P<item>\S.*)"
)
_NO_TYPE: Final = "khong ro"
_THING: Final = re.compile(r"(.*\S) #([0-9]{1,6})")  # controller.inventory.asset.THING_MARK
_LINE: Final = re.compile(r"L[0-9]+")
_STATUSES: Final[Mapping[str, frozenset[Condition | None]]] = {
    "ready to deploy": frozenset({None, Condition.GOOD}),
    "pending": frozenset({Condition.BROKEN, Condition.REPAIR, Condition.AWAITING_DISPOSAL}),
    "archived": frozenset({Condition.DISPOSED, Condition.LOST}),
}
_HANDED_OUT: Final = _STATUSES["ready to deploy"]
_UNTOLD: Final = Unreadable(Cause.UNTOLD)
_MAX_NAMED: Final = 30

_READ: Final = N_(
    "This is LopHoc's own file for Snipe-IT: what has the quantity 0 is not in it, and a tag that"
    " was made for Snipe-IT is no tag."
)
_ROUNDED: Final = N_(
    "What several things cost together is reckoned from the rounded price of one. Rows: {value}"
)
_SEEN: Final = N_(
    "A computer saw these: maker, model and serial may be what the device says. Rows: {value}"
)
_DIFFER: Final = N_(
    "Things of one line differ here in room, price or condition: the line's first row counts."
    " Rows: {value}"
)
_SEVERAL_SCHOOLS: Final = SheetError(
    "several_schools",
    N_("The file holds the equipment of several schools."),
    N_("Write out the file of one school, and give that."),
)


class _Parsed(NamedTuple):
    """A row that is no heading. school, tag: as written; notes: None where they tell nothing."""

    cells: Mapping[str, Cell]
    school: str
    tag: str
    notes: re.Match[str] | None

    def said(self, name: str) -> str:
        """What the notes say; empty where they do not."""
        return (self.notes[name] or "") if self.notes else ""

    @property
    def thing(self) -> str:
        """What says which thing of which line it is: our own id, else the tag."""
        return self.said("item") or self.tag


def as_book(sheet: Worksheet, file: str) -> tuple[Worksheet, list[Notice]] | None:
    """The sheet in a book's own terms, and what is to be known of it; None: another file.

    Raises SheetError where it holds more than one school.
    """
    at = next((at for at, row in enumerate(sheet.rows[:HEAD_WITHIN]) if _is_head(row)), None)
    if at is None:
        return None
    head = [_label(cell) for cell in sheet.rows[at]]
    rows = {
        place: _parsed(dict(zip(head, row, strict=False)))
        for place, row in enumerate(sheet.rows[at + 1 :], start=at + 1)
        if any(map(display_of, row))
    }
    if len({row.school for row in rows.values()}) > 1:
        raise _SEVERAL_SCHOOLS
    return _rewritten(sheet, at, rows, file)


def _is_head(row: Sequence[Cell]) -> bool:
    return {_label(cell) for cell in row} >= HEADINGS


def _label(cell: Cell) -> str:
    """A heading in Snipe-IT's English."""
    return _ENGLISH.get(folded(cell), folded(cell))


def _parsed(cells: Mapping[str, Cell]) -> _Parsed:
    school, tag, notes = (_text(cells, name) for name in ("company", "asset tag", "asset notes"))
    return _Parsed(cells, school, _own_tag(tag, school), _NOTES.fullmatch(notes))


def _own_tag(tag: str, school: str) -> str:
    """A department's file names the school behind each tag: TS-1 (00123) #2."""
    base = _base_of(tag)
    own = base.removesuffix(f" ({school})") if school else base
    return f"{own}{tag.removeprefix(base)}" if own else tag


def _text(cells: Mapping[str, Cell], name: str) -> str:
    return display_of(cells.get(name, "")).removeprefix("'")


def _base_of(tag: str) -> str:
    match = _THING.fullmatch(tag)
    return match[1] if match else tag


def _things(rows: Mapping[int, _Parsed]) -> dict[int, list[int]]:
    """The further rows of each row that is a line's first."""
    first = {tag_key(row.thing): place for place, row in reversed([*rows.items()]) if row.thing}
    things: dict[int, list[int]] = {}
    for place, row in rows.items():
        own = first.get(tag_key(_base_of(row.thing)))
        if own is not None and own != place and _THING.fullmatch(row.thing):
            things.setdefault(own, []).append(place)
    return things


def _rewritten(
    sheet: Worksheet, at: int, rows: Mapping[int, _Parsed], file: str
) -> tuple[Worksheet, list[Notice]]:
    things = _things(rows)
    further = {place for places in things.values() for place in places}
    table: list[list[Cell]] = [*sheet.rows[:at], [*_heads(sheet.rows[at]), *_OWN]]
    for place in range(at + 1, len(sheet.rows)):
        row = rows.get(place)
        if row is None:
            table.append([])
        elif place in further:
            table.append(_named(row, THING_WORD))
        else:
            table.append(_line(row, [rows[other] for other in things.get(place, ())]))
    notices = [Notice(file=file, code="snipeit_read", message=_READ, sheet=sheet.name)]
    notices += _notices(sheet, rows, things, file)
    return replace(sheet, rows=table, spans=[]), notices


def _heads(row: Sequence[Cell]) -> list[Cell]:
    """The headings of what stays as it is, as the file writes them in English."""
    own = {_label(cell): cell for cell in row}
    return [own[name] if folded(own[name]) == name else name for name in _SAME]


def _named(row: _Parsed, word: str) -> list[Cell]:
    """A row that is no line: its name, its tag and why."""
    return [row.tag, "", row.cells.get("name", ""), *[""] * (len(_SAME) + len(_OWN) - 4), word]


def _line(row: _Parsed, things: Sequence[_Parsed]) -> list[Cell]:
    """A line's cells, in the order of the headings."""
    if _is_stray(row):
        return _named(row, STRAY_WORD)
    category, model = row.cells.get("category", ""), row.cells.get("model name", "")
    is_line = row.said("item").startswith("line:")
    return [
        "" if _is_made_up(row) else _tag_cell(row),
        "" if folded(category) == _NO_TYPE else category,
        row.cells.get("name", "") if is_line else _UNTOLD,
        row.cells.get("manufacturer", ""),
        _UNTOLD if folded(model) in _stand_ins(row) else model,
        row.cells.get("serial number", ""),
        row.cells.get("purchase date", ""),
        _room(row),
        _quantity(things),
        row.cells.get("purchase cost", ""),
        row.said("funding") if row.notes else _UNTOLD,
        _condition(row),
        _months(row),
        row.said("until") if row.notes else _UNTOLD,
        "",
    ]


def _tag_cell(row: _Parsed) -> Cell:
    """The cell of the tag; without the school where the file names it there."""
    cell = row.cells.get("asset tag", "")
    return row.tag if row.tag != _text(row.cells, "asset tag") else cell


def _stand_ins(row: _Parsed) -> set[str]:
    """What stands in the model's place where nobody knows it: the type, and its maker."""
    category, maker = _text(row.cells, "category"), _text(row.cells, "manufacturer")
    return {folded(category), folded(f"{category} {maker}"), _NO_TYPE}


def _is_made_up(row: _Parsed) -> bool:
    return row.tag.startswith(f"LOPHOC-{row.school}-") or is_made_up(row.tag)


def _is_stray(row: _Parsed) -> bool:
    """Whether the row is of a device that is in no book."""
    rest = _base_of(row.tag).removeprefix(f"LOPHOC-{row.school}-")
    is_device = rest != _base_of(row.tag) and not _LINE.fullmatch(rest)
    return is_device or folded(row.said("states").split(",")[0]) == folded(STRAY_WORD)


def _room(row: _Parsed) -> Cell:
    """The room of a location; what may be more than a room is asked about."""
    place = _text(row.cells, "location")
    if place == row.school:
        return ""
    lead = f"{row.school} - " if row.school else ""
    rest = place.removeprefix(lead)
    room = row.said("room")
    if room and (rest == room or rest.endswith(f" - {room}")):
        return room
    is_sure = place.startswith(lead) and " - " not in rest
    return rest if is_sure else Unreadable(Cause.PARTS, rest)


def _quantity(things: Sequence[_Parsed]) -> Cell:
    """How many things the line is; words that are refused where the numbers have gaps."""
    numbers = [int(match[2]) for thing in things if (match := _THING.fullmatch(thing.thing))]
    if sorted(numbers) != [*range(2, len(numbers) + 2)]:
        return "1, " + ", ".join(f"#{number}" for number in numbers)
    return str(len(things) + 1)


def _condition(row: _Parsed) -> Cell:
    """The condition; the status itself, which is refused, where somebody has changed it since."""
    if row.notes is None:
        return _text(row.cells, "status")
    said, status = row.said("condition"), _text(row.cells, "status")
    is_missing = _MISSING in map(folded, row.said("states").split(", "))
    if is_missing and folded(status) == "pending" and condition_of(said) in _HANDED_OUT:
        return said
    return said if condition_of(said) in _STATUSES.get(folded(status), ()) else status


def _months(row: _Parsed) -> Cell:
    """The length of the warranty, but for one that was counted from the year and the end."""
    told, until = _text(row.cells, "warranty months"), row.said("until")
    year = _text(row.cells, "purchase date")[:4]
    is_counted = year.isdecimal() and told == str(months_until(int(year), until))
    return _UNTOLD if until and is_counted else row.cells.get("warranty months", "")


def _notices(
    sheet: Worksheet, rows: Mapping[int, _Parsed], things: Mapping[int, Sequence[int]], file: str
) -> Iterator[Notice]:
    seen = [
        place
        for place, row in rows.items()
        if row.notes and not row.said("item").startswith("line:") and not _is_stray(row)
    ]
    further = {place for places in things.values() for place in places}
    changed = [
        place
        for own, places in things.items()
        for place in places
        if _kept(rows[place]) != _kept(rows[own])
    ]
    for code, message, places in (
        (
            "snipeit_rounded",
            _ROUNDED,
            [own for own in things if _price(rows[own])],
        ),
        ("snipeit_seen", _SEEN, [place for place in seen if place not in further]),
        ("snipeit_differ", _DIFFER, changed),
    ):
        if places:
            value = ", ".join(str(place + 1) for place in places[:_MAX_NAMED])
            value += ", ..." if places[_MAX_NAMED:] else ""
            yield Notice(
                file=file, code=code, message=message, value=value, sheet=sheet.name,
                row=places[0] + 1,
            )  # fmt: skip


def _price(row: _Parsed) -> str:
    return _text(row.cells, "purchase cost")


def _kept(row: _Parsed) -> tuple[str, ...]:
    """What all things of a line have alike."""
    texts = (_text(row.cells, name) for name in ("location", "purchase cost", "status"))
    return (*texts, row.said("condition"))
