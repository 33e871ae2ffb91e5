"""This file keeps the inventory's records and their feed of changes.

Every function works inside one transaction of the store's: `looking` to read, `planning` to write.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    Connection,
    Select,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)

from controller.database.engine import one_numbers
from controller.database.reading import rows_of
from controller.database.schema import facts
from controller.database.scope import of
from controller.database.shape import Row, Shape
from controller.database.store import Store
from controller.database.writing import Writing, write
from controller.inventory.asset import Asset, AssetState, Spot, assets_of, news
from controller.inventory.chosen import Chosen
from controller.inventory.tables import assets, spots
from controller.reconcile.kpi import Kpi, counted
from controller.reconcile.reconcile import Reconciled
from controller.reconcile.store import mark_of, reconciled_with, sights_of
from controller.sheets.names import room_key, serial_key, tag_key
from protocol.model import Place

ASSETS = Shape(
    Asset,
    assets,
    {
        "serial_key": lambda asset: serial_key(asset.serial),
        "tag_key": lambda asset: tag_key(asset.asset_tag),
        "room_key": lambda asset: room_key(asset.room),
        "complete": lambda asset: asset.complete,
        "owned": lambda asset: asset.owned,
    },
)


def bring_up(db: Connection, school: Place, zone: tzinfo, now_ms: int) -> Reconciled | None:
    """Bring the school's own records up to what is known now; None where nothing has changed.

    zone: of the school's day, with which what was seen a year ago stops counting.
    """
    mark, known = mark_of(db, school, zone, now_ms), _known_mark(db, school)
    if known == mark:
        return None
    seen = sights_of(db, school)
    told = reconciled_with(db, school, now_ms, seen)
    now = assets_of(
        told,
        seen.devices,
        school,
        rulings=seen.rulings,
        roaming=seen.roaming,
        spots=spots_of(db, school),
    )
    before = {each.device_id: each for each in _read(db, select(assets).where(of(assets, school)))}
    one_numbers(db)
    newest = newest_change(db, Place(school.province))
    relayed = relay_newest(db, school)
    fresh = news(before, now, newest, relayed, now_ms)
    keep_assets(db, fresh)
    _seen_again(db, school, before, now, {each.device_id for each in fresh})
    if known is None:
        db.execute(facts.insert().values(name=_mark_name(school), value=mark))
    else:
        mine = update(facts).where(facts.c.name == _mark_name(school))
        db.execute(mine.values(value=mark))
    return told


def refresh(store: Store, school: Place, zone: tzinfo, now_ms: int) -> None:
    """Bring the school's inventory up to what is known now. Raises StoreError."""
    if not store.read(is_up, school, zone, now_ms):
        with store.locked(school) as db:  # nobody numbers changes at the same time
            bring_up(db, school, zone, now_ms)


def is_up(db: Connection, school: Place, zone: tzinfo, now_ms: int) -> bool:
    """Whether bring_up would change nothing."""
    return _known_mark(db, school) == mark_of(db, school, zone, now_ms)


def keep_assets(db: Connection, told: Iterable[Asset], feed: str = "") -> None:
    """Write records, each in the place of what had its id. feed: which database told them."""
    write(db, assets, [_row(each, feed) for each in told], Writing.UPSERT)


def changes(
    db: Connection,
    scope: Place,
    *,
    since: int,
    limit: int,
    chosen: Chosen | None = None,
    begun: int = 0,
) -> list[Asset]:
    """Records in the order in which they last changed, those behind `since`, gone ones included.

    chosen: of what changed up to `begun`, only these are told.
    """
    query = _within(select(assets), scope).where(assets.c.change > since)
    if chosen is not None:
        query = query.where(or_(assets.c.change > begun, chosen.where()))
    return _read(db, query.order_by(assets.c.change).limit(limit))


def items(
    db: Connection, scope: Place, chosen: Chosen, *, after: Asset | None = None, limit: int = -1
) -> list[Asset]:
    """Records that are there now, by school and id, those behind `after`."""
    query = _within(select(assets), scope).where(chosen.where())
    key = (assets.c.province, assets.c.school, assets.c.device_id)
    if after is not None:
        last = (after.place.province, after.place.school, after.device_id)
        query = query.where(tuple_(*key) > tuple_(*map(literal, last)))
    query = query.order_by(*key)
    return _read(db, query.limit(limit) if limit >= 0 else query)


def count_items(db: Connection, scope: Place, chosen: Chosen) -> int:
    """How many records that are there now fit the choice."""
    query = _within(select(func.count()).select_from(assets), scope).where(chosen.where())
    return int(db.execute(query).scalar_one())


def shared_tags(db: Connection, scope: Place) -> frozenset[str]:
    """The asset tags that several schools have, by their tag_key."""
    schools = func.count(func.distinct(assets.c.school))
    query = _within(select(assets.c.tag_key), scope).where(
        assets.c.removed_ms.is_(None), assets.c.tag_key != ""
    )
    return frozenset(db.execute(query.group_by(assets.c.tag_key).having(schools > 1)).scalars())


def kpi_now(db: Connection, school: Place) -> Kpi:
    """The figure of the school's lines, as its records were last brought up."""
    told = tally(db, school)
    return counted(
        declared=told.declared,
        complete=told.complete,
        verified=told.verified,
        managed=told.managed,
    )


def newest_change(db: Connection, scope: Place) -> int:
    """The number of the newest change in the feed; 0 while there is none."""
    return _newest(db, _within(select(assets.c.change), scope), assets.c.change)


def relay_newest(db: Connection, school: Place) -> int:
    """The number of the newest change for the department; 0 while there is none."""
    query = select(assets.c.relay_change).where(of(assets, school))
    return _newest(db, query, assets.c.relay_change)


def relay_changes(db: Connection, school: Place, *, since: int, limit: int) -> list[Asset]:
    """The school's records in the order of their changes for the department."""
    query = select(assets).where(of(assets, school), assets.c.relay_change > since)
    return _read(db, query.order_by(assets.c.relay_change).limit(limit))


def tally(db: Connection, school: Place) -> Tally:
    """The school's records, counted."""
    line = assets.c.line.is_not(None)
    counted = (
        line,
        line & assets.c.complete,
        line & assets.c.verified,
        line & assets.c.complete & assets.c.verified,
        line & (assets.c.state == AssetState.MISSING.value),
        assets.c.state == AssetState.UNREGISTERED.value,
    )
    query = select(*(func.coalesce(func.sum(case((each, 1), else_=0)), 0) for each in counted))
    row = db.execute(query.where(of(assets, school), assets.c.removed_ms.is_(None))).one()
    return Tally(*map(int, row))


def with_feeds(db: Connection, school: Place, ids: Sequence[str]) -> dict[str, tuple[Asset, str]]:
    """The records of these ids, each with the database that told it."""
    query = select(assets).where(of(assets, school), assets.c.device_id.in_(ids))
    return {row["device_id"]: (ASSETS.record(row), row["feed"]) for row in rows_of(db, query)}


def of_other_feeds(db: Connection, school: Place, feed: str) -> list[Asset]:
    """The records that are there, but were told by another database."""
    other = assets.c.removed_ms.is_(None), assets.c.feed != feed
    return _read(db, select(assets).where(of(assets, school), *other))


def read(db: Connection, query: Select[Any]) -> list[Asset]:
    """The records of a query on the whole table of records, in its order."""
    return _read(db, query)


def spots_of(db: Connection, school: Place) -> Mapping[str, Spot]:
    """Where rooms are, by room_key."""
    rows = db.execute(select(spots).where(of(spots, school))).mappings()
    return {row["room_key"]: Spot(row["site"], row["building"]) for row in rows}


class Tally(NamedTuple):
    """Counts of a school's records: lines of its book, and of them those that are so."""

    declared: int = 0
    complete: int = 0
    verified: int = 0
    managed: int = 0
    missing: int = 0
    unregistered: int = 0


def _known_mark(db: Connection, school: Place) -> str | None:
    query = select(facts.c.value).where(facts.c.name == _mark_name(school))
    return db.execute(query).scalar_one_or_none()


def _mark_name(school: Place) -> str:
    return f"assets/{school.province}/{school.school}"


def _seen_again(
    db: Connection, school: Place, before: Mapping[str, Asset], now: Sequence[Asset], told: set[str]
) -> None:
    """Note when the others were seen last; that alone is no news."""
    later = [
        {"id_": each.device_id, "seen": each.seen_ms}
        for each in now
        if each.device_id not in told and each.seen_ms > before[each.device_id].seen_ms
    ]
    if later:
        mine = assets.c.device_id == bindparam("id_")
        statement = update(assets).where(of(assets, school), mine)
        db.execute(statement.values(seen_ms=bindparam("seen")), later)


def _newest(db: Connection, query: Select[Any], number: Column[int]) -> int:
    """The greatest number, from the index's end: SQLite reads every row for a max() of some."""
    newest = db.execute(query.order_by(number.desc()).limit(1)).scalar_one_or_none()
    return int(newest or 0)


def _read(db: Connection, query: Select[Any]) -> list[Asset]:
    return ASSETS.records(rows_of(db, query))


def _row(asset: Asset, feed: str) -> Row:
    values = ASSETS.values(asset) | {"feed": feed}
    return tuple(values[column.name] for column in assets.columns)


def _within(query: Select[Any], scope: Place) -> Select[Any]:
    for name in ("province", "school"):
        if code := getattr(scope, name):
            query = query.where(assets.c[name] == code)
    return query
