"""This file keeps what was measured, in blocks. All functions work in a store's transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

import msgspec
from sqlalchemy import Connection, delete, func, select

from controller.database.reading import rows_of
from controller.database.scope import codes_of, of
from controller.database.writing import insert_into
from controller.fleet.bearers import ids_of
from controller.measures.series import (
    BLOCK_MS,
    HOUR_MS,
    STEP_MS,
    Measure,
    Point,
    SeriesKey,
    Slots,
    Tier,
    TimedPoint,
    UpMinutes,
    UpPart,
    begin_of,
    folded,
    put,
    slot_of,
    timed,
)
from controller.measures.tables import measure_blocks, uptimes
from protocol.model import Place
from protocol.shapes import json_decoder

_BLOCK_KEY: Final = ["province", "school", "tier", "thing", "measure", "begins_ms"]
_UP_KEY: Final = ["province", "school", "day", "part", "name"]
_decode: Final = json_decoder(list[Point | None]).decode
_encode: Final = msgspec.json.Encoder().encode


def keep_blocks(
    db: Connection, place: Place, tier: Tier, begins_ms: int, blocks: Mapping[SeriesKey, Slots]
) -> None:
    """Put these in the place of what stood there."""
    for (thing, measure), slots in blocks.items():
        text = _encode([point and [round(each, 2) for each in point] for point in slots]).decode()
        own = {"tier": tier.value, "thing": thing, "measure": measure.value}
        values = codes_of(place) | own | {"begins_ms": begins_ms, "points": text}
        new = insert_into(db, measure_blocks).values(values)
        db.execute(new.on_conflict_do_update(index_elements=_BLOCK_KEY, set_={"points": text}))


def blocks_at(
    db: Connection, place: Place, tier: Tier, begins_ms: int
) -> dict[SeriesKey, list[Point | None]]:
    """The blocks of all things that begin then."""
    blocks = measure_blocks.c
    query = select(blocks.thing, blocks.measure, blocks.points).where(
        of(measure_blocks, place), blocks.tier == tier.value, blocks.begins_ms == begins_ms
    )
    return {
        (row["thing"], Measure(row["measure"])): _decode(row["points"])
        for row in rows_of(db, query)
    }


def series_of(
    db: Connection,
    place: Place,
    tier: Tier,
    since_ms: int,
    *,
    bearers: Mapping[str, str],
    thing: str | None = None,
) -> dict[SeriesKey, list[TimedPoint]]:
    """What was measured since then, of a thing or of all, in the order of time.

    bearers: whose an id is: what was kept under an earlier one is its bearer's, too.
    """
    blocks = measure_blocks.c
    query = select(blocks.thing, blocks.measure, blocks.begins_ms, blocks.points).where(
        of(measure_blocks, place),
        blocks.tier == tier.value,
        blocks.begins_ms > since_ms - BLOCK_MS[tier],
    )
    if thing is not None:
        query = query.where(blocks.thing.in_(ids_of(thing, bearers)))
    found: defaultdict[SeriesKey, list[TimedPoint]] = defaultdict(list)
    for row in rows_of(db, query.order_by(blocks.begins_ms)):
        points = timed(tier, row["begins_ms"], _decode(row["points"]))
        key = bearers.get(row["thing"], row["thing"]), Measure(row["measure"])
        found[key] += [each for each in points if each.at_ms >= since_ms]
    # Two blocks of one time hold a device's hours under its earlier id, and those under this one.
    return {key: sorted(points) for key, points in found.items()}


def raw_hours(db: Connection, place: Place, since_ms: int, until_ms: int) -> list[int]:
    """In which hours of this time anything was measured."""
    blocks = measure_blocks.c
    query = (
        select(blocks.begins_ms)
        .where(
            of(measure_blocks, place),
            blocks.tier == Tier.RAW.value,
            blocks.begins_ms >= since_ms,
            blocks.begins_ms < until_ms,
        )
        .distinct()
    )
    return sorted(row["begins_ms"] for row in rows_of(db, query))


def fold_hour(db: Connection, place: Place, hour_ms: int) -> None:
    """Sum an hour that is over up, by five minutes and as a whole; twice changes nothing."""
    raw = blocks_at(db, place, Tier.RAW, hour_ms)
    for tier in (Tier.FINE, Tier.HOURLY):
        begins_ms = begin_of(tier, hour_ms)
        before = blocks_at(db, place, tier, begins_ms)
        after: dict[SeriesKey, Slots] = {}
        for key, slots in raw.items():
            whole: Slots = before.get(key, [])
            for at_ms, point in folded(timed(Tier.RAW, hour_ms, slots), hour_ms, STEP_MS[tier]):
                whole = put(whole, slot_of(tier, at_ms), point)
            after[key] = whole
        keep_blocks(db, place, tier, begins_ms, after)


def drop_before(db: Connection, place: Place, horizons: Mapping[Tier, int], day: str) -> int:
    """Let all go that ended before these moments, and up-times of before a day; how many rows."""
    gone = 0
    for tier, before_ms in horizons.items():
        blocks = measure_blocks.c
        is_old = blocks.begins_ms <= before_ms - BLOCK_MS[tier]
        is_own = blocks.tier == tier.value
        old = delete(measure_blocks).where(of(measure_blocks, place), is_own, is_old)
        gone += db.execute(old).rowcount
    days = delete(uptimes).where(of(uptimes, place), uptimes.c.day < day)
    return gone + db.execute(days).rowcount


def add_uptimes(db: Connection, place: Place, minutes: Mapping[UpPart, UpMinutes]) -> None:
    """Add minutes to what a day holds."""
    for part, more in minutes.items():
        values = codes_of(place) | part._asdict() | more._asdict()
        new = insert_into(db, uptimes).values(values)
        summed = {
            "up_min": uptimes.c.up_min + more.up_min,
            "all_min": uptimes.c.all_min + more.all_min,
        }
        db.execute(new.on_conflict_do_update(index_elements=_UP_KEY, set_=summed))


def uptimes_since(db: Connection, place: Place, part: str, day: str) -> dict[str, UpMinutes]:
    """By name, how long they were up since a day."""
    is_in = (uptimes.c.part == part) & (uptimes.c.day >= day)
    sums = func.sum(uptimes.c.up_min).label("up"), func.sum(uptimes.c.all_min).label("whole")
    query = select(uptimes.c.name, *sums).where(of(uptimes, place), is_in)
    query = query.group_by(uptimes.c.name)
    return {row["name"]: UpMinutes(int(row["up"]), int(row["whole"])) for row in rows_of(db, query)}


HOURS_LOOKED_BACK: Final = 49 * HOUR_MS
