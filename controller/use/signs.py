"""This file keeps what tells when boards were on: their signs, and when agents watched.

A sign comes from an event by the agent's clock, however late, or from a device's state by the
controller's. Both tables are made of what a batch holds; the same twice changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec
from sqlalchemy import Connection, func, select

from controller.database.changes import of_kind
from controller.database.reading import rows_of
from controller.database.scope import everywhere, of
from controller.database.shape import Row, Shape
from controller.database.writing import Writing, write
from controller.fleet.equipment import is_doubted
from controller.fleet.records import AgentRecord, DeviceRecord, EventRecord
from controller.fleet.tables import devices
from controller.use.hours import (
    GONE,
    HERE,
    KINDS,
    LONGEST_SILENCE_MS,
    Sense,
    Sign,
    Watch,
)
from controller.use.tables import board_signs, watches
from protocol.model import Place, Status
from protocol.shapes import json_decoder

FINE_MS: Final = 30_000  # a watch is not written anew for less
LATEST_MS: Final = 60 * 86_400_000  # what an agent's clock puts further back, it puts wrongly
_SOME: Final = 500  # values a statement names
_STATES: Final = {"device_appeared": HERE, "device_vanished": GONE}
_School = tuple[str, str]
SIGNS: Final = Shape(Sign, board_signs)
WATCHES: Final = Shape(Watch, watches)


class _Body(msgspec.Struct):
    device_id: str


_body: Final = json_decoder(_Body).decode


def keep(db: Connection, changes: Sequence[object], now_ms: int) -> None:
    """Keep what a batch tells of boards, and when agents watched."""
    del now_ms
    write(db, board_signs, sign_rows(db, changes), Writing.UPSERT)
    write(db, watches, watch_rows(db, changes), Writing.UPSERT)


def sign_rows(db: Connection, changes: Sequence[object]) -> list[Row]:
    """What a batch tells of boards, as rows of `board_signs`; each once."""
    signs = [*_of_devices(changes), *_of_events(db, changes)]
    rows: dict[tuple[object, ...], Row] = {}
    for (province, school), sign in signs:
        key = (province, school, sign.device_id, sign.agent, sign.boot, sign.sense, sign.at_ms)
        rows[key] = (*key, sign.room, sign.state)
    return [*rows.values()]


def watch_rows(db: Connection, changes: Sequence[object]) -> list[Row]:
    """When agents watched, as rows of `watches`: a known watch that lasts longer, or a new one."""
    points = _points(changes)
    rows: list[Row] = []
    for school, point in points.items():
        rows += [
            (*school, watch.agent, watch.boot, watch.room, watch.began_ms, watch.until_ms)
            for watch in _grown(_near(db, school, point), point)
        ]
    return rows


def signs_of(db: Connection, place: Place, since_ms: int) -> list[Sign]:
    """The school's signs since then, and of each board and run the last one not long before."""
    signs = board_signs.c
    run = (signs.device_id, signs.agent, signs.boot, signs.sense)
    newest = func.row_number().over(partition_by=run, order_by=signs.at_ms.desc())
    before = (signs.at_ms < since_ms) & (signs.at_ms >= since_ms - LATEST_MS)
    ranked = (
        select(board_signs, newest.label("rank")).where(of(board_signs, place), before).subquery()
    )
    last = select(ranked).where(of(ranked, place), ranked.c.rank == 1)
    since = select(board_signs).where(of(board_signs, place), signs.at_ms >= since_ms)
    return [*SIGNS.records(rows_of(db, last)), *SIGNS.records(rows_of(db, since))]


def watches_of(db: Connection, place: Place, since_ms: int) -> list[Watch]:
    """The school's watches that lasted until then or longer."""
    query = select(watches).where(
        of(watches, place), watches.c.until_ms >= since_ms - LONGEST_SILENCE_MS
    )
    return WATCHES.records(rows_of(db, query))


def _of_devices(changes: Sequence[object]) -> Iterable[tuple[_School, Sign]]:
    """A board's state as its agent tells it; what the controller doubts tells nothing."""
    for change in of_kind(changes, DeviceRecord):
        if change.kind not in KINDS or not change.boot:
            continue
        if change.removed_ms is None and is_doubted(change):
            continue
        gone = change.status is Status.UNKNOWN or change.removed_ms is not None
        at_ms = (change.removed_ms or change.since_ms) if gone else change.last_seen_ms
        school, sign = _school(change.place), _sign_of(change, at_ms)
        yield school, sign._replace(state=GONE if gone else HERE)
        power = change.measures.power if change.measures else None
        if power and not gone:
            yield school, sign._replace(sense=Sense.POWER.value, state=power)


def _sign_of(device: DeviceRecord, at_ms: int) -> Sign:
    presence = Sense.PRESENCE.value
    agent = device.place.agent
    return Sign(device.device_id, agent, device.boot, device.room, at_ms, presence, GONE)


def _of_events(db: Connection, changes: Sequence[object]) -> list[tuple[_School, Sign]]:
    signs: list[tuple[_School, Sign]] = []
    for change in of_kind(changes, EventRecord):
        state, at_ms = _STATES.get(change.kind), _sane(change)
        if state and at_ms and change.boot:
            device_id, run = _body(change.body).device_id, (change.place.agent, change.boot)
            sign = Sign(device_id, *run, change.room, at_ms, Sense.PRESENCE.value, state)
            signs.append((_school(change.place), sign))
    boards = _boards(db, {(*school, sign.device_id) for school, sign in signs})
    return [(school, sign) for school, sign in signs if (*school, sign.device_id) in boards]


def _boards(db: Connection, keys: Iterable[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
    """Those of the devices that are boards."""
    ids = sorted({device_id for _, _, device_id in keys})
    boards: set[tuple[str, str, str]] = set()
    for start in range(0, len(ids), _SOME):
        query = select(devices.c.province, devices.c.school, devices.c.device_id).where(
            everywhere(devices),
            devices.c.device_id.in_(ids[start : start + _SOME]),
            devices.c.kind.in_(sorted(KINDS)),
        )
        boards |= {(row[0], row[1], row[2]) for row in db.execute(query)}
    return boards


def _points(changes: Sequence[object]) -> dict[_School, list[Watch]]:
    """Moments in which agents were surely up, in order, as watches without length.

    Of those that lie close together one is enough, the last.
    """
    points = defaultdict[_School, dict[tuple[str, str, str, int], Watch]](dict)
    for change, at_ms in _moments(changes):
        if at_ms and change.boot:
            place = change.place
            of_school = points[place.province, place.school]
            key = place.agent, change.boot, change.room, at_ms // FINE_MS
            watch = of_school.get(key)
            if watch is None or watch.until_ms < at_ms:
                of_school[key] = Watch(*key[:3], at_ms, at_ms)
    return {school: sorted(point.values(), key=_by_time) for school, point in points.items()}


def _moments(
    changes: Sequence[object],
) -> Iterator[tuple[AgentRecord | EventRecord | DeviceRecord, int]]:
    """What says that an agent was up, with the moment; 0 where that cannot be told."""
    for agent in of_kind(changes, AgentRecord):
        yield agent, agent.last_seen_ms
    for event in of_kind(changes, EventRecord):
        yield event, _sane(event)
    for device in of_kind(changes, DeviceRecord):
        if device.removed_ms is None and _is_seen(device):
            yield device, device.last_seen_ms


def _is_seen(device: DeviceRecord) -> bool:
    return device.status is not Status.UNKNOWN


def _near(db: Connection, school: _School, points: Sequence[Watch]) -> list[Watch]:
    """The watches that a point may lie in or lengthen."""
    table, agents = watches.c, sorted({point.agent for point in points})
    first, last = points[0].began_ms - LONGEST_SILENCE_MS, points[-1].began_ms
    near = (table.until_ms >= first) & (table.began_ms <= last)
    nearby: list[Watch] = []
    for start in range(0, len(agents), _SOME):
        query = select(watches).where(
            of(watches, Place(*school)),
            table.agent.in_(agents[start : start + _SOME]),
            near,
        )
        nearby += WATCHES.records(rows_of(db, query))
    return nearby


def _grown(before: Iterable[Watch], points: Iterable[Watch]) -> Iterable[Watch]:
    """The watches that the points make longer, or anew."""
    runs = defaultdict[tuple[str, str, str], dict[int, Watch]](dict)
    for earlier in before:
        runs[earlier[:3]][earlier.began_ms] = earlier
    fresh: dict[tuple[str, str, str, int], Watch] = {}
    for point in points:
        run = runs[point[:3]]
        watch = _holding(run, point.began_ms)
        if watch and point.until_ms - watch.until_ms < FINE_MS:
            continue
        grown = watch._replace(until_ms=point.until_ms) if watch else point
        run[grown.began_ms] = grown
        fresh[grown[:4]] = grown
    return fresh.values()


def _holding(run: Mapping[int, Watch], at_ms: int) -> Watch | None:
    """The watch of a run that the moment lies in, or may lengthen."""
    near = (
        watch
        for watch in run.values()
        if watch.began_ms <= at_ms <= watch.until_ms + LONGEST_SILENCE_MS
    )
    return max(near, key=lambda watch: watch.until_ms, default=None)


def _by_time(watch: Watch) -> tuple[int, Watch]:
    return watch.began_ms, watch


def _sane(event: EventRecord) -> int:
    """When it happened, never after it was told; 0 where the agent's clock cannot be right."""
    at_ms = min(event.at_ms, event.received_ms)
    return at_ms if event.received_ms - at_ms < LATEST_MS else 0


def _school(place: Place) -> _School:
    return place.province, place.school
