"""This file keeps in which areas the feed tells schools' items, so that a move is a change in it.

Who pulls an area is told by this table and no other, in the view in which the items are read: what
was decided about areas counts from the change on under which the school's items are told anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from math import inf
from typing import Final

from sqlalchemy import Connection, or_, select, update

from controller.areas.areas import NO_AREA
from controller.areas.store import atlas_of, mergers_of
from controller.database.engine import one_numbers
from controller.database.facts import fact_of, set_fact
from controller.database.plan_version import version_of
from controller.database.reading import rows_of
from controller.database.scope import in_province, of
from controller.database.store import Store
from controller.database.writing import Writing, write
from controller.inventory.counting import listed_schools, renumber
from controller.inventory.store import newest_change
from controller.inventory.tables import assets, feed_areas
from protocol.model import Place

_FACT: Final = "feed_areas"


def settle_areas(store: Store, own: Place, today: date) -> None:
    """Bring the feed's areas up to today. own: the controller's place. Raises StoreError."""
    if store.read(_is_settled, own, today):
        return
    with store.locked(own) as db:
        atlas, day = atlas_of(db, own.province), today.isoformat()
        areas_of = {
            school: frozenset(atlas.around(atlas.area_of(school, day), day))
            for school in atlas.schools
        }
        tell_moves(db, own.province, areas_of, _mark(db, own, today))


def _is_settled(db: Connection, own: Place, today: date) -> bool:
    return fact_of(db, _FACT) == _mark(db, own, today)


def _mark(db: Connection, own: Place, today: date) -> str:
    """Names the areas as they are: people's changes are numbered, and a day may begin one."""
    return f"{version_of(db, own)}/{today.isoformat()}"


def tell_moves(
    db: Connection, province: str, areas_of: Mapping[str, frozenset[str]], mark: str
) -> int:
    """Have the feed know these areas of schools; returns how many schools have moved.

    The items of a school that moves are told anew, under new numbers. The first time nobody was
    told of areas yet, so none is told anew. mark: what names these areas.
    """
    one_numbers(db)
    is_first = fact_of(db, _FACT) is None
    before = _standing(db, province)
    moved = [
        school
        for school in sorted({*before, *areas_of})
        if before.get(school, set()) != areas_of.get(school, frozenset())
    ]
    change = newest_change(db, Place(province)) + 1
    for school in moved:
        place, areas = Place(province, school), areas_of.get(school, frozenset())
        _leave(db, place, before.get(school, set()) - areas, change)
        _join(db, place, areas - before.get(school, set()), change)
    if moved and not is_first:
        renumber(db, province, assets.c.school.in_(moved) | assets.c.counted_for.in_(moved))
    set_fact(db, _FACT, mark)
    return len(moved)


def schools_in(
    db: Connection, province: str, areas: Collection[str], *, begun: int | None = None
) -> frozenset[str]:
    """The schools in one of the areas, for NO_AREA those in none.

    begun: also those that left behind this change.
    """
    still = feed_areas.c.until.is_(None)
    there = still if begun is None else or_(still, feed_areas.c.until > begun)
    query = select(feed_areas.c.school).where(
        in_province(feed_areas, province), feed_areas.c.area.in_(sorted(areas)), there
    )
    found = frozenset(db.execute(query).scalars())
    return found | _outside(db, province, begun) if NO_AREA in areas else found


def _outside(db: Connection, province: str, begun: int | None) -> frozenset[str]:
    """The schools in no area now. begun: also those that were in none behind this change."""
    columns = feed_areas.c.school, feed_areas.c.since, feed_areas.c.until
    query = select(*columns).where(in_province(feed_areas, province))
    spells_by_school = defaultdict[str, list[tuple[int, float]]](list)
    for school, since, until in db.execute(query):
        spells_by_school[school].append((since, inf if until is None else until))
    heirs = {merger.new for merger in mergers_of(db, province)}
    return frozenset(
        school
        for school in listed_schools(db, province) | heirs - {""}
        if _has_gap(spells_by_school[school], begun)
    )


def _has_gap(spells: Iterable[tuple[int, float]], begun: int | None) -> bool:
    """Whether these leave something open: behind this change, or at the end where it is None."""
    if begun is None:
        return all(until < inf for _, until in spells)
    reached: float = begun
    for since, until in sorted(spells):
        if since > reached:
            return True
        reached = max(reached, until)
    return reached < inf


def _standing(db: Connection, province: str) -> dict[str, set[str]]:
    query = select(feed_areas).where(
        in_province(feed_areas, province), feed_areas.c.until.is_(None)
    )
    by_school = defaultdict[str, set[str]](set)
    for row in rows_of(db, query):
        by_school[row["school"]].add(row["area"])
    return by_school


def _leave(db: Connection, school: Place, areas: Iterable[str], change: int) -> None:
    standing = feed_areas.c.area.in_(sorted(areas)), feed_areas.c.until.is_(None)
    db.execute(update(feed_areas).where(of(feed_areas, school), *standing).values(until=change))


def _join(db: Connection, school: Place, areas: Iterable[str], change: int) -> None:
    # It may have left it under this very change: of a school without items none is numbered.
    rows = [(school.province, school.school, area, change, None) for area in sorted(areas)]
    write(db, feed_areas, rows, Writing.UPSERT)
