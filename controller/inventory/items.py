"""This file holds the shapes in which the inventory leaves the school."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

from controller.fleet.items import EquipmentItem, Tombstone, _reason_fields
from controller.inventory.asset import Asset, AssetState
from controller.register.warranty import day_told, shown_end
from protocol.model import iso


class RestItem(BaseModel):
    """How many things of the book rest on lists of schools silent for longer than that."""

    over_1d: int
    over_1w: int
    over_3w: int


class InventoryItem(EquipmentItem):
    """An item of the inventory feed, which leaves the school: no address and no measures.

    device_id: the agents' id of it, or "line:<no>" of a line of the book that no agent sees.
    line, row: its line's lasting number and its number in the book, null without a line. room:
    where it belongs; seen_room: where it was seen last. quantity: how many things its line is;
    unit_cost_vnd: of one of them; cost_vnd: of all. counts_for: the school whose item it is now,
    which `school` may have merged into. state, verified: as of now. lacks: what keeps its record
    from being complete. warranty_months: 0 for none; warranty_until: as the book tells it;
    warranty_end: the day on which it ends at the latest. next: hand it back as `since` to go on
    behind this item.
    """

    first_seen: str | None
    last_seen: str | None
    line: int | None
    row: int | None
    asset_tag: str
    type: str
    site: str
    building: str
    year: int | None
    cost_vnd: int | None
    funding: str
    condition: str
    state: AssetState
    also: list[str]
    seen_room: str
    seen_by: str
    complete: bool
    lacks: list[str]
    verified: bool
    removed: Literal[False] = False
    next: str
    quantity: int
    unit_cost_vnd: int | None
    counts_for: str
    warranty_months: int | None
    warranty_until: str | None
    warranty_end: str | None


class GoneItem(Tombstone):
    """An item that is no longer there, or no longer among those that were asked for."""

    next: str


class Inventory(BaseModel):
    """One page of the inventory feed; next is where to go on, now or tomorrow."""

    items: list[InventoryItem | GoneItem]
    next: str
    more: bool


def inventory_fields(asset: Asset, behind: str) -> dict[str, Any]:
    """An InventoryItem's fields, cheap to make by the hundred thousand."""
    return {
        "device_id": asset.device_id,
        "kind": asset.kind,
        "name": asset.name,
        "vendor": asset.maker,
        "model": asset.model,
        "serial": asset.serial,
        "room": asset.room,
        "school": asset.place.school,
        "agent_id": asset.place.agent,
        "status": asset.status,
        "reasons": asset.reasons and [_reason_fields(reason) for reason in asset.reasons],
        "sources": asset.sources,
        "since": iso(asset.since_ms),
        "identity": asset.identity,
        "aliases": asset.aliases,
        "first_seen": iso(asset.first_seen_ms) if asset.first_seen_ms else None,
        "last_seen": iso(asset.seen_ms) if asset.seen_ms else None,
        "line": asset.line,
        "row": asset.row,
        "asset_tag": asset.asset_tag,
        "type": asset.type,
        "site": asset.site,
        "building": asset.building,
        "year": asset.year,
        "cost_vnd": asset.cost_vnd,
        "funding": asset.funding,
        "condition": asset.condition,
        "state": asset.state,
        "also": asset.also,
        "seen_room": asset.there,
        "seen_by": asset.by,
        "complete": asset.complete,
        "lacks": asset.lacks,
        "verified": asset.verified,
        "counts_for": asset.home,
        "removed": False,
        "next": behind,
        "quantity": asset.quantity,
        "unit_cost_vnd": asset.unit_cost,
        "warranty_months": asset.warranty_months,
        "warranty_until": day_told(asset.warranty_until) or None,
        "warranty_end": shown_end(asset.warranty_end) or None,
    }


def tombstone_fields(asset: Asset, at_ms: int, behind: str) -> dict[str, Any]:
    """A GoneItem's fields."""
    return {
        "device_id": asset.device_id,
        "school": asset.place.school,
        "removed": True,
        "removed_at": iso(asset.removed_ms or at_ms),
        "next": behind,
    }
