"""This file keeps what became of a department's items over time: a row for each day of a change.

Every function works in a transaction of the store's: `view` to read, `locked` to write.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from sqlalchemy import Connection, select

from controller.database.reading import rows_of
from controller.database.scope import of
from controller.database.shape import Shape
from controller.database.writing import Writing, write
from controller.department.tables import item_steps
from controller.inventory.asset import Asset
from protocol.model import Place

_DAY_MS: Final = 86_400_000
_ALIKE: Final = ("room", "state", "condition", "here")


class ItemStep(msgspec.Struct, frozen=True, kw_only=True):
    """How an item stood at the end of a day on which that changed, by when its school told it.

    day: since 1970, in UTC; at_ms: its last change that day, by the department's clock. state: as
    it was told, without what only time makes of it. here: whether the school still lists it.
    """

    place: Place
    device_id: str
    day: int
    at_ms: int
    room: str
    state: str
    condition: str
    here: bool


STEPS: Final = Shape(ItemStep, item_steps)


def keep_steps(db: Connection, changed: Iterable[tuple[Asset, Asset]], at_ms: int) -> None:
    """Keep what items became, and how they stood before where nothing of them was kept yet.

    changed: each item as it was and as it is told now; those that stand as before are no steps.
    """
    pairs = [
        (_step(before, before.first_seen_ms or before.told_ms), _step(now, at_ms))
        for before, now in changed
    ]
    steps = [(first, step) for first, step in pairs if not _is_same(first, step)]
    write(db, item_steps, [STEPS.row(first) for first, _ in steps], Writing.INSERT_NEW)
    write(db, item_steps, [STEPS.row(step) for _, step in steps], Writing.UPSERT)


def steps_of(db: Connection, place: Place, device_id: str) -> list[ItemStep]:
    """What became of an item of a school's list, the oldest first; days that change nothing go."""
    query = select(item_steps).where(of(item_steps, place), item_steps.c.device_id == device_id)
    steps = STEPS.records(rows_of(db, query.order_by(item_steps.c.day)))
    before: Sequence[ItemStep | None] = [None, *steps]
    return [
        step
        for step, last in zip(steps, before, strict=False)
        if last is None or not _is_same(last, step)
    ]


def _step(asset: Asset, at_ms: int) -> ItemStep:
    return ItemStep(
        place=Place(asset.place.province, asset.place.school),
        device_id=asset.device_id,
        day=at_ms // _DAY_MS,
        at_ms=at_ms,
        room=asset.room,
        state=asset.state.value,
        condition=asset.condition,
        here=asset.removed_ms is None,
    )


def _is_same(one: ItemStep, other: ItemStep) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in _ALIKE)
