"""This file makes the frame of a sample: what of the schools' books can be drawn.

Drawn is what counts today (inventory/counting.py), so one that merged schools have twice once; but
what is disposed of is no equipment any more, and what no book names has no label.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Column, ColumnElement, Connection, and_, select

from controller.database.reading import bunches, rows_of
from controller.database.scope import in_province, of
from controller.inspection.inspection import clipped
from controller.inspection.sample import SampleUnit
from controller.inventory.asset import Asset
from controller.inventory.counting import IS_LINE, counted
from controller.inventory.store import read
from controller.inventory.tables import assets
from controller.register.vocabulary import Condition
from protocol.formats import made
from protocol.inspection import AskedItem
from protocol.model import Place

_HAS_THINGS: Final = (assets.c.quantity > 0) & (assets.c.condition != Condition.DISPOSED.value)


class FrameChoice(NamedTuple):
    """What can be drawn: rooms or items, of a type or of all."""

    unit: SampleUnit
    type: str = ""

    @property
    def column(self) -> Column[Any]:
        """Where a unit's name stands."""
        return assets.c.room_key if self.unit is SampleUnit.ROOMS else assets.c.device_id

    @property
    def lines(self) -> ColumnElement[bool]:
        """Which records can be drawn at all."""
        lines = and_(counted(), IS_LINE, _HAS_THINGS)
        return and_(lines, assets.c.type == self.type) if self.type else lines


def frame_of(
    db: Connection, province: str, schools: Collection[str], choice: FrameChoice
) -> dict[str, list[str]]:
    """The units that can be drawn, by the school whose controller has them.

    Rooms by room_key, items by their id. schools: those for which they count.
    """
    by_school = defaultdict[str, dict[str, None]](dict)
    unit = choice.column.label("unit")
    for some in bunches(sorted(schools)):
        query = select(assets.c.school, assets.c.device_id, unit).where(
            in_province(assets, province), assets.c.counted_for.in_(some), choice.lines
        )
        for row in rows_of(db, query.order_by(assets.c.school, assets.c.device_id)):
            if row["unit"]:
                by_school[row["school"]][row["unit"]] = None
    return {school: [*units] for school, units in sorted(by_school.items())}


def asked_items(
    db: Connection, school: Place, drawn: Sequence[str], choice: FrameChoice
) -> tuple[AskedItem, ...]:
    """What a school is asked to show: by room and line, numbered from 1."""
    found: list[Asset] = []
    for some in bunches(drawn):
        query = select(assets).where(of(assets, school), choice.column.in_(some), choice.lines)
        found += read(db, query)
    order = sorted(found, key=lambda one: (one.room, one.line or 0, one.device_id))
    return tuple(_asked(number, asset) for number, asset in enumerate(order, start=1))


def _asked(no: int, asset: Asset) -> AskedItem:
    return AskedItem(
        no=no,
        item=asset.device_id,
        line=asset.line or 0,
        device=asset.kind,
        asset_tag=clipped(asset.asset_tag),
        type=clipped(asset.type),
        name=clipped(made(asset.maker, asset.model)),
        serial=clipped(asset.serial),
        room=clipped(asset.room),
    )
