"""This file keeps what schools tell their department, in the transaction of the batch.

An item that comes again as it was is no news: a list that is told anew costs a reader nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, tzinfo
from typing import Final, TypeVar

from msgspec.structs import asdict, replace
from sqlalchemy import Connection, select

from controller.areas.store import counts_for_itself
from controller.database.changes import of_kind
from controller.database.engine import one_numbers
from controller.database.reading import rows_of
from controller.database.scope import of, within
from controller.database.shape import Shape
from controller.database.writing import Writing, write
from controller.department.clocks import ClockHeard, keep_clocks
from controller.department.item_steps import keep_steps
from controller.department.marks_store import keep_marks
from controller.department.school_record import SchoolRecord
from controller.department.schools import (
    FigureTold,
    InspectionHeard,
    ListPage,
    Numbered,
    Schools,
    Used,
)
from controller.department.seals import keep_seals
from controller.department.tables import schools, told_numbers
from controller.inventory import store as kept_assets
from controller.inventory.asset import LASTING, Asset, AssetState
from controller.inventory.counting import settle_lists
from controller.reconcile.reconcile import missing_from
from controller.reconcile.store import kpi_in, note_figure
from controller.register.vocabulary import OUT_OF_USE, VISIBLE
from controller.use.hours import BoardWeek
from controller.use.store import keep_use, use_of
from protocol.fields import fields_for
from protocol.model import Place
from protocol.upward import ItemTold, UseLine, database_of, is_open

SCHOOLS: Final = Shape(SchoolRecord, schools)
_AT_ONCE: Final = 500  # ids that a statement names
_Key = tuple[str, str, str]  # province, school, and what of it
_TOLD: Final = (*LASTING, "seen_ms", "first_seen_ms", "verified_ms", "missing_ms")


def keep(db: Connection, changes: Sequence[object], now_ms: int) -> None:
    """Keep what a batch brought of schools; of their records the last wins."""
    del now_ms
    records = {record.place: record for record in of_kind(changes, SchoolRecord)}
    write(db, schools, [*map(SCHOOLS.row, records.values())], Writing.UPSERT)
    for figure in newest_told(db, of_kind(changes, FigureTold)):
        if counts_for_itself(db, figure.place, figure.day):
            note_figure(db, figure.place, figure.day, kpi_in(asdict(figure.figures)))
    _take_pages(db, of_kind(changes, ListPage))
    for used in newest_told(db, of_kind(changes, Used)):
        keep_use(db, used.place, used.week, _weeks_of(db, used))
    keep_clocks(db, of_kind(changes, ClockHeard))
    keep_seals(db, changes)
    keep_marks(db, changes)


_Told = TypeVar("_Told", bound=FigureTold | Used | InspectionHeard)


def newest_told(db: Connection, told: Sequence[_Told]) -> list[_Told]:
    """Of each key what stands at last: the highest number, not what came last; it is kept.

    What is of another list than what stands replaces it: that list is over.
    """
    before = _numbers_of(db, told)
    newest: dict[_Key, _Told] = {}
    for one in told:
        key: _Key = (one.place.province, one.place.school, one.key)
        stands = newest[key].numbered if key in newest else before.get(key)
        if stands is None or stands.of != one.numbered.of or stands.number < one.numbered.number:
            newest[key] = one
    rows = [(*key, *one.numbered) for key, one in newest.items()]
    write(db, told_numbers, rows, Writing.UPSERT)
    return [*newest.values()]


def _numbers_of(
    db: Connection, told: Sequence[FigureTold | Used | InspectionHeard]
) -> dict[_Key, Numbered]:
    """By key what stands here now."""
    keys: dict[Place, set[str]] = {}
    for one in told:
        keys.setdefault(one.place, set()).add(one.key)
    return {
        (row["province"], row["school"], row["what"]): Numbered(row["numbering"], row["number"])
        for place, names in keys.items()
        for row in rows_of(
            db,
            select(told_numbers).where(of(told_numbers, place), told_numbers.c.what.in_(names)),
        )
    }


def _take_pages(db: Connection, pages: Sequence[ListPage]) -> None:
    if not pages:
        return
    one_numbers(db)
    newest = kept_assets.newest_change(db, Place(pages[0].place.province))
    for page in pages:
        newest = _take(db, page, newest)
    settle_lists(db, pages[0].place.province, {page.place.school for page in pages})


def schools_of(db: Connection, scope: Place) -> list[SchoolRecord]:
    """The schools that told of themselves, by code."""
    query = select(schools).where(within(schools, scope))
    return SCHOOLS.records(rows_of(db, query.order_by(schools.c.province, schools.c.school)))


def load_schools(db: Connection, scope: Place, zone: tzinfo = UTC) -> Schools:
    """The schools that tell of themselves, as the last commit left them. zone: of their days."""
    return Schools(scope, schools_of(db, Place(scope.province)), zone)


def _take(db: Connection, listed: ListPage, newest: int) -> int:
    """Keep a page of a school's list; returns the feed's newest number."""
    place = listed.place
    ids = [*(item.item for item in listed.items), *(gone.item for gone in listed.gone)]
    records = _records_of(db, place, ids)
    fresh: list[Asset] = []
    changed: list[tuple[Asset, Asset]] = []
    for item in listed.items:
        before, feed = records.get(item.item, (None, ""))
        if before and feed == listed.feed and before.relay_change >= item.change:
            continue
        stands = before is not None and before.removed_ms is None
        if stands and _is_older(feed, listed.feed):
            continue
        now = _asset_of(item, place, listed.at_ms)
        if before and stands:
            now = replace(now, counted_for=before.counted_for, counted=before.counted)
        if before and all(getattr(before, name) == getattr(now, name) for name in _TOLD):
            fresh.append(replace(before, relay_change=item.change))
            continue
        newest += 1
        fresh.append(replace(now, change=newest))
        if before:
            changed.append((before, now))
    for gone in listed.gone:
        before, feed = records.get(gone.item, (None, ""))
        if before is None or (feed == listed.feed and before.relay_change >= gone.change):
            continue
        if _is_older(feed, listed.feed):
            continue
        if before.removed_ms is None:
            newest += 1
            changed.append((before, replace(before, removed_ms=gone.at_ms)))
            before = replace(before, removed_ms=gone.at_ms, change=newest)
        fresh.append(replace(before, relay_change=gone.change))
    kept_assets.keep_assets(db, fresh, listed.feed)
    if not listed.last:
        keep_steps(db, changed, listed.at_ms)
        return newest
    left = kept_assets.of_other_feeds(db, place, listed.feed, older=not is_open(listed.feed))
    swept = [
        # Its number was another list's: this one has not told of it yet, and may.
        replace(asset, removed_ms=listed.at_ms, change=newest + number, relay_change=0)
        for number, asset in enumerate(left, 1)
    ]
    kept_assets.keep_assets(db, swept, listed.feed)
    keep_steps(db, [*changed, *zip(left, swept, strict=True)], listed.at_ms)
    return newest + len(swept)


def _records_of(db: Connection, place: Place, ids: Sequence[str]) -> dict[str, tuple[Asset, str]]:
    records: dict[str, tuple[Asset, str]] = {}
    for start in range(0, len(ids), _AT_ONCE):
        records |= kept_assets.with_feeds(db, place, ids[start : start + _AT_ONCE])
    return records


def _is_older(feed: str, told: str) -> bool:
    """Whether an open list must leave it as it is: another database told it, with its book."""
    return is_open(told) and database_of(feed) != database_of(told)


def _asset_of(item: ItemTold, place: Place, arrived_ms: int) -> Asset:
    """The item as it came: what is dated later than it arrived was seen by then, no later."""
    seen_ms, first_ms = min(item.seen_ms, arrived_ms), min(item.first_seen_ms, arrived_ms)
    fields = fields_for(Asset, item, but=("state", "change", "verified")) | {
        "seen_ms": seen_ms,
        "told_ms": seen_ms,
        "first_seen_ms": first_ms,
        "since_ms": first_ms,
        "verified_ms": min(_verified_ms(item), arrived_ms),
        "missing_ms": min(_missing_ms(item), _missing_by_ms(item, arrived_ms)),
    }
    return Asset(
        **fields,
        place=place,
        device_id=item.item,
        kind=item.device,
        state=_state(item),
        relay_change=item.change,
    )


def _verified_ms(item: ItemTold) -> int:
    """As of when it was seen whole; an older school tells only that it was within a year."""
    if item.verified_ms is not None:
        return item.verified_ms
    return item.seen_ms if item.verified else 0


def _missing_ms(item: ItemTold) -> int:
    """From when on it is missing; of what an older school tells, as its own rule has it."""
    if item.missing_ms is not None:
        return item.missing_ms
    if _is_told_missing(item):
        return missing_from(0)
    is_watched = item.type in VISIBLE and item.condition not in OUT_OF_USE
    is_seen = item.line is not None and item.quantity > 0 and item.seen_ms > 0
    return missing_from(item.seen_ms) if is_watched and is_seen else 0


def _missing_by_ms(item: ItemTold, arrived_ms: int) -> int:
    """By when at the latest: what its school calls missing is so now, whatever its clock shows."""
    return arrived_ms if _is_told_missing(item) else missing_from(arrived_ms)


def _is_told_missing(item: ItemTold) -> bool:
    return AssetState.MISSING.value in {item.state, *item.also}


def _state(item: ItemTold) -> AssetState:
    """A state that only a newer school knows is told as what is surely true."""
    try:
        return AssetState(item.state)
    except ValueError:
        return AssetState.UNREGISTERED if item.line is None else AssetState.OK


def _weeks_of(db: Connection, used: Used) -> list[BoardWeek]:
    """The boards' week; of a partial one each board's line that knows more, also of before."""
    lines = [_use(line) for line in used.lines]
    if not used.is_partial:
        return lines
    before = [one.line for one in use_of(db, used.place, used.week, used.week)]
    known = sorted([*before, *lines], key=lambda line: line.known_min)  # of equal ones the newer
    return [*{(line.device_id, line.room): line for line in known}.values()]


def _use(line: UseLine) -> BoardWeek:
    return BoardWeek(**fields_for(BoardWeek, line), device_id=line.item, kind=line.device.value)
