"""This file writes the inventory as a CSV that Snipe-IT imports; the labels are Snipe-IT's own.

Snipe-IT gives a number of its own to a line without a tag, again at each import: so a line
without one bears a tag of ours, LOPHOC-<school>-L<no>, until the book has one. It knows single
things alone: a line of several is as many rows. controller/register/snipeit.py reads it again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import tzinfo
from typing import Final

from controller.inventory.asset import THING_MARK, Asset, AssetState, things_of
from controller.inventory.exports.spelling import (
    condition_said,
    local,
    states_said,
    type_said,
)
from controller.reconcile.evidence import SeenBy
from controller.register.vocabulary import Condition
from controller.sheets.names import tag_key
from controller.sheets.writing import csv_text, without_controls

HEAD: Final = (
    "Company", "Name", "Asset Tag", "Category", "Manufacturer", "Model Name", "Model Number",
    "Serial Number", "Status", "Location", "Purchase Date", "Purchase Cost", "Warranty Months",
    "EOL Date", "Last Audit", "Next Audit", "Asset Notes", "Checkout Type", "Checkout Location",
)  # fmt: skip
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
_UNKNOWN: Final = "Không rõ"
_APART: Final = " - "  # between the parts of a location


def as_csv(
    parts: Iterable[Iterable[Asset]], zone: tzinfo, shared: Collection[str] = ()
) -> Iterator[str]:
    """The items as RFC 4180 with a header line. shared: tag_keys that several schools have."""
    yield csv_text([HEAD])
    for assets in parts:
        yield csv_text(row for asset in assets for row in _rows(asset, zone, shared))


def tag_of(asset: Asset, shared: Collection[str] = ()) -> str:
    """Its tag, never empty and no other's: with its school where several schools have it."""
    if not asset.asset_tag:
        own = f"L{asset.line}" if asset.line is not None else asset.device_id
        return f"LOPHOC-{asset.place.school}-{own}"
    if tag_key(asset.asset_tag) in shared:
        return f"{asset.asset_tag} ({asset.place.school})"
    return asset.asset_tag


def _rows(asset: Asset, zone: tzinfo, shared: Collection[str]) -> Iterator[list[str]]:
    tag = tag_of(asset, shared)
    for number, thing in enumerate(things_of(asset), start=1):
        yield _row(thing, zone, tag if number == 1 else f"{tag}{THING_MARK}{number}")


def _row(asset: Asset, zone: tzinfo, tag: str) -> list[str]:
    status = _status_of(asset)
    place = _location(asset)
    handed = bool(asset.room) and status == READY
    scanned = asset.by == SeenBy.PERSON_SCAN and asset.seen_ms
    cells = {
        "Company": asset.place.school,
        "Name": asset.name,
        "Asset Tag": tag,
        "Category": type_said(asset) or _UNKNOWN,
        "Manufacturer": asset.maker,
        "Model Name": asset.model or type_said(asset) or _UNKNOWN,
        "Serial Number": asset.serial,
        "Status": status,
        "Location": place,
        "Purchase Date": "" if asset.year is None else f"{asset.year:04}-01-01",
        "Purchase Cost": "" if asset.cost_vnd is None else str(asset.cost_vnd),
        "Last Audit": f"{local(asset.seen_ms, zone):%Y-%m-%d}" if scanned else "",
        "Asset Notes": _notes(asset),
        "Checkout Type": "location" if handed else "",
        "Checkout Location": place if handed else "",
    }
    return [without_controls(cells.get(name, "")) for name in HEAD]


def _status_of(asset: Asset) -> str:
    if asset.state is AssetState.UNREGISTERED:
        return PENDING
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
        "Nguồn vốn": asset.funding,
        "LopHoc": asset.device_id,
    }
    return "; ".join(f"{name}: {value}" for name, value in notes.items() if value)
