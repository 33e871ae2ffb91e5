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
from controller.database.numbered import numbers_given
from controller.database.part import Part
from controller.database.plan_version import bump_version
from controller.database.reading import bunches, rows_of
from controller.database.scope import counted_in, in_province, of, within
from controller.database.shape import Row, Shape
from controller.database.starts import Start, note_start
from controller.database.store import Store, StoreError
from controller.database.writing import Writing, write
from controller.inventory.asset import (
    THING_MARK,
    Asset,
    AssetState,
    Spot,
    assets_of,
    news,
    words_of,
)
from controller.inventory.chosen import Chosen
from controller.inventory.counting import (
    IS_LINE,
    ItemKey,
    aged,
    counted,
    is_managed,
    is_missing,
    is_verified,
    renumber_aged,
    settle,
    settle_due,
)
from controller.inventory.tables import assets, spots
from controller.reconcile.kpi import Kpi
from controller.reconcile.reconcile import Reconciled
from controller.reconcile.store import kpi_in, mark_of, reconciled_with, sights_of
from controller.sheets.names import room_key, serial_key, tag_key
from protocol.model import Place, instant
from protocol.upward import database_of

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
        "counted_for": lambda asset: asset.home,
        "words": words_of,
        "warranty_end": lambda asset: asset.warranty_end,
    },
)


def bring_up(
    db: Connection,
    school: Place,
    zone: tzinfo,
    now_ms: int,
    grown_old: Iterable[ItemKey] | None = None,
) -> Reconciled | None:
    """Bring the school's own records up to what is known now; None where nothing has changed.

    zone: of the school's day, with which what was seen a year ago stops counting. grown_old: of all
    lists, looked for before anybody had to wait; None: to be looked for.
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
    day = instant(now_ms).astimezone(zone).date().isoformat()
    if fresh:
        settle(db, school, day)
    else:
        settle_due(db, school, day)
    renumber_aged(db, school.province, now_ms, grown_old)
    set_fact(db, _mark_name(school), mark)
    return reconciled


def refresh(store: Store, school: Place, zone: tzinfo, now_ms: int) -> None:
    """Bring the school's inventory up to what is known now. Raises StoreError.

    Where another process is about it, or writes for long, what was known before is told.
    """
    if store.read(is_up, school, zone, now_ms):
        return
    grown_old = store.read(aged, school.province, now_ms)
    try:
        with store.locked(school) as db:  # nobody numbers changes at the same time
            bring_up(db, school, zone, now_ms, grown_old)
    except StoreError as error:
        if error.code != "store_held" or not store.read(is_begun, school):
            raise


def is_begun(db: Connection, school: Place) -> bool:
    """Whether the school's inventory was ever brought up, or is but a part of what is here."""
    return bool(fact_of(db, _mark_name(school))) or has_others(db, school)


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
    chosen: Chosen,
    now_ms: int,
    begun: int = 0,
) -> list[Asset]:
    """Records in the order in which they last changed, those behind `since`, gone ones included.

    scope: whose lists. chosen: of what changed up to `begun`, only these are told. Each is as it
    stands at that moment.
    """
    whole = Place(scope.province, scope.school, scope.agent)
    query = select(assets).where(within(assets, whole), assets.c.change > since)
    if isinstance(scope, Part):  # in the order of changes: by schools each page would sort the rest
        query = query.where(assets.c.school.concat("").in_(sorted(scope.schools)))
    query = query.where(or_(assets.c.change > begun, chosen.where(now_ms)))
    return as_of(read(db, query.order_by(assets.c.change).limit(limit)), now_ms)


def items(
    db: Connection,
    scope: Place,
    chosen: Chosen,
    *,
    now_ms: int,
    after: Asset | None = None,
    limit: int = -1,
) -> list[Asset]:
    """What counts, as it stands at a moment, by school, list and id, what is behind `after`."""
    query = select(assets).where(counted_in(assets, scope), chosen.where(now_ms))
    # A province that is said already leads no comparison: PostgreSQL would expect that nothing is
    # behind it, and read and sort the whole table for each page.
    said = int(bool(scope.province))
    order = (assets.c.province, assets.c.counted_for, assets.c.school, assets.c.device_id)
    key = order[said:]
    if after is not None:
        last = (after.place.province, after.home, after.place.school, after.device_id)[said:]
        query = query.where(tuple_(*key) > tuple_(*map(literal, last)))
    query = query.order_by(*key)
    return as_of(read(db, query.limit(limit) if limit >= 0 else query), now_ms)


def with_id(db: Connection, scope: Place, device_id: str, now_ms: int) -> list[Asset]:
    """What counts and has this id, one of each list, as it stands at a moment."""
    query = select(assets).where(counted_in(assets, scope), counted())
    return as_of(read(db, query.where(assets.c.device_id == device_id)), now_ms)


def as_of(records: Iterable[Asset], now_ms: int) -> list[Asset]:
    """The records as they stand at a moment."""
    return [asset.as_of(now_ms) for asset in records]


def count_items(db: Connection, scope: Place, chosen: Chosen, now_ms: int) -> int:
    """How many records that count fit the choice at a moment."""
    where = chosen.where(now_ms)
    query = select(func.count()).select_from(assets).where(counted_in(assets, scope), where)
    return int(db.execute(query).scalar_one())


def keys_of(
    db: Connection, scope: Place, chosen: Chosen, now_ms: int
) -> frozenset[tuple[str, str]]:
    """What is chosen at a moment: the schools that it counts for, and its ids."""
    query = select(assets.c.counted_for, assets.c.device_id).where(
        counted_in(assets, scope), chosen.where(now_ms)
    )
    return frozenset((school, item) for school, item in db.execute(query))


def has_others(db: Connection, school: Place) -> bool:
    """Whether other schools' items lie here too, as at a department."""
    query = select(assets.c.school).where(in_province(assets, school.province))
    return db.execute(query.where(assets.c.school != school.school).limit(1)).first() is not None


def tags_of_things(db: Connection, scope: Place) -> frozenset[str]:
    """The own tags of lines that look like a further thing's of several, as `tag_key` has them."""
    column = assets.c.asset_tag
    query = select(column).where(within(assets, scope), column.like(f"%{THING_MARK}%"))
    return frozenset(map(tag_key, db.execute(query).scalars()))


def kpi_now(db: Connection, school: Place, now_ms: int) -> Kpi:
    """The figure of the school's lines at a moment, by its records as last brought up."""
    return kpi_in(count_records(db, school, now_ms)._asdict())


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
    note_start(db, Start(name, newest, relay_newest(db, school), numbers_given(db)))


def relay_changes(db: Connection, school: Place, *, since: int, limit: int) -> list[Asset]:
    """The school's records in the order of their changes for the department."""
    query = select(assets).where(of(assets, school), assets.c.relay_change > since)
    return read(db, query.order_by(assets.c.relay_change).limit(limit))


def count_records(db: Connection, school: Place, now_ms: int) -> RecordCounts:
    """The school's records, counted as they stand at a moment: of lines their things."""
    terms = (
        (IS_LINE, assets.c.quantity),
        (IS_LINE & assets.c.complete, assets.c.quantity),
        (IS_LINE & is_verified(now_ms), assets.c.quantity),
        (is_managed(now_ms), assets.c.quantity),
        (is_missing(now_ms), 1),
        (assets.c.state == AssetState.UNREGISTERED.value, 1),
    )
    sums = (func.coalesce(func.sum(case((term, n), else_=0)), 0) for term, n in terms)
    query = select(*sums).where(of(assets, school), assets.c.removed_ms.is_(None))
    return RecordCounts(*map(int, db.execute(query).one()))


def with_feeds(db: Connection, school: Place, ids: Sequence[str]) -> dict[str, tuple[Asset, str]]:
    """The records of these ids, each with the database that told it."""
    query = select(assets).where(of(assets, school), assets.c.device_id.in_(ids))
    return {row["device_id"]: (ASSETS.record(row), row["feed"]) for row in rows_of(db, query)}


def of_lines(db: Connection, school: Place, lines: Sequence[int]) -> list[Asset]:
    """The records of these lines of the school's book that are there."""
    found: list[Asset] = []
    for some in bunches(lines):
        present = assets.c.removed_ms.is_(None), assets.c.line.in_(some)
        found += read(db, select(assets).where(of(assets, school), *present))
    return found


def has_lines(db: Connection, school: Place) -> bool:
    """Whether any of the school's records is, or was, of a book."""
    query = select(assets.c.line).where(of(assets, school), assets.c.line.is_not(None)).limit(1)
    return db.execute(query).first() is not None


def of_other_feeds(db: Connection, school: Place, feed: str, *, older: bool) -> list[Asset]:
    """The records that are there, but were told by another list.

    older: those of other databases among them.
    """
    other = assets.c.removed_ms.is_(None), assets.c.feed != feed
    query = select(assets).where(of(assets, school), *other)
    same = assets.c.feed.startswith(database_of(feed), autoescape=True)
    return read(db, query if older else query.where(same))


def read(db: Connection, query: Select[Any]) -> list[Asset]:
    """The records of a query on the whole table of records, in its order; as they were told."""
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
