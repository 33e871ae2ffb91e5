"""This file holds the shapes in which the controller tells the world what it remembers."""

from __future__ import annotations

from typing import Any, Generic, Literal, TypeVar

import msgspec
from pydantic import BaseModel

from controller.attendance.lessons import figures_of
from controller.dashboard.rooms import Cause, Problem, Room
from controller.fleet.records import (
    AgentRecord,
    AttendanceRecord,
    DeviceRecord,
    EventRecord,
    FaultRecord,
    LessonRecord,
)
from controller.inventory.asset import Asset, AssetState
from protocol.messages import Ending, KitLine, Part
from protocol.model import (
    AttendanceStatus,
    DeviceKind,
    DeviceMeasures,
    Identity,
    Method,
    Reason,
    Status,
    iso,
)

Item = TypeVar("Item", bound=BaseModel)


class ReasonItem(BaseModel):
    """Why a status is what it is: a code, the value seen, the limit broken."""

    code: str
    value: float | str | None
    limit: float | None


class DeviceMeasuresItem(BaseModel):
    """What a projector, board or camera told of itself; null where it told nothing."""

    power: str | None
    input: str | None
    lamp_hours: int | None
    filter_hours: int | None
    picture: str | None


class EquipmentItem(BaseModel):
    """What a thing is. Times are UTC (RFC 3339); since is when its present status began.

    identity: what it is known by; null where an older agent does not tell. aliases: ids under
    which it was known before.
    """

    device_id: str
    kind: DeviceKind
    name: str
    vendor: str
    model: str
    serial: str
    room: str
    school: str
    agent_id: str
    status: Status
    reasons: list[ReasonItem]
    sources: list[str]
    since: str
    identity: Identity | None
    aliases: list[str]


class DeviceItem(EquipmentItem):
    """One device. address: where it answers in the school's network, if it does."""

    first_seen: str
    last_seen: str
    address: str
    measures: DeviceMeasuresItem | None


class InventoryItem(EquipmentItem):
    """An item of the inventory feed, which leaves the school: no address and no measures.

    device_id: the agents' id of it, or "line:<no>" of a line of the book that no agent sees.
    line, row: its line's lasting number and its number in the book, null without a line. room:
    where it belongs; seen_room: where it was seen last. lacks: what keeps its record from being
    complete. next: hand it back as `since` to go on behind this item.
    """

    first_seen: str | None
    last_seen: str | None
    line: int | None
    row: int | None
    asset_tag: str
    type: str
    site: str
    building: str
    year: int | None
    cost_vnd: int | None
    funding: str
    condition: str
    state: AssetState
    also: list[str]
    seen_room: str
    seen_by: str
    complete: bool
    lacks: list[str]
    verified: bool
    removed: Literal[False] = False
    next: str


class Tombstone(BaseModel):
    """A device that a person removed."""

    device_id: str
    school: str
    removed: Literal[True] = True
    removed_at: str


class GoneItem(Tombstone):
    """An item that is no longer there, or no longer among those that were asked for."""

    next: str


class MeasuresItem(BaseModel):
    """What the agent's own machine measured; null where it has no such sensor."""

    cpu_percent: float | None
    memory_used_percent: float | None
    memory_free_mb: float | None
    disk_used_percent: float | None
    disk_free_mb: float | None
    disk_read_only: bool | None
    disk_errors: int | None
    temperature_c: float | None
    battery_percent: float | None
    battery_wear_percent: float | None
    on_mains: bool | None
    wifi_signal_dbm: float | None
    under_voltage: bool | None
    throttled: bool | None
    uptime_s: float | None
    clock_jump_s: float | None


class OutboxItem(BaseModel):
    """What waits on the agent's disk, and what it had to drop."""

    pending: int
    pending_bytes: int
    dropped: int


class LineItem(BaseModel):
    """How far the agent's line reaches; null where it was not tried."""

    gateway: bool | None
    dns: bool | None
    controller: bool | None
    internet: bool | None
    rtt_ms: float | None
    outage_min: float | None


class KitItem(BaseModel):
    """One line of what a room should have: a kind of device, or a program by its name.

    running: of a program that is there, whether it runs now; null where that is not known.
    """

    kind: DeviceKind | None
    name: str
    wanted: int
    here: int
    running: bool | None


class AgentItem(BaseModel):
    """One agent. missing: messages it sent that have not arrived. roaming: a teacher's laptop."""

    agent_id: str
    room: str
    school: str
    online: bool
    status: Status
    reasons: list[ReasonItem]
    since: str
    first_seen: str
    last_seen: str
    version: str
    measures: MeasuresItem
    outbox: OutboxItem
    missing: int
    lesson: str | None
    roaming: bool
    line: LineItem
    kit: list[KitItem]


class CauseItem(ReasonItem):
    """A reason for a room's status, and whose it is; device_id is null for the agent's own."""

    agent_id: str
    device_id: str | None


class ProblemItem(BaseModel):
    """One line of work in a room; kind is null for the agent, code is null where none was given.

    part: what a teacher says is broken, else null.
    """

    status: Status
    kind: DeviceKind | None
    code: str | None
    value: float | str | None
    limit: float | None
    count: int
    devices: list[str]
    since: str
    part: Part | None = None


class FaultItem(BaseModel):
    """What a teacher says is broken. done_at: when a person said it is dealt with, else null."""

    event_id: str
    part: Part
    room: str
    school: str
    agent_id: str
    at: str
    received_at: str
    done_at: str | None


class LessonItem(BaseModel):
    """A lesson, without any pupil. how is null while it runs; total, present ... with its roll."""

    lesson: str
    room: str
    school: str
    agent_id: str
    classes: list[str]
    period: int | None
    subject: str
    substitute: bool
    date: str
    began: str | None
    ended: str | None
    how: Ending | None
    confirmed: bool
    total: int | None
    present: int | None
    absent: int | None
    late: int | None


class RoomItem(BaseModel):
    """A room's summary. devices: how many of each kind have each status.

    kit: what it should have, as its fixed computer tells; empty where none tells.
    sleeping: tablets that work and are asleep. sheet: the lesson that runs, else the last of today
    if nobody confirmed its roll. roll: such as 42/39/3. faults: the parts said to be broken.
    """

    room: str
    school: str
    status: Status
    reasons: list[CauseItem]
    problems: list[ProblemItem]
    agents: list[str]
    lesson: str | None
    devices: dict[DeviceKind, dict[Status, int]]
    since: str
    kit: list[KitItem]
    sleeping: int
    sheet: LessonItem | None
    roll: str
    faults: list[Part]


class EventItem(BaseModel):
    """Something that happened to equipment or lessons; no: its place in the log."""

    no: int
    event_id: str
    kind: str
    room: str
    school: str
    agent_id: str
    at: str
    received_at: str
    body: dict[str, Any]


class MarkItem(BaseModel):
    """A pupil's mark in the roll. date: the school's local date."""

    event_id: str
    student: str
    status: AttendanceStatus
    method: Method
    at: str
    room: str
    agent_id: str
    school: str
    lesson: str | None
    date: str
    received_at: str


class Listing(BaseModel, Generic[Item]):
    """One page of a list; next is the cursor of the page after it, null on the last."""

    items: list[Item]
    next: str | None


class Inventory(BaseModel):
    """One page of the inventory feed; next is where to go on, now or tomorrow."""

    items: list[InventoryItem | GoneItem]
    next: str
    more: bool


class ErrorBody(BaseModel):
    """What went wrong: a stable code, a sentence, what to do."""

    code: str
    message: str
    hint: str


class ErrorItem(BaseModel):
    """Every error that the controller answers with."""

    error: ErrorBody


def device_item(record: DeviceRecord) -> DeviceItem:
    """A device as the lists show it."""
    return DeviceItem(
        **_equipment_fields(record),
        address=record.address,
        measures=_device_measures_item(record.measures),
    )


def inventory_fields(asset: Asset, behind: str) -> dict[str, Any]:
    """An InventoryItem's fields, cheap to make by the hundred thousand."""
    return {
        "device_id": asset.device_id,
        "kind": asset.kind,
        "name": asset.name,
        "vendor": asset.maker,
        "model": asset.model,
        "serial": asset.serial,
        "room": asset.room,
        "school": asset.place.school,
        "agent_id": asset.place.agent,
        "status": asset.status,
        "reasons": asset.reasons and [_reason_fields(reason) for reason in asset.reasons],
        "sources": asset.sources,
        "since": iso(asset.since_ms),
        "identity": asset.identity,
        "aliases": asset.aliases,
        "first_seen": iso(asset.first_seen_ms) if asset.first_seen_ms else None,
        "last_seen": iso(asset.seen_ms) if asset.seen_ms else None,
        "line": asset.line,
        "row": asset.row,
        "asset_tag": asset.asset_tag,
        "type": asset.type,
        "site": asset.site,
        "building": asset.building,
        "year": asset.year,
        "cost_vnd": asset.cost_vnd,
        "funding": asset.funding,
        "condition": asset.condition,
        "state": asset.state,
        "also": asset.also,
        "seen_room": asset.there,
        "seen_by": asset.by,
        "complete": asset.complete,
        "lacks": asset.lacks,
        "verified": asset.verified,
        "removed": False,
        "next": behind,
    }


def tombstone_fields(asset: Asset, at_ms: int, behind: str) -> dict[str, Any]:
    """A GoneItem's fields."""
    return {
        "device_id": asset.device_id,
        "school": asset.place.school,
        "removed": True,
        "removed_at": iso(asset.removed_ms or at_ms),
        "next": behind,
    }


def agent_item(record: AgentRecord) -> AgentItem:
    """An agent as the lists show it."""
    return AgentItem(
        agent_id=record.place.agent,
        room=record.room,
        school=record.place.school,
        online=record.online,
        status=record.status,
        reasons=[_reason_item(reason) for reason in record.reasons],
        since=iso(record.since_ms),
        first_seen=iso(record.first_seen_ms),
        last_seen=iso(record.last_seen_ms),
        version=record.version,
        measures=MeasuresItem(**msgspec.structs.asdict(record.measures)),
        outbox=OutboxItem(**msgspec.structs.asdict(record.outbox)),
        missing=record.missing,
        lesson=record.lesson,
        roaming=record.roaming,
        line=LineItem(**msgspec.structs.asdict(record.line)),
        kit=[_kit_item(line) for line in record.kit],
    )


def room_item(room: Room) -> RoomItem:
    """A room as the lists show it."""
    return RoomItem(
        room=room.key.room,
        school=room.key.school,
        status=room.status,
        reasons=[_cause_item(cause) for cause in room.causes],
        problems=[_problem_item(problem) for problem in room.problems],
        agents=list(room.agents),
        lesson=room.lesson,
        devices={kind: dict(tally) for kind, tally in room.devices.items()},
        since=iso(room.since_ms),
        kit=[_kit_item(line) for line in room.kit],
        sleeping=room.sleeping,
        sheet=lesson_item(room.sheet) if room.sheet else None,
        roll=room.roll,
        faults=list(dict.fromkeys(each.part for each in room.faults)),
    )


def fault_item(record: FaultRecord) -> FaultItem:
    """A fault as the lists show it."""
    return FaultItem(
        event_id=record.event_id,
        part=record.part,
        room=record.room,
        school=record.place.school,
        agent_id=record.place.agent,
        at=iso(record.at_ms),
        received_at=iso(record.received_ms),
        done_at=None if record.done_ms is None else iso(record.done_ms),
    )


def lesson_item(record: LessonRecord) -> LessonItem:
    """A lesson as the lists show it."""
    figures = figures_of(record)
    counted = (
        figures._asdict() if figures else dict.fromkeys(("total", "present", "absent", "late"))
    )
    return LessonItem(
        lesson=record.lesson,
        room=record.room,
        school=record.place.school,
        agent_id=record.place.agent,
        classes=list(record.classes),
        period=record.period,
        subject=record.subject,
        substitute=record.substitute,
        date=record.day,
        began=None if record.began_ms is None else iso(record.began_ms),
        ended=None if record.ended_ms is None else iso(record.ended_ms),
        how=record.how,
        confirmed=record.confirmed,
        **counted,
    )


def event_item(record: EventRecord) -> EventItem:
    """An event as the log shows it."""
    return EventItem(
        no=record.no,
        event_id=record.event_id,
        kind=record.kind,
        room=record.room,
        school=record.place.school,
        agent_id=record.place.agent,
        at=iso(record.at_ms),
        received_at=iso(record.received_ms),
        body=msgspec.json.decode(record.body),
    )


def mark_item(record: AttendanceRecord) -> MarkItem:
    """A mark as the roll shows it."""
    return MarkItem(
        event_id=record.event_id,
        student=record.student,
        status=record.status,
        method=record.method,
        at=iso(record.at_ms),
        room=record.room,
        agent_id=record.place.agent,
        school=record.place.school,
        lesson=record.lesson,
        date=record.day,
        received_at=iso(record.received_ms),
    )


def _equipment_fields(record: DeviceRecord) -> dict[str, Any]:
    return {
        "device_id": record.device_id,
        "kind": record.kind,
        "name": record.name,
        "vendor": record.vendor,
        "model": record.model,
        "serial": record.serial,
        "room": record.room,
        "school": record.place.school,
        "agent_id": record.place.agent,
        "status": record.status,
        "reasons": [_reason_item(reason) for reason in record.reasons],
        "sources": list(record.sources),
        "first_seen": iso(record.first_seen_ms),
        "last_seen": iso(record.last_seen_ms),
        "since": iso(record.since_ms),
        "identity": record.identity,
        "aliases": list(record.aliases),
    }


def _device_measures_item(measures: DeviceMeasures | None) -> DeviceMeasuresItem | None:
    return DeviceMeasuresItem(**msgspec.structs.asdict(measures)) if measures else None


def _kit_item(line: KitLine) -> KitItem:
    return KitItem(**msgspec.structs.asdict(line))


def _reason_item(reason: Reason) -> ReasonItem:
    return ReasonItem(code=reason.code, value=reason.value, limit=reason.limit)


def _reason_fields(reason: Reason) -> dict[str, Any]:
    return {"code": reason.code, "value": reason.value, "limit": reason.limit}


def _cause_item(cause: Cause) -> CauseItem:
    return CauseItem(
        code=cause.reason.code,
        value=cause.reason.value,
        limit=cause.reason.limit,
        agent_id=cause.agent_id,
        device_id=cause.device_id or None,
    )


def _problem_item(problem: Problem) -> ProblemItem:
    reason = problem.reason
    return ProblemItem(
        status=problem.status,
        kind=problem.kind,
        code=reason.code if reason else None,
        value=reason.value if reason else None,
        limit=reason.limit if reason else None,
        count=max(1, len(problem.devices)),
        devices=list(problem.devices),
        since=iso(problem.since_ms),
        part=problem.part,
    )
