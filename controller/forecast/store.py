"""This file counts the books' equipment in groups, by one query however many items there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from sqlalchemy import Connection, case, func, select

from controller.database.scope import within
from controller.department.areas import Atlas
from controller.department.areas_store import atlas_of
from controller.forecast.forecast import AreaName, Forecast, ItemGroup, forecast
from controller.forecast.life_table import LifeTable
from controller.inventory.tables import assets
from protocol.model import Place


def forecast_on(db: Connection, scope: Place, table: LifeTable, today: date) -> Forecast:
    """What reaches its end when, of all the books within the scope, as schools lie today."""
    groups = groups_in(db, scope)
    return forecast(groups, table, today.year, _areas_of(db, groups, today.isoformat()))


def groups_in(db: Connection, scope: Place) -> list[ItemGroup]:
    """How many things of each school's book have the same type, year and condition.

    scope: a school, a province, or all.
    """
    items = assets.c
    keys = (items.province, items.school, items.type, items.year, items.condition)
    costed = case((items.cost_vnd.is_not(None), items.quantity), else_=0)
    sums = (func.sum(items.quantity), func.sum(costed), func.coalesce(func.sum(items.cost_vnd), 0))
    query = (
        select(*keys, *sums)
        .where(within(assets, scope), items.removed_ms.is_(None), items.line.is_not(None))
        .group_by(*keys)
    )
    return [ItemGroup._make((*row[:-3], *map(int, row[-3:]))) for row in db.execute(query)]


def _areas_of(
    db: Connection, groups: Iterable[ItemGroup], day: str
) -> Mapping[tuple[str, str], AreaName]:
    """The innermost area of each province and school that lies in one on that day."""
    places = {group[:2] for group in groups}
    atlases = {province: atlas_of(db, province) for province, _ in places}
    areas = {
        (province, school): _area_of(atlases[province], school, day) for province, school in places
    }
    return {place: area for place, area in areas.items() if area.code}


def _area_of(atlas: Atlas, school: str, day: str) -> AreaName:
    code = atlas.area_of(school, day)
    return AreaName(code, atlas.areas[code].label if code in atlas.areas else code)
