"""This file holds what the controller remembers: agents, devices, rooms, events, marks; frozen."""

from __future__ import annotations

import msgspec

from protocol.messages import HostMeasures, Kit, LineMeasures, OutboxReport
from protocol.model import (
    AttendanceStatus,
    DeviceKind,
    DeviceMeasures,
    Identity,
    Method,
    Place,
    Reason,
    Status,
)

# gc=False below: no record can lead back to itself, and there are thousands of them.


class AgentRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One agent: where it is, how it fares, what it still owes.

    boot and session name the run of the program and its present conversation; judged is the
    status that the agent gave itself, status is what holds now (unknown when it is lost).
    """

    place: Place
    room: str = ""
    version: str = ""
    boot: str = ""
    session: int = 0
    rev: int = 0
    online: bool = False
    status: Status = Status.UNKNOWN
    reasons: tuple[Reason, ...] = ()
    measures: HostMeasures = HostMeasures()
    outbox: OutboxReport = OutboxReport()
    missing: int = 0
    lesson: str | None = None
    beat_s: float = 60.0
    roaming: bool = False
    line: LineMeasures = LineMeasures()
    kit: Kit = ()
    since_ms: int = 0
    first_seen_ms: int = 0
    last_seen_ms: int = 0


class DeviceRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One device; place.agent is the agent that answers for it.

    since_ms: when the present status began. removed_ms: when a person removed it, else None.
    change: its number in the feed of changes; last_seen_ms, address and measures alone change
    nothing there. aliases: other ids of it; what was known under them is folded into this one.
    """

    place: Place
    device_id: str
    kind: DeviceKind
    name: str = ""
    vendor: str = ""
    model: str = ""
    serial: str = ""
    room: str = ""
    status: Status = Status.UNKNOWN
    reasons: tuple[Reason, ...] = ()
    sources: tuple[str, ...] = ()
    identity: Identity | None = None
    aliases: tuple[str, ...] = ()
    address: str = ""
    measures: DeviceMeasures | None = None
    boot: str = ""
    rev: int = 0
    since_ms: int = 0
    first_seen_ms: int = 0
    last_seen_ms: int = 0
    removed_ms: int | None = None
    change: int = 0


class EventRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What happened to equipment or lessons; no child is in it. no: its place in the log."""

    place: Place
    event_id: str
    kind: str
    room: str
    at_ms: int
    received_ms: int
    body: bytes = b"{}"  # the kind's own fields as a JSON object
    no: int = 0


class AttendanceRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A pupil's mark. day: the school's local date, yyyy-mm-dd. no: its place in the log."""

    place: Place
    event_id: str
    student: str
    status: AttendanceStatus
    method: Method
    room: str
    lesson: str | None
    day: str
    at_ms: int
    received_ms: int
    no: int = 0


Record = AgentRecord | DeviceRecord | EventRecord | AttendanceRecord
