"""This file counts the books' equipment in groups, by one query however many items there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from sqlalchemy import ColumnElement, Connection, case, func, select, true

from controller.areas.areas import Atlas
from controller.areas.store import atlas_of
from controller.database.scope import counted_in
from controller.forecast.forecast import AreaName, Forecast, ItemGroup, forecast
from controller.forecast.life_table import LifeTable
from controller.inventory.counting import IS_LINE, counted
from controller.inventory.tables import assets
from controller.register.vocabulary import Condition
from protocol.model import Place


def forecast_on(
    db: Connection,
    scope: Place,
    table: LifeTable,
    today: date,
    where: ColumnElement[bool] | None = None,
) -> Forecast:
    """What reaches its end when, of what counts within the scope, as schools lie today.

    where: only of these items.
    """
    groups = groups_in(db, scope, where)
    return forecast(groups, table, today.year, _areas_of(db, groups, today.isoformat()))


def groups_in(
    db: Connection, scope: Place, where: ColumnElement[bool] | None = None
) -> list[ItemGroup]:
    """How many things that count for a school have the same type, year and condition.

    scope: a school, a province, or all.
    """
    items = assets.c
    keys = (items.province, items.counted_for, items.type, items.year, items.condition)
    costed = case((items.cost_vnd.is_not(None), items.quantity), else_=0)
    sums = (func.sum(items.quantity), func.sum(costed), func.coalesce(func.sum(items.cost_vnd), 0))
    chosen = true() if where is None else where
    query = (
        select(*keys, *sums)
        .where(counted_in(assets, scope), counted(), IS_LINE, chosen)
        .group_by(*keys)
    )
    return [ItemGroup._make((*row[:-3], *map(int, row[-3:]))) for row in db.execute(query)]


def lists_in(
    db: Connection, scope: Place, where: ColumnElement[bool] | None = None
) -> dict[str, int]:
    """How many things of the forecast each school's own list has, be it of one that merged."""
    items = assets.c
    left = items.condition.in_((Condition.DISPOSED.value, Condition.LOST.value))
    chosen = true() if where is None else where
    query = (
        select(items.school, func.sum(items.quantity))
        .where(counted_in(assets, scope), counted(), IS_LINE, ~left, chosen)
        .group_by(items.school)
    )
    return {str(school): int(count) for school, count in db.execute(query)}


def _areas_of(
    db: Connection, groups: Iterable[ItemGroup], day: str
) -> Mapping[tuple[str, str], Sequence[AreaName]]:
    """The areas that each province and school lies in on that day, the innermost first."""
    places = {group[:2] for group in groups}
    atlases = {province: atlas_of(db, province) for province, _ in places}
    areas = {
        (province, school): _around(atlases[province], school, day) for province, school in places
    }
    return {place: around for place, around in areas.items() if around}


def _around(atlas: Atlas, school: str, day: str) -> Sequence[AreaName]:
    codes = atlas.around(atlas.area_of(school, day), day)
    known = atlas.areas
    return [AreaName(code, known[code].label if code in known else code) for code in codes]
