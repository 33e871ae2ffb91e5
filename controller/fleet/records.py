"""This file holds what the controller remembers: agents, devices, events, rolls; frozen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from protocol.messages import (
    Ending,
    Explained,
    HostMeasures,
    Kit,
    LineMeasures,
    OutboxReport,
    Part,
    Proof,
    RollLine,
)
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

    schema: of the wire, as the agent speaks it. plan: the fingerprint of the plan that it holds.
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
    schema: int = 1
    plan: str = ""
    since_ms: int = 0
    first_seen_ms: int = 0
    last_seen_ms: int = 0


class DeviceRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One device; place.agent is the agent that answers for it.

    since_ms: when the present status began. removed_ms: when a person removed it, else None.
    change: its number in the feed of changes; last_seen_ms, address and measures alone change
    nothing there. aliases: other ids of it; what was known under them is folded into this one.
    name: as it tells itself. given_name: as a person calls it; empty where that was taken back,
    None where nobody ever did.
    """

    place: Place
    device_id: str
    kind: DeviceKind
    name: str = ""
    given_name: str | None = None
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

    @property
    def called(self) -> str:
        """Its name: as a person gave it, else as it tells itself; empty where it has none."""
        return self.given_name or self.name


class EventRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What happened to equipment or lessons; no child is in it. no: its place in the log.

    lesson, day: of what belongs to a lesson; the school's local date. boot: the run of the agent
    that told it, while it is fresh. run, seq: its place in what the agent said, see `runs.py`; 0 in
    what was stored before that was. told_ms: what the agent said, where at_ms is an estimate.
    """

    place: Place
    event_id: str
    kind: str
    room: str
    at_ms: int
    received_ms: int
    lesson: str | None = None
    day: str | None = None
    body: bytes = b"{}"  # the kind's own fields as a JSON object
    no: int = 0
    boot: str = ""
    told_ms: int | None = None
    run: int = 0
    seq: int = 0


class AttendanceRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A pupil's mark, alone. day: the school's local date, yyyy-mm-dd. no: its place in the log.

    actor, why, before, hash: as its message tells. erased: a tombstone, whose pupil is forgotten.
    teacher, proof: who corrected a confirmed roll by it, as of a roll.
    run, seq: its place in what the agent said, as of an event.
    told_ms: what the agent said, where at_ms is an estimate.
    """

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
    class_code: str | None = None
    actor: str = ""
    teacher: str | None = None
    proof: Proof | None = None
    why: str = "marked"
    before: str = ""
    hash: str = ""
    erased: bool = False
    no: int = 0
    told_ms: int | None = None
    run: int = 0
    seq: int = 0


class RollRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A roll that was confirmed, or (reopened) a confirmation that was taken back.

    Its lines and links are as the message tells them. erased: how many lines are tombstones.
    teacher, proof: who confirmed or took it back, and by what that was shown, where the school
    asked. run, seq: its place in what the agent said, as of an event.
    told_ms, told_day: what the agent said, where at_ms and day are an estimate.
    """

    place: Place
    event_id: str
    reopened: bool
    room: str
    lesson: str
    day: str
    classes: tuple[str, ...] = ()
    period: int | None = None
    subject: str = ""
    teacher: str | None = None
    proof: Proof | None = None
    lines: tuple[RollLine, ...] = ()
    actor: str = ""
    before: str = ""
    hash: str = ""
    erased: int = 0
    at_ms: int
    received_ms: int
    no: int = 0
    told_ms: int | None = None
    told_day: str | None = None
    run: int = 0
    seq: int = 0


class CorrectionsHeld(NamedTuple):
    """An agent holds what it was told of corrections: by which start, under which number."""

    place: Place
    start: str
    number: int


class ErasureProofRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An agent's proof that it erased a pupil, a link of its attendance log; it names nobody.

    erasure: the school's name for it. records: in how many events it put a tombstone.
    left_files: how many of its files still named the pupil. run, seq: its place in what the agent
    said, as of an event.
    """

    place: Place
    event_id: str
    room: str
    erasure: str
    records: int = 0
    left_files: int = 0
    actor: str = ""
    before: str = ""
    hash: str = ""
    at_ms: int
    received_ms: int
    no: int = 0
    told_ms: int | None = None
    run: int = 0
    seq: int = 0


class ChainHeadRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How far an agent said that its attendance log goes; no pupil is named.

    links, head, at_ms, key, signature: as its message tells them. received_ms: when it came first.
    """

    place: Place
    room: str
    head: str
    key: str = ""
    links: int = 0
    signature: str = ""
    at_ms: int
    received_ms: int


class LessonRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One lesson as its events tell it. how is None while it runs; day: the school's local date.

    counts: of each class, how many pupils have each mark; empty while no roll is confirmed.
    estimated: what the agent said of the time could not be.
    """

    place: Place
    lesson: str
    room: str = ""
    classes: tuple[str, ...] = ()
    period: int | None = None
    subject: str = ""
    substitute: bool = False
    day: str = ""
    began_ms: int | None = None
    ended_ms: int | None = None
    how: Ending | None = None
    confirmed: bool = False
    counts: Mapping[str, Mapping[AttendanceStatus, int]] = {}
    estimated: bool = False


class FaultRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a teacher says is broken. done_ms: when a person said it is dealt with, else None."""

    place: Place
    event_id: str
    room: str
    part: Part
    lesson: str | None = None
    at_ms: int
    received_ms: int
    done_ms: int | None = None


class Explanation(NamedTuple):
    """What an agent told of why its devices are what they are."""

    place: Place
    explained: Explained


Logged = AttendanceRecord | RollRecord
ChainRecord = Logged | ErasureProofRecord
Record = AgentRecord | DeviceRecord | EventRecord | AttendanceRecord | RollRecord | FaultRecord
