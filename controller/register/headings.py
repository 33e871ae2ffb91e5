"""This file says which column of an equipment book is which; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from msgspec.structs import replace

from controller.register.units import NOT_UNDERSTOOD, times_above, times_in, without_unit
from controller.register.vocabulary import ticked_of
from controller.sheets.cells import HEAD_WITHIN
from controller.sheets.errors import SheetError
from controller.sheets.text import Cell, clean, folded
from protocol.words import N_

IGNORE: Final = "ignore"  # a heading that is known and not kept
RECORD: Final = "record"  # in our own workbook: whether the item is in the book at all
FIELDS: Final = (
    "asset_tag", "type", "name", "maker", "model", "serial", "room", "year", "quantity",
    "unit_cost_vnd", "cost_vnd", "funding", "condition", "warranty_months", "warranty_until",
)  # fmt: skip
MONEY: Final = ("unit_cost_vnd", "cost_vnd")
WARRANTY: Final = ("warranty_months", "warranty_until")
FIELD_WORDS: Final[Mapping[str, str]] = {
    "row": N_("number in the book (STT)"),
    "asset_tag": N_("asset tag"),
    "type": N_("type or name"),
    "name": N_("name, as the book calls it"),
    "maker": N_("maker"),
    "model": N_("model"),
    "serial": N_("serial number"),
    "room": N_("room"),
    "year": N_("year put in use"),
    "quantity": N_("quantity"),
    "unit_cost_vnd": N_("unit price (đồng)"),
    "cost_vnd": N_("original cost (đồng)"),
    "funding": N_("source of funds"),
    "condition": N_("condition"),
    "warranty_months": N_("warranty (months)"),
    "warranty_until": N_("under warranty until"),
    IGNORE: N_("nothing that is kept"),
}
# The first alias that a sheet has wins.
ALIASES: Final[dict[str, tuple[str, ...]]] = {
    "row": ("stt", "so tt", "so thu tu", "tt", "no", "number", "row", "item no"),
    "asset_tag": (
        "ma tai san", "ma ts", "ma thiet bi", "ma tb", "the tai san", "so the tai san", "so the",
        "ma so tai san", "ma so thiet bi", "so hieu tai san", "ma kiem ke", "ma so", "ma",
        "asset tag", "asset code", "asset id", "asset no", "asset number", "inventory number",
        "tag", "code",
    ),
    "type": (
        "loai thiet bi", "loai tai san", "chung loai", "loai", "nhom thiet bi", "nhom tai san",
        "ten thiet bi", "ten tai san", "ten tai san thiet bi", "ten thiet bi tai san", "thiet bi",
        "tai san", "ten", "ten goi", "ten dung cu", "danh muc", "device type", "equipment type",
        "asset type", "type", "category", "kind", "equipment", "device", "item", "asset name",
        "name",
    ),
    "name": (),  # a column of types that is one of names: see NAMES
    "maker": (
        "hang san xuat", "hang sx", "hang", "nha san xuat", "nha sx", "nhan hieu", "thuong hieu",
        "manufacturer", "maker", "brand", "vendor", "make",
    ),
    "model": (
        "kieu may", "model", "kieu", "ma hieu", "ky hieu", "ma model", "mau ma", "kieu may model",
        "model name", "model number", "model no", "chung loai model",
    ),
    "serial": (
        "so se ri", "so seri", "so serial", "serial", "se ri", "seri", "so may", "s n", "sn",
        "serial number", "serial no", "so se ri serial",
    ),
    "room": (
        "phong", "phong hoc", "vi tri", "vi tri dat", "vi tri lap dat", "noi dat", "noi su dung",
        "noi de", "dia diem", "phong su dung", "phong hien tai", "room", "location", "classroom",
        "place",
    ),
    "year": (
        "nam dua vao su dung", "nam su dung", "nam dua vao sd", "nam sd", "nam bat dau su dung",
        "ngay dua vao su dung", "nam mua", "nam cap", "nam nhap", "nam trang bi", "nam",
        "year put in use", "year in use", "year of use", "purchase year", "year", "purchase date",
    ),
    "quantity": (
        "so luong", "sl", "s luong", "so luong theo so", "so luong theo so ke toan",
        "so luong theo so sach", "so luong so sach", "so luong tren so", "so luong ke toan",
        "so luong hien co", "so luong thuc te", "so luong kiem ke", "so luong theo kiem ke",
        "so luong thuc te kiem ke", "so luong kiem ke thuc te", "so luong theo thuc te",
        "quantity", "qty",
    ),
    "unit_cost_vnd": (
        "don gia", "gia don vi", "don gia mua", "gia mua", "gia", "unit price", "unit cost",
        "price",
    ),
    "cost_vnd": (
        "nguyen gia", "thanh tien", "tong tien", "tong gia tri", "gia tri", "tri gia", "so tien",
        "original cost", "purchase cost", "total cost", "total price", "cost", "value",
    ),
    "funding": (
        "nguon von", "nguon kinh phi", "nguon hinh thanh", "nguon cap", "nguon", "kinh phi",
        "nguon goc", "funding source", "funding", "fund", "source",
    ),
    "condition": (
        "tinh trang", "hien trang", "tinh trang su dung", "tinh trang hien tai", "trang thai",
        "chat luong", "condition", "status", "state",
    ),
    # Brackets are gone here: "Thời hạn bảo hành (tháng)". Each of both may hold what the other is.
    "warranty_months": (
        "thoi han bao hanh", "thoi gian bao hanh", "so thang bao hanh", "bao hanh thang",
        "thoi han bao hanh thang", "thoi gian bao hanh thang", "so nam bao hanh", "bao hanh nam",
        "bao hanh", "bh", "tg bao hanh", "tgbh", "thoi han bh", "warranty months",
        "warranty duration", "warranty period", "months of warranty", "warranty",
    ),
    "warranty_until": (
        "ngay het bao hanh", "ngay het han bao hanh", "het bao hanh", "het han bao hanh",
        "han bao hanh", "bao hanh den", "bao hanh den ngay", "bao hanh den het",
        "bao hanh den nam", "nam het bao hanh", "nam het han bao hanh", "ngay ket thuc bao hanh",
        "han bh", "warranty until", "warranty end", "warranty end date", "warranty expires",
        "warranty expiry", "warranty expiration", "under warranty until",
    ),
    RECORD: ("ho so so",),
    IGNORE: (
        "don vi tinh", "dvt", "ghi chu", "loi", "gia tri con lai", "hao mon", "unit", "note",
        "notes", "remarks", "error",
        # What our own workbook tells beside the book: controller/exports/workbook.py.
        "ma truong", "nha", "diem truong", "trang thai khac", "phong thay gan nhat",
        "lan thay gan nhat", "thay boi", "trang thai doi chieu", "ho so con thieu", "da xac minh",
        "so se ri may doc duoc", "ten may bao", "ma lophoc",
    ),
}  # fmt: skip
# Of the headings for what an item is, those that head its name as the school wrote it.
NAMES: Final = frozenset(
    {
        "ten thiet bi", "ten tai san", "ten tai san thiet bi", "ten thiet bi tai san", "thiet bi",
        "tai san", "ten", "ten goi", "ten dung cu", "equipment", "device", "item", "asset name",
        "name",
    }
)  # fmt: skip
# Where a column of totals stands beside it and none of unit prices, this heads the price of one.
_TOTALS: Final = frozenset({"thanh tien", "tong tien", "total cost", "total price"})
_SINGLES: Final = frozenset({"don gia", "gia don vi", "don gia mua", "unit price", "unit cost"})
_FIELD_OF: Final = {alias: field for field, aliases in ALIASES.items() for alias in aliases}
_KNOWN: Final = frozenset((*FIELDS, "row"))
_ITEM: Final = frozenset({"asset_tag", "type", "serial"})  # what an item is or is known by
_MIN_FIELDS: Final = 2  # one word is a title
_MIN_REPEATED: Final = 3  # headings that stand twice in a row are those of a second table
_MIN_TICKS: Final = 2


class BookHeading(msgspec.Struct, frozen=True, kw_only=True):
    """Where the fields stand, from 0. unknown: headings that nobody has explained.

    counts: headings of quantities beside the one that is taken.

    at: its first row, from 0; depth: of how many rows it is. heads: as written, a heading below
    another put together. ticks: the condition of each column that is ticked. times: what each
    column of MONEY counts in; None where that is not understood, unit being what was written;
    above: what a line above the table says of it. width: the columns before a second table begins.
    """

    at: int
    places: Mapping[str, int]
    heads: tuple[str, ...] = ()
    depth: int = 1
    ticks: Mapping[int, str] = {}
    unknown: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    times: Mapping[str, int | None] = {}
    unit: str = ""
    above: tuple[int | None, str] = (None, "")
    width: int | None = None

    def priced_of(self, field: str) -> BookHeading:
        """The heading where a price that may be of one or of all is this one of MONEY."""
        lone = self.lone_price
        if not lone or lone == field:
            return self
        places = {field if name == lone else name: at for name, at in self.places.items()}
        times = {field: self.times[lone]} if lone in self.times else {}
        return replace(self, places=places, times=times)

    @property
    def lone_price(self) -> str:
        """The only field of money, where its heading does not say whether of one or of all."""
        fields = [field for field in MONEY if field in self.places]
        if len(fields) != 1:
            return ""
        head = without_unit(folded(self.heads[self.places[fields[0]]]))
        return "" if head in _TOTALS | _SINGLES else fields[0]

    @property
    def columns(self) -> dict[str, str]:
        """The heading of each field."""
        return {field: self.heads[place][:64] for field, place in self.places.items()}


def field_of(head: Cell, mapped: Mapping[str, str]) -> str:
    """The field that a heading names, as the school explained it or by alias; empty: unknown."""
    plain = folded(head) if isinstance(head, str) and head else ""
    if plain in mapped:
        return mapped[plain]
    if field := _FIELD_OF.get(plain, ""):
        return field
    field = _FIELD_OF.get(without_unit(plain), "")
    return field if field in MONEY else ""


def known_fields(row: Sequence[Cell], mapped: Mapping[str, str]) -> int:
    """How many different fields the cells of a row name."""
    return len({field_of(cell, mapped) for cell in row} & _KNOWN)


def heading_of(
    rows: Sequence[Sequence[Cell]], mapped: Mapping[str, str], at: int | None = None
) -> BookHeading | None:
    """The row that names the most fields; it must name what an item is or is known by.

    at: the row that a person has chosen.
    """
    if at is None:
        near = range(min(HEAD_WITHIN, len(rows)))
        at = max(near, key=lambda place: known_fields(rows[place], mapped), default=None)
    if at is None or not 0 <= at < len(rows):
        return None
    above = [" ".join(filter(None, map(clean, row))) for row in rows[max(0, at - HEAD_WITHIN) : at]]
    return heading_at(rows, at, mapped, times_above(above))


def heading_at(
    rows: Sequence[Sequence[Cell]],
    at: int,
    mapped: Mapping[str, str],
    above: tuple[int | None, str] = (None, ""),
) -> BookHeading | None:
    """The heading that begins in this row; None where it names no item. above: of times_above."""
    heads, depth = _heads(rows, at, mapped)
    width = _width(heads, mapped)
    heads = heads[:width]
    ticks = _ticks(heads)
    places = {field: at for field, at in _places(heads, mapped).items() if at not in ticks}
    told = {place for field, place in places.items() if field != "quantity"}
    if not _ITEM & {*places} or len(told) < _MIN_FIELDS:  # names and counts alone sum others up
        return None
    rest = [
        (head[:64], field_of(head, mapped))
        for place, head in enumerate(heads)
        if head and place not in places.values() and place not in ticks
    ]
    heading = BookHeading(
        at=at,
        places=places,
        heads=tuple(heads),
        depth=depth,
        ticks=ticks,
        unknown=tuple(head for head, field in rest if not field),
        counts=tuple(head for head, field in rest if field == "quantity"),
        dropped=tuple(head for head, field in rest if field not in {"", "quantity"}),
        width=width,
    )
    return counted_in(heading, above)


def counted_in(heading: BookHeading, above: tuple[int | None, str]) -> BookHeading:
    """The heading where a line above the table says what money counts in, if it does not itself."""
    times: dict[str, int | None] = {}
    unit = ""
    for field in MONEY:
        if field not in heading.places:
            continue
        head = heading.heads[heading.places[field]]
        own = times_in(head)
        told, text = (own, head) if own is not None else above
        is_understood = told != NOT_UNDERSTOOD
        times[field] = (told or 1) if is_understood else None
        unit = unit if is_understood else text
    return replace(heading, above=above, times=times, unit=unit)


def is_heading(row: Sequence[Cell], mapped: Mapping[str, str]) -> bool:
    """Whether a row below a table's first heading is one again, its own or a second table's."""
    if any(isinstance(cell, float) or (isinstance(cell, str) and cell.isdecimal()) for cell in row):
        return False  # a number heads nothing; so most rows are judged quickly
    fields = {field_of(cell, mapped) for cell in row}
    if not _ITEM & fields:
        return False
    heads = [clean(cell) for cell in row]
    known, filled = len(fields & _KNOWN) + len(_ticks(heads)), sum(map(bool, heads))
    return known == filled >= _MIN_FIELDS or (known >= _MIN_REPEATED and known * 2 >= filled)


def _heads(
    rows: Sequence[Sequence[Cell]], at: int, mapped: Mapping[str, str]
) -> tuple[list[str], int]:
    """The headings of the columns, and of how many rows they are."""
    head = [clean(cell) for cell in rows[at]]
    below = [clean(cell) for cell in rows[at + 1]] if at + 1 < len(rows) else []
    width = max(len(head), len(below))
    head += [""] * (width - len(head))
    own = {place: text for place, text in enumerate(below) if text and text != head[place]}
    if not _is_subheading(head, own):
        return head, 1
    heads, parent = list(head), ""
    for place in range(width):
        parent = head[place] or parent
        if text := own.get(place):
            is_known = field_of(text, mapped) or ticked_of(text)
            heads[place] = text if is_known else f"{parent} {text}"
    return heads, 2


def _is_subheading(head: Sequence[str], own: Mapping[int, str]) -> bool:
    """Whether the second row only parts headings that stand over several columns."""
    parted = [place for place in own if not head[place]]
    over = (place for place in own if head[place])
    return (
        len(own) >= _MIN_FIELDS
        and bool(parted)
        and not any(char.isdigit() for text in own.values() for char in text)
        and all(place + 1 in parted for place in over)
        and all(head[place - 1] or place - 1 in own for place in parted)
    )


def _width(heads: Sequence[str], mapped: Mapping[str, str]) -> int | None:
    """How many columns there are before the headings begin anew; None: they do not."""
    first: dict[str, int] = {}
    again = [
        place
        for place, head in enumerate(heads)
        if field_of(head, mapped) and first.setdefault(folded(head), place) != place
    ]
    return again[0] if len(again) >= _MIN_REPEATED else None


def _ticks(heads: Sequence[str]) -> dict[int, str]:
    """The condition of each column that is ticked; none where fewer than two are such."""
    ticks = {at: ticked for at, head in enumerate(heads) if (ticked := ticked_of(head))}
    return ticks if len(ticks) >= _MIN_TICKS else {}


def _places(row: Sequence[Cell], mapped: Mapping[str, str]) -> dict[str, int]:
    """Of several columns for one field the one whose alias comes first."""
    ranked: dict[str, tuple[int, int]] = {}
    for place, cell in enumerate(row):
        field = field_of(cell, mapped)
        if field in ("", IGNORE):
            continue
        plain = folded(cell) if isinstance(cell, str) else ""
        order = ALIASES[field]
        rank = -1 if plain in mapped else order.index(plain) if plain in order else len(order)
        if field not in ranked or rank < ranked[field][0]:
            ranked[field] = (rank, place)
    places = {field: place for field, (_, place) in ranked.items()}
    if "cost_vnd" in places and "unit_cost_vnd" not in places:
        places |= _unit_beside(row, places["cost_vnd"], mapped)
    named = (
        place
        for place, cell in enumerate(row)
        if isinstance(cell, str) and folded(cell) in NAMES and field_of(cell, mapped) == "type"
    )
    if "name" not in places and (first := next(named, None)) is not None:
        places["name"] = first
    return places


def _unit_beside(row: Sequence[Cell], at: int, mapped: Mapping[str, str]) -> dict[str, int]:
    """Both columns of money where what heads a cost stands beside one that heads a total."""
    totals = [
        place
        for place, cell in enumerate(row)
        if isinstance(cell, str)
        and without_unit(folded(cell)) in _TOTALS
        and field_of(cell, mapped) == "cost_vnd"
    ]
    if not totals or at in totals:
        return {}
    return {"unit_cost_vnd": at, "cost_vnd": totals[0]}


def mapping_of(explanations: Sequence[str]) -> dict[str, str]:
    """What `--map "Heading=field"` says, by the folded heading. Raises SheetError."""
    mapped: dict[str, str] = {}
    for explanation in explanations:
        head, _, field = explanation.rpartition("=")
        field = field.strip().casefold()
        if not folded(head) or field not in {*FIELDS, "row", IGNORE}:
            raise SheetError(
                "mapping_invalid",
                N_("{told} maps no heading to a field."),
                N_('Write --map "Heading=field"; the fields are {fields}.'),
                told=explanation,
                fields=", ".join((*FIELDS, "row", IGNORE)),
            )
        mapped[folded(head)] = field
    return mapped
