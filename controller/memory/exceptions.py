"""This file reads the items of all schools that are in a state, or share a serial."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Connection, literal, or_, select, tuple_

from controller.inventory.asset import Asset
from controller.memory.assets import read
from controller.memory.tables import assets
from controller.register.fields import serial_key


def of_state(
    db: Connection,
    province: str,
    state: str,
    schools: Sequence[str],
    *,
    after: Sequence[str],
    limit: int,
) -> list[Asset]:
    """Lines of these schools of which the state holds, by school and id, those behind `after`."""
    key = (assets.c.school, assets.c.device_id)
    query = (
        select(assets)
        .where(
            assets.c.province == province,
            assets.c.line.is_not(None),
            assets.c.removed_ms.is_(None),
            or_(assets.c.state == state, assets.c.also.contains(f'"{state}"')),
            assets.c.school.in_(sorted(schools)),
            tuple_(*key) > tuple_(*map(literal, after)),
        )
        .order_by(*key)
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
