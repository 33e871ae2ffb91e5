"""This file counts the equipment of the books in groups, by one query however many items."""

from __future__ import annotations

from sqlalchemy import Connection, Table, func, select

from controller.inventory.forecast import Group
from controller.memory.tables import register
from protocol.model import Place


def groups_in(db: Connection, scope: Place, table: Table = register) -> list[Group]:
    """How many items of each school have the same type, year and condition.

    scope: a school, a province, or all. table: of items, by province, school, type, year,
    condition, cost_vnd and removed_ms.
    """
    items = table.c
    keys = (items.province, items.school, items.type, items.year, items.condition)
    sums = (func.count(), func.count(items.cost_vnd), func.coalesce(func.sum(items.cost_vnd), 0))
    query = select(*keys, *sums).where(items.removed_ms.is_(None)).group_by(*keys)
    for name, code in (("province", scope.province), ("school", scope.school)):
        if code:
            query = query.where(items[name] == code)
    return [
        Group(province, school, code, year, condition, number, costed, int(cost_vnd))
        for province, school, code, year, condition, number, costed, cost_vnd in db.execute(query)
    ]
