"""This file counts the equipment of the books in groups, by one query however many items."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from controller.database.scope import within
from controller.forecast.forecast import ItemGroup
from controller.inventory.tables import assets
from protocol.model import Place


def groups_in(db: Connection, scope: Place) -> list[ItemGroup]:
    """How many lines of each school's book have the same type, year and condition.

    scope: a school, a province, or all.
    """
    items = assets.c
    keys = (items.province, items.school, items.type, items.year, items.condition)
    sums = (func.count(), func.count(items.cost_vnd), func.coalesce(func.sum(items.cost_vnd), 0))
    query = (
        select(*keys, *sums)
        .where(within(assets, scope), items.removed_ms.is_(None), items.line.is_not(None))
        .group_by(*keys)
    )
    return [ItemGroup._make((*row[:-1], int(row[-1]))) for row in db.execute(query)]
