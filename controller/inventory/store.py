"""This file keeps the inventory's records and their feed of changes.

Every function works in a transaction of the store's: `view` to read, `locked` to write.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo
from typing import Any, Final, NamedTuple

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
from controller.database.facts import fact_of, set_fact
from controller.database.plan_version import bump_version
from controller.database.reading import rows_of
from controller.database.scope import of, within
from controller.database.shape import Row, Shape
from controller.database.starts import Start, note_start
from controller.database.store import Store
from controller.database.writing import Writing, write
from controller.inventory.asset import Asset, AssetState, Spot, assets_of, news
from controller.inventory.chosen import Chosen
from controller.inventory.tables import assets, spots
from controller.reconcile.kpi import Kpi
from controller.reconcile.reconcile import Reconciled
from controller.reconcile.store import kpi_in, mark_of, reconciled_with, sights_of
from controller.sheets.names import room_key, serial_key, tag_key
from protocol.model import Place

SPOTS: Final = Shape(Spot, spots)
ASSETS: Final = Shape(
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
    mark, last_mark = mark_of(db, school, zone, now_ms), fact_of(db, _mark_name(school))
    if last_mark == mark:
        return None
    sights = sights_of(db, school)
    reconciled = reconciled_with(db, school, now_ms, sights)
    now = assets_of(
        reconciled,
        sights.devices,
        school,
        rulings=sights.rulings,
        roaming=sights.roaming,
        spots=spots_of(db, school),
    )
    before = {
        asset.device_id: asset for asset in read(db, select(assets).where(of(assets, school)))
    }
    one_numbers(db)
    newest = newest_change(db, Place(school.province))
    relayed = relay_newest(db, school)
    fresh = news(before, now, newest, relayed, now_ms)
    keep_assets(db, fresh)
    _seen_again(db, school, before, now, {asset.device_id for asset in fresh})
    set_fact(db, _mark_name(school), mark)
    return reconciled


def refresh(store: Store, school: Place, zone: tzinfo, now_ms: int) -> None:
    """Bring the school's inventory up to what is known now. Raises StoreError."""
    if not store.read(is_up, school, zone, now_ms):
        with store.locked(school) as db:  # nobody numbers changes at the same time
            bring_up(db, school, zone, now_ms)


def is_up(db: Connection, school: Place, zone: tzinfo, now_ms: int) -> bool:
    """Whether bring_up would change nothing."""
    return fact_of(db, _mark_name(school)) == mark_of(db, school, zone, now_ms)


def keep_assets(db: Connection, records: Iterable[Asset], feed: str = "") -> None:
    """Write records, each in the place of what had its id. feed: which database told them."""
    write(db, assets, [_row(asset, feed) for asset in records], Writing.UPSERT)


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
    query = select(assets).where(within(assets, scope), assets.c.change > since)
    if chosen is not None:
        query = query.where(or_(assets.c.change > begun, chosen.where()))
    return read(db, query.order_by(assets.c.change).limit(limit))


def items(
    db: Connection, scope: Place, chosen: Chosen, *, after: Asset | None = None, limit: int = -1
) -> list[Asset]:
    """Records that are there now, by school and id, those behind `after`."""
    query = select(assets).where(within(assets, scope), chosen.where())
    key = (assets.c.province, assets.c.school, assets.c.device_id)
    if after is not None:
        last = (after.place.province, after.place.school, after.device_id)
        query = query.where(tuple_(*key) > tuple_(*map(literal, last)))
    query = query.order_by(*key)
    return read(db, query.limit(limit) if limit >= 0 else query)


def count_items(db: Connection, scope: Place, chosen: Chosen) -> int:
    """How many records that are there now fit the choice."""
    query = select(func.count()).select_from(assets).where(within(assets, scope), chosen.where())
    return int(db.execute(query).scalar_one())


def shared_tags(db: Connection, scope: Place) -> frozenset[str]:
    """The asset tags that several schools have, by their tag_key."""
    schools = func.count(func.distinct(assets.c.school))
    query = select(assets.c.tag_key).where(
        within(assets, scope), assets.c.removed_ms.is_(None), assets.c.tag_key != ""
    )
    return frozenset(db.execute(query.group_by(assets.c.tag_key).having(schools > 1)).scalars())


def kpi_now(db: Connection, school: Place) -> Kpi:
    """The figure of the school's lines, as its records were last brought up."""
    return kpi_in(count_records(db, school)._asdict())


def newest_change(db: Connection, scope: Place) -> int:
    """The number of the newest change in the feed; 0 while there is none."""
    query = select(assets.c.change).where(within(assets, scope))
    return _newest(db, query, assets.c.change)


def relay_newest(db: Connection, school: Place) -> int:
    """The number of the newest change for the department; 0 while there is none."""
    query = select(assets.c.relay_change).where(of(assets, school))
    return _newest(db, query, assets.c.relay_change)


def begin_start(db: Connection, name: str, school: Place) -> None:
    """Remember that a start of this name serves the database from its newest changes on."""
    newest = newest_change(db, Place(school.province))
    note_start(db, Start(name, newest, relay_newest(db, school)))


def relay_changes(db: Connection, school: Place, *, since: int, limit: int) -> list[Asset]:
    """The school's records in the order of their changes for the department."""
    query = select(assets).where(of(assets, school), assets.c.relay_change > since)
    return read(db, query.order_by(assets.c.relay_change).limit(limit))


def count_records(db: Connection, school: Place) -> RecordCounts:
    """The school's records, counted: of lines their things."""
    line = assets.c.line.is_not(None)
    terms = (
        (line, assets.c.quantity),
        (line & assets.c.complete, assets.c.quantity),
        (line & assets.c.verified, assets.c.quantity),
        (line & assets.c.complete & assets.c.verified, assets.c.quantity),
        (line & (assets.c.state == AssetState.MISSING.value), 1),
        (assets.c.state == AssetState.UNREGISTERED.value, 1),
    )
    sums = (func.coalesce(func.sum(case((term, n), else_=0)), 0) for term, n in terms)
    query = select(*sums).where(of(assets, school), assets.c.removed_ms.is_(None))
    return RecordCounts(*map(int, db.execute(query).one()))


def with_feeds(db: Connection, school: Place, ids: Sequence[str]) -> dict[str, tuple[Asset, str]]:
    """The records of these ids, each with the database that told it."""
    query = select(assets).where(of(assets, school), assets.c.device_id.in_(ids))
    return {row["device_id"]: (ASSETS.record(row), row["feed"]) for row in rows_of(db, query)}


def of_other_feeds(db: Connection, school: Place, feed: str) -> list[Asset]:
    """The records that are there, but were told by another database."""
    other = assets.c.removed_ms.is_(None), assets.c.feed != feed
    return read(db, select(assets).where(of(assets, school), *other))


def read(db: Connection, query: Select[Any]) -> list[Asset]:
    """The records of a query on the whole table of records, in its order."""
    return ASSETS.records(rows_of(db, query))


def spots_of(db: Connection, school: Place) -> Mapping[str, Spot]:
    """Where rooms are, by room_key."""
    query = select(spots).where(of(spots, school))
    return {row["room_key"]: SPOTS.record(row) for row in rows_of(db, query)}


def keep_spots(db: Connection, school: Place, by_room: Mapping[str, Spot]) -> int:
    """Keep where rooms are, by the room's name; returns how many are other than before.

    Rooms that are not given stay where they are.
    """
    before = spots_of(db, school)
    fresh = {
        room: spot for room, spot in by_room.items() if before.get(room_key(room), Spot()) != spot
    }
    place = school.province, school.school
    rows = [(*place, room_key(room), room, *spot) for room, spot in fresh.items()]
    write(db, spots, rows, Writing.UPSERT)
    bump_version(db, school, changed=bool(fresh))
    return len(fresh)


class RecordCounts(NamedTuple):
    """Counts of a school's records: things of its book, and of them those that are so.

    missing, unregistered: lines and devices.
    """

    declared: int = 0
    complete: int = 0
    verified: int = 0
    managed: int = 0
    missing: int = 0
    unregistered: int = 0


def _mark_name(school: Place) -> str:
    return f"assets/{school.province}/{school.school}"


def _seen_again(
    db: Connection,
    school: Place,
    before: Mapping[str, Asset],
    now: Sequence[Asset],
    fresh_ids: set[str],
) -> None:
    """Note when the others were seen last; that alone is no news."""
    later = [
        {"id_": asset.device_id, "seen": asset.seen_ms}
        for asset in now
        if asset.device_id not in fresh_ids and asset.seen_ms > before[asset.device_id].seen_ms
    ]
    if later:
        item = assets.c.device_id == bindparam("id_")
        statement = update(assets).where(of(assets, school), item)
        db.execute(statement.values(seen_ms=bindparam("seen")), later)


def _newest(db: Connection, query: Select[Any], number: Column[int]) -> int:
    """The greatest number, from the index's end: SQLite reads every row for a max() of some."""
    newest = db.execute(query.order_by(number.desc()).limit(1)).scalar_one_or_none()
    return int(newest or 0)


def _row(asset: Asset, feed: str) -> Row:
    values = ASSETS.values(asset) | {"feed": feed}
    return tuple(values[column.name] for column in assets.columns)
