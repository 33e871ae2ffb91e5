"""This file writes the inventory as a CSV that Snipe-IT imports; the labels are Snipe-IT's own.

Snipe-IT gives a number of its own to a line without a tag, again at each import: so a line
without one bears a tag of ours, LOPHOC-<school>-L<no>, until the book has one. It finds an item
by its tag alone, whatever the company: a department's tags name their school. It finds a model by
its name alone, and gives it the maker of the row that comes last: a model that nobody knows bears
its maker's name. It knows single things alone: a line of several is as many rows.
controller/register/snipeit.py reads it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, tzinfo
from types import MappingProxyType
from typing import Final

import msgspec

from controller.inventory.asset import THING_MARK, Asset, AssetState, things_of
from controller.inventory.exports.spelling import (
    condition_said,
    local,
    states_said,
    type_said,
)
from controller.reconcile.evidence import SeenBy
from controller.register.vocabulary import Condition
from controller.register.warranty import day_told, months_until
from controller.sheets.names import tag_key
from controller.sheets.writing import csv_for_machines, without_controls

HEAD: Final = (
    "Company", "Name", "Asset Tag", "Category", "Manufacturer", "Model Name", "Model Number",
    "Serial Number", "Status", "Location", "Purchase Date", "Purchase Cost", "Warranty Months",
    "EOL Date", "Last Audit", "Next Audit", "Asset Notes", "Checkout Type", "Checkout Location",
)  # fmt: skip
# Its import screen knows columns by its own labels in the language of whoever is at it, which in
# Vietnamese are only partly translated (resources/lang/vi-VN), and by some English aliases.
VIETNAMESE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Company": "Công ty",
        "Asset Tag": "Thẻ tài sản",
        "Category": "Thể loại",
        "Manufacturer": "Nhà sản xuất",
        "Status": "Tình trạng",
        "Location": "Địa phương",
        "Purchase Date": "Ngày mua",
        "Purchase Cost": "Chi phí mua hàng",
        "EOL Date": "Ngày EOL",
        "Last Audit": "Kiểm toán Lần cuối",
        "Asset Notes": "Tài sản Notes",
        "Checkout Location": "Checkout to Location",
    }
)
READY: Final = "Ready to Deploy"
PENDING: Final = "Pending"
ARCHIVED: Final = "Archived"
# Snipe-IT takes a status that it does not know for one that may be handed out: only its own three.
_STATUS_OF: Final = {
    "": READY,
    Condition.GOOD.value: READY,
    Condition.BROKEN.value: PENDING,
    Condition.REPAIR.value: PENDING,
    Condition.AWAITING_DISPOSAL.value: PENDING,
    Condition.DISPOSED.value: ARCHIVED,
    Condition.LOST.value: ARCHIVED,
}
_GONE: Final = frozenset({Condition.DISPOSED.value, Condition.LOST.value})
_UNKNOWN: Final = "Không rõ"
_APART: Final = " - "  # between the parts of a location


class Manner(msgspec.Struct, frozen=True, kw_only=True):
    """How the file is written. zone: of the school's days.

    named: tags name their school. vietnamese: so are the labels. new_from: only what is here since
    this day is handed out, for Snipe-IT would take back and hand out again what it knows already;
    None: all. lives: years in use, by type. taken: own tags that look like a further thing's, as
    `tag_key` has them.
    """

    zone: tzinfo
    named: bool = False
    vietnamese: bool = False
    new_from: date | None = None
    lives: Mapping[str, int] = {}
    taken: frozenset[str] = frozenset()


def as_csv(parts: Iterable[Iterable[Asset]], manner: Manner) -> Iterator[str]:
    """The items as RFC 4180 with a header line, every text as it is: a program reads them."""
    words = VIETNAMESE if manner.vietnamese else {}
    yield csv_for_machines([[words.get(name, name) for name in HEAD]])
    for assets in parts:
        yield csv_for_machines(row for asset in assets for row in _rows(asset, manner))


def tag_of(asset: Asset, *, named: bool = False) -> str:
    """Its tag, never empty and no other's; named: with its school."""
    if not asset.asset_tag:
        own = f"L{asset.line}" if asset.line is not None else asset.device_id
        return f"LOPHOC-{asset.place.school}-{own}"
    return f"{asset.asset_tag} ({asset.place.school})" if named else asset.asset_tag


def _rows(asset: Asset, manner: Manner) -> Iterator[list[str]]:
    tag = tag_of(asset, named=manner.named)
    for number, thing in enumerate(things_of(asset), start=1):
        yield _row(thing, manner, tag if number == 1 else _further_tag(tag, number, manner))


def _further_tag(tag: str, number: int, manner: Manner) -> str:
    mark = f"{THING_MARK}{number}"
    tag += mark
    while tag_key(tag) in manner.taken:  # a line of its own is called so
        tag += mark
    return tag


def _row(asset: Asset, manner: Manner, tag: str) -> list[str]:
    status = _status_of(asset)
    place = _location(asset)
    handed = bool(asset.room) and status == READY and _is_new(asset, manner)
    scanned = asset.by == SeenBy.PERSON_SCAN and asset.seen_ms
    cells = {
        "Company": asset.home,
        "Name": asset.name,
        "Asset Tag": tag,
        "Category": type_said(asset) or _UNKNOWN,
        "Manufacturer": asset.maker,
        "Model Name": asset.model or _model_of(asset),
        "Serial Number": asset.serial,
        "Status": status,
        "Location": place,
        "Purchase Date": _first_of(asset.year),
        "Purchase Cost": "" if asset.cost_vnd is None else str(asset.cost_vnd),
        "Warranty Months": _warranty(asset),
        "EOL Date": _first_of(_end_of(asset, manner.lives)),
        "Last Audit": f"{_day(asset.seen_ms, manner):%Y-%m-%d}" if scanned else "",
        "Asset Notes": _notes(asset),
        "Checkout Type": "location" if handed else "",
        "Checkout Location": place if handed else "",
    }
    return [without_controls(cells.get(name, "")) for name in HEAD]


def _is_new(asset: Asset, manner: Manner) -> bool:
    return manner.new_from is None or _day(asset.first_seen_ms, manner).date() >= manner.new_from


def _day(at_ms: int, manner: Manner) -> datetime:
    return local(at_ms, manner.zone)


def _model_of(asset: Asset) -> str:
    """What stands for a model that the book leaves blank: one of each maker."""
    return " ".join(filter(None, (type_said(asset) or _UNKNOWN, asset.maker)))


def _end_of(asset: Asset, lives: Mapping[str, int]) -> int | None:
    """The year in which its useful life ends, as the forecast has it."""
    life = lives.get(asset.type)
    return None if asset.year is None or life is None else asset.year + life


def _first_of(year: int | None) -> str:
    """The year's first day: the book has no other."""
    return "" if year is None else f"{year:04}-01-01"


def _warranty(asset: Asset) -> str:
    """Counted from the purchase date above; of an end alone as many months as reach it."""
    months = asset.warranty_months
    if months is None:
        months = months_until(asset.year, asset.warranty_until)
    return "" if months is None else str(months)


def _status_of(asset: Asset) -> str:
    if asset.state is AssetState.UNREGISTERED or AssetState.MISSING in (asset.state, *asset.also):
        return ARCHIVED if asset.condition in _GONE else PENDING  # nobody can be handed it
    return _STATUS_OF.get(asset.condition, PENDING)


def _location(asset: Asset) -> str:
    """School, site, building and room: every school has a P203."""
    parts = (asset.place.school, asset.site, asset.building, asset.room)
    return _APART.join(part for part in parts if part)


def _is_in_parts(asset: Asset) -> bool:
    """Whether the location does not say by itself which part of it is the room."""
    return bool(asset.room and (asset.site or asset.building or _APART in asset.room))


def _notes(asset: Asset) -> str:
    notes = {
        "Tình trạng": condition_said(asset),
        "Đối chiếu": states_said(asset),
        "Phòng": asset.room if _is_in_parts(asset) else "",
        "Bảo hành đến": day_told(asset.warranty_until),
        "Nguồn vốn": asset.funding,
        "LopHoc": asset.device_id,
    }
    return "; ".join(f"{name}: {value}" for name, value in notes.items() if value)
