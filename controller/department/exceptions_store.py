"""This file reads the items of all schools that are in a state, or share a serial."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Connection, or_, select

from controller.inventory.asset import Asset
from controller.inventory.store import read
from controller.inventory.tables import assets
from controller.sheets.names import serial_key
from protocol.model import Place


def of_state(db: Connection, school: Place, state: str, *, after: str, limit: int) -> list[Asset]:
    """Lines of a school of which the state holds, by id, those behind `after`."""
    query = (
        select(assets)
        .where(
            assets.c.province == school.province,
            assets.c.school == school.school,
            assets.c.device_id > after,
            assets.c.line.is_not(None),
            assets.c.removed_ms.is_(None),
            or_(assets.c.state == state, assets.c.also.contains(f'"{state}"')),
        )
        .order_by(assets.c.device_id)
        .limit(limit)
    )
    return read(db, query)


def of_serials(db: Connection, province: str, keys: Sequence[str]) -> dict[str, list[Asset]]:
    """Items with these serials, by the serial's key, each key's by school."""
    query = (
        select(assets)
        .where(
            assets.c.province == province,
            assets.c.serial_key.in_(keys),
            assets.c.removed_ms.is_(None),
            assets.c.line.is_not(None) | assets.c.owned,
        )
        .order_by(assets.c.serial_key, assets.c.school, assets.c.device_id)
    )
    found = defaultdict[str, list[Asset]](list)
    for each in read(db, query):
        found[serial_key(each.serial)].append(each)
    return dict(found)
