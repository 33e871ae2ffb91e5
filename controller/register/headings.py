"""This file says which column of an equipment book is which; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from controller.sheets.cells import HEAD_WITHIN
from controller.sheets.errors import SheetError
from controller.sheets.text import Cell, clean, folded
from protocol.words import N_

IGNORE: Final = "ignore"  # a heading that is known and not kept
RECORD: Final = "record"  # in our own workbook: whether the item is in the book at all
FIELDS: Final = (
    "asset_tag", "type", "name", "maker", "model", "serial", "room", "year", "cost_vnd", "funding",
    "condition",
)  # fmt: skip
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
    "cost_vnd": N_("original cost (đồng)"),
    "funding": N_("source of funds"),
    "condition": N_("condition"),
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
    "cost_vnd": (
        "nguyen gia", "gia tri", "gia mua", "tri gia", "don gia", "gia", "thanh tien", "so tien",
        "original cost", "purchase cost", "cost", "price", "value",
    ),
    "funding": (
        "nguon von", "nguon kinh phi", "nguon hinh thanh", "nguon cap", "nguon", "kinh phi",
        "nguon goc", "funding source", "funding", "fund", "source",
    ),
    "condition": (
        "tinh trang", "hien trang", "tinh trang su dung", "tinh trang hien tai", "trang thai",
        "chat luong", "condition", "status", "state",
    ),
    RECORD: ("ho so so",),
    IGNORE: (
        "so luong", "sl", "don vi tinh", "dvt", "ghi chu", "loi", "gia tri con lai", "hao mon",
        "quantity", "unit", "note", "notes", "remarks", "error",
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
_CURRENCIES: Final = (" vnd", " dong")
_FIELD_OF: Final = {alias: field for field, aliases in ALIASES.items() for alias in aliases}
_TIMES: Final = (("trieu dong", 10**6), ("nghin dong", 1000), ("ngan dong", 1000), ("1000d", 1000))


class BookHeading(msgspec.Struct, frozen=True, kw_only=True):
    """Where the fields stand, from 0. unknown: headings that nobody has explained.

    times: what the column of money counts in.
    """

    at: int
    places: Mapping[str, int]
    unknown: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    times: int = 1


def field_of(head: Cell, mapped: Mapping[str, str]) -> str:
    """The field that a heading names, as the school explained it or by alias; empty: unknown."""
    plain = folded(head) if isinstance(head, str) else ""
    if plain in mapped:
        return mapped[plain]
    for end in _CURRENCIES:
        plain = plain.removesuffix(end) if plain not in _FIELD_OF else plain
    return _FIELD_OF.get(plain, "")


def known_fields(row: Sequence[Cell], mapped: Mapping[str, str]) -> int:
    """How many different fields the cells of a row name."""
    return len({field_of(cell, mapped) for cell in row} & {*FIELDS, "row"})


def heading_of(rows: Sequence[Sequence[Cell]], mapped: Mapping[str, str]) -> BookHeading | None:
    """The row that names the most fields; it must name what an item is or is known by."""
    near = range(min(HEAD_WITHIN, len(rows)))
    at = max(near, key=lambda place: known_fields(rows[place], mapped), default=None)
    if at is None:
        return None
    places = _places(rows[at], mapped)
    if not {"asset_tag", "type", "serial"} & {*places} or len({*places.values()}) < 2:  # noqa: PLR2004 - one word is a title
        return None
    rest = [
        (clean(cell)[:64], field_of(cell, mapped))
        for place, cell in enumerate(rows[at])
        if clean(cell) and place not in places.values()
    ]
    return BookHeading(
        at=at,
        places=places,
        unknown=tuple(head for head, field in rest if not field),
        dropped=tuple(head for head, field in rest if field),
        times=_times(rows[at][places["cost_vnd"]]) if "cost_vnd" in places else 1,
    )


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
    named = (
        place
        for place, cell in enumerate(row)
        if isinstance(cell, str) and folded(cell) in NAMES and field_of(cell, mapped) == "type"
    )
    if "name" not in places and (first := next(named, None)) is not None:
        places["name"] = first
    return places


def _times(head: Cell) -> int:
    """What a heading such as "Nguyên giá (nghìn đồng)" counts in."""
    plain = folded(clean(head).replace("(", " ").replace(")", " "))
    return next((times for word, times in _TIMES if word in plain), 1)


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
