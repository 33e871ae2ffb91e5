"""This file keeps agents, their devices and what happened to them, and reads them back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import tzinfo
from typing import Any, Final

from sqlalchemy import Connection, func, or_, select, update

from controller.database.changes import of_kind
from controller.database.reading import rows_of
from controller.database.required import require
from controller.database.scope import everywhere, of, within
from controller.database.shape import Shape
from controller.database.writing import Writing, write
from controller.fleet.dating import DAY_MS, LATEST_DAYS
from controller.fleet.fleet import Fleet, StreamChanged, Touched
from controller.fleet.records import AgentRecord, DeviceRecord, EventRecord
from controller.fleet.rivals import mark_among
from controller.fleet.tables import agents, devices, events, streams
from controller.sheets.names import room_code
from protocol.model import PERSON, SCHOOL, DeviceKind, Identity, Place, Status
from protocol.ranges import Stream
from protocol.shapes import json_decoder

AGENTS = Shape(AgentRecord, agents, {"beat_ms": lambda record: int(record.beat_s * 1000)})
DEVICES = Shape(DeviceRecord, devices)
EVENTS = Shape(EventRecord, events)
# The rule of protocol.model.is_equipment, for the database; a test holds the two together.
_STARTED: Final = "lesson_started"
ROLLS_WAIT_MS: Final = (LATEST_DAYS + 2) * DAY_MS
_EQUIPMENT = or_(
    devices.c.kind != DeviceKind.TABLET.value,
    devices.c.serial != "",
    devices.c.identity == Identity.USB.value,
    devices.c.sources.contains(f'"{PERSON}"', autoescape=True),
    devices.c.sources.contains(f'"{SCHOOL}"', autoescape=True),
)
_body = json_decoder(dict[str, Any])
require(events, lambda row: _body.decode(row["body"]))
require(streams, lambda row: Stream.from_text(row["ranges"]))


def keep(db: Connection, changes: Sequence[object], now_ms: int) -> None:
    """Keep a batch: of states the last wins, events are kept once each."""
    by_place = {agent.place: agent for agent in of_kind(changes, AgentRecord)}
    by_id = {
        (device.place.province, device.place.school, device.device_id): device
        for device in of_kind(changes, DeviceRecord)
    }
    by_boot = {(stream.place, stream.boot): stream for stream in of_kind(changes, StreamChanged)}
    write(db, agents, [*map(AGENTS.row, by_place.values())], Writing.UPSERT)
    write(db, devices, [*map(DEVICES.row, by_id.values())], Writing.UPSERT)
    write(db, events, [*map(EVENTS.row, of_kind(changes, EventRecord))], Writing.INSERT_NEW)
    rows = [_stream_row(stream, now_ms) for stream in by_boot.values()]
    write(db, streams, rows, Writing.UPSERT)
    for touched in of_kind(changes, Touched):
        _touch(db, touched)


def load_fleet(
    db: Connection, school: Place, zone: tzinfo, *, device_silent_s: float, awake_since_ms: int
) -> Fleet:
    """The school's present, as the last commit left it."""
    newest = db.execute(select(func.max(devices.c.change)).where(everywhere(devices))).scalar_one()
    return Fleet(
        school,
        zone,
        agents=map(_agent, rows_of(db, select(agents).where(within(agents, school)))),
        devices=map(DEVICES.record, rows_of(db, select(devices).where(within(devices, school)))),
        streams=map(_stream, rows_of(db, select(streams).where(within(streams, school)))),
        lesson_days=_lesson_days(db, school, awake_since_ms - ROLLS_WAIT_MS),
        newest_change=newest or 0,
        device_silent_s=device_silent_s,
        awake_since_ms=awake_since_ms,
    )


def _lesson_days(db: Connection, school: Place, since_ms: int) -> dict[tuple[str, str], str]:
    """On which day each lesson began since then, by agent and lesson; none of a false clock."""
    columns = events.c.agent, events.c.lesson, events.c.day
    query = select(*columns).where(
        within(events, school),
        events.c.at_ms >= since_ms,
        events.c.kind == _STARTED,
        events.c.told_ms.is_(None),
    )
    return {(agent, lesson): day for agent, lesson, day in db.execute(query) if lesson and day}


def agents_of(
    db: Connection, scope: Place, *, after: str = "", limit: int | None = 1000
) -> list[AgentRecord]:
    """Agents by their id, those behind `after`."""
    query = select(agents).where(within(agents, scope), agents.c.agent > after)
    return [*map(_agent, rows_of(db, query.order_by(agents.c.agent).limit(limit)))]


def devices_of(
    db: Connection,
    scope: Place,
    *,
    room: str = "",
    kind: str = "",
    status: str = "",
    after: str = "",
    limit: int | None = 1000,
) -> list[DeviceRecord]:
    """Devices by their id, those behind `after`; removed ones and mere presences are left out."""
    query = select(devices).where(
        within(devices, scope),
        devices.c.removed_ms.is_(None),
        devices.c.device_id > after,
        _EQUIPMENT,
    )
    if room:
        query = query.where(devices.c.room.in_(_writings(db, scope, room)))
    for column, code in (("kind", kind), ("status", status)):
        if code:
            query = query.where(devices.c[column] == code)
    return DEVICES.records(rows_of(db, query.order_by(devices.c.device_id).limit(limit)))


def all_devices(db: Connection, scope: Place, room: str = "") -> list[DeviceRecord]:
    """Every device that is not removed, of one room or of all."""
    return devices_of(db, scope, room=room, limit=None)


def devices_and_presences(db: Connection, scope: Place) -> list[DeviceRecord]:
    """Every device that is not removed, and what only was there, such as a pupil's phone."""
    query = select(devices).where(within(devices, scope), devices.c.removed_ms.is_(None))
    return DEVICES.records(rows_of(db, query.order_by(devices.c.device_id)))


def seen_marks(
    db: Connection, school: Place, marks: Collection[str], since_ms: int
) -> list[tuple[str, str]]:
    """Which devices of these marks agents have seen since then: the mark, and the device's id."""
    query = select(devices).where(
        within(devices, school),
        devices.c.removed_ms.is_(None),
        devices.c.status != Status.UNKNOWN.value,
        devices.c.last_seen_ms >= since_ms,
        or_(devices.c.device_id.in_(marks), devices.c.aliases != "[]"),
    )
    records = DEVICES.records(rows_of(db, query.order_by(devices.c.device_id)))
    found = ((mark_among(record, marks), record.device_id) for record in records)
    return [(mark, device_id) for mark, device_id in found if mark]


def newest_change(db: Connection, scope: Place) -> int:
    """The number of the newest change of a device; 0 while there is none."""
    query = select(func.max(devices.c.change)).where(within(devices, scope))
    return db.execute(query).scalar_one() or 0


def events_of(
    db: Connection, scope: Place, *, after: int = 0, limit: int | None = 1000
) -> list[EventRecord]:
    """Events as they were stored, those behind `after`."""
    query = select(events).where(within(events, scope), events.c.no > after)
    return EVENTS.records(rows_of(db, query.order_by(events.c.no).limit(limit)))


def newest_events(
    db: Connection, scope: Place, *, room: str = "", limit: int = 20
) -> list[EventRecord]:
    """The newest events, newest first; of one room or of all."""
    query = select(events).where(within(events, scope))
    if room:
        query = query.where(events.c.room.in_(_writings(db, scope, room)))
    return EVENTS.records(rows_of(db, query.order_by(events.c.no.desc()).limit(limit)))


def events_of_lesson(db: Connection, place: Place, lesson: str) -> list[EventRecord]:
    """What happened in one agent's lesson."""
    query = select(events).where(within(events, place), events.c.lesson == lesson)
    return EVENTS.records(rows_of(db, query))


def schools_with_agents(db: Connection) -> set[Place]:
    """Every school that has an agent."""
    query = select(agents.c.province, agents.c.school).where(everywhere(agents)).distinct()
    return {Place(*row) for row in db.execute(query)}


def rooms_with_agents(db: Connection, scope: Place) -> list[str]:
    """The rooms that agents say they are in, as they write them."""
    return [*db.scalars(select(agents.c.room).where(within(agents, scope)).distinct())]


def _writings(db: Connection, scope: Place, room: str) -> set[str]:
    """The room as it is asked for, and as agents and devices write it: 203 and P203 are one."""
    stored = {*rooms_with_agents(db, scope)}
    stored |= {*db.scalars(select(devices.c.room).where(within(devices, scope)).distinct())}
    return {room} | {name for name in stored if room_code(name) == room_code(room)}


def _touch(db: Connection, touched: Touched) -> None:
    db.execute(
        update(devices)
        .where(of(devices, touched.place), devices.c.device_id.in_(touched.device_ids))
        .values(last_seen_ms=touched.last_seen_ms)
    )


def _agent(row: Mapping[str, Any]) -> AgentRecord:
    return AGENTS.record(row, beat_s=row["beat_ms"] / 1000)


def _stream_row(change: StreamChanged, now_ms: int) -> tuple[object, ...]:
    place = change.place
    codes = place.province, place.school, place.agent
    return (*codes, change.boot, change.ranges, now_ms, change.run)


def _stream(row: Mapping[str, Any]) -> StreamChanged:
    place = Place(row["province"], row["school"], row["agent"])
    return StreamChanged(place, row["boot"], row["ranges"], row["run"])
