"""This file holds the shapes in which the controller tells the world what it remembers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from pydantic import BaseModel, BeforeValidator, Field

from controller.web.items import Moment, RecordItem
from protocol.model import DeviceKind, Identity, Reason, Status


class ReasonItem(RecordItem):
    """Why a status is what it is: a code, the value seen, the limit broken."""

    code: str
    value: float | str | None
    limit: float | None


class DeviceMeasuresItem(RecordItem):
    """What a projector, board or camera told of itself; null where it told nothing."""

    power: str | None
    input: str | None
    lamp_hours: int | None
    filter_hours: int | None
    picture: str | None


class EquipmentItem(RecordItem):
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
    since: Moment
    identity: Identity | None
    aliases: list[str]


class DeviceItem(EquipmentItem):
    """One device. address: where it answers in the school's network, if it does.

    name: what it is called: given_name where a person gave it one, else as it tells itself.
    """

    name: str = Field(validation_alias="called")
    given_name: Annotated[str, BeforeValidator(lambda name: name or "")]
    first_seen: Moment
    last_seen: Moment
    address: str
    measures: DeviceMeasuresItem | None


class Tombstone(BaseModel):
    """A device that a person removed."""

    device_id: str
    school: str
    removed: Literal[True] = True
    removed_at: str


class MeasuresItem(RecordItem):
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


class OutboxItem(RecordItem):
    """What waits on the agent's disk, and what it had to drop."""

    pending: int
    pending_bytes: int
    dropped: int


class LineItem(RecordItem):
    """How far the agent's line reaches; null where it was not tried."""

    gateway: bool | None
    dns: bool | None
    controller: bool | None
    internet: bool | None
    rtt_ms: float | None
    outage_min: float | None


class KitItem(RecordItem):
    """One line of what a room should have: a kind of device, or a program by its name.

    running: of a program that is there, whether it runs now; null where that is not known.
    """

    kind: DeviceKind | None
    name: str
    wanted: int
    here: int
    running: bool | None


class AgentItem(RecordItem):
    """One agent. missing: messages it sent that have not arrived. roaming: a teacher's laptop."""

    agent_id: str
    room: str
    school: str
    online: bool
    status: Status
    reasons: list[ReasonItem]
    since: Moment
    first_seen: Moment
    last_seen: Moment
    version: str
    measures: MeasuresItem
    outbox: OutboxItem
    missing: int
    lesson: str | None
    roaming: bool
    line: LineItem
    kit: list[KitItem]


class EventItem(RecordItem):
    """Something that happened to equipment or lessons; no: its place in the log."""

    no: int
    event_id: str
    kind: str
    room: str
    school: str
    agent_id: str
    at: Moment
    received_at: Moment
    body: Annotated[dict[str, Any], BeforeValidator(msgspec.json.decode)]


def _reason_fields(reason: Reason) -> dict[str, Any]:
    return {"code": reason.code, "value": reason.value, "limit": reason.limit}
