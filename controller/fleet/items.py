"""This file holds the shapes in which the controller tells the world what it remembers."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from pydantic import BaseModel

from controller.fleet.records import (
    AgentRecord,
    DeviceRecord,
    EventRecord,
)
from protocol.messages import KitLine
from protocol.model import (
    DeviceKind,
    DeviceMeasures,
    Identity,
    Reason,
    Status,
    iso,
)


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


class Tombstone(BaseModel):
    """A device that a person removed."""

    device_id: str
    school: str
    removed: Literal[True] = True
    removed_at: str


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


def device_item(record: DeviceRecord) -> DeviceItem:
    """A device as the lists show it."""
    return DeviceItem(
        **_equipment_fields(record),
        address=record.address,
        measures=_device_measures_item(record.measures),
    )


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
