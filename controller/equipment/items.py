"""This file holds the shapes in which an item's past is told to programs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from pydantic import BaseModel

from controller.department.item_steps import ItemStep
from controller.inventory.asset import Asset
from protocol.model import iso


class ItemStepItem(BaseModel):
    """How an item stood from a moment on, at the end of a day on which it changed.

    at: when its school's word arrived. school: whose it was by then; "" where that was retired.
    state: as it was told, without what only time makes of it. listed: whether the school listed it.
    """

    at: str
    school: str
    room: str
    state: str
    condition: str
    listed: bool


class ItemPastItem(BaseModel):
    """An item, whose it is now, and what became of it, the oldest first; empty: it never changed.

    first_seen, last_seen: when it was known first, and seen last.
    """

    school: str
    device_id: str
    counts_for: str
    first_seen: str | None
    last_seen: str | None
    steps: list[ItemStepItem]


def past_item(
    asset: Asset, steps: Iterable[ItemStep], school_at: Callable[[int], str]
) -> ItemPastItem:
    """An item's past as the API tells it. school_at: whose it was at a moment."""
    told: Sequence[ItemStepItem] = [
        ItemStepItem(
            at=iso(step.at_ms),
            school=school_at(step.at_ms),
            room=step.room,
            state=step.state,
            condition=step.condition,
            listed=step.here,
        )
        for step in steps
    ]
    return ItemPastItem(
        school=asset.place.school,
        device_id=asset.device_id,
        counts_for=asset.home,
        first_seen=iso(asset.first_seen_ms) if asset.first_seen_ms else None,
        last_seen=iso(asset.seen_ms) if asset.seen_ms else None,
        steps=[*told],
    )
