"""This file holds every message on the wire, and turns each to bytes and back.

A message is one flat JSON object. Its `kind` names its shape and `v` the schema version.
States replace each other and carry a revision; events add up and carry a sequence number;
both numbers begin at 1 with every boot of the sender.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Final

import msgspec
from msgspec.structs import replace

from protocol.correction import CorrectedMark
from protocol.guide import Guide
from protocol.inspection import MAX_ASKED, AskedItem
from protocol.lenient import Mended, mended
from protocol.model import (
    DEVICE_REASONS,
    MAX_TEXT,
    AttendanceStatus,
    Code,
    Device,
    DeviceKind,
    Method,
    Millis,
    Reason,
    Status,
    Text,
    day_from,
)
from protocol.package import MAX_MANIFEST, SignatureHex, VersionText
from protocol.plan import Date, Hex, Period, Plan
from protocol.shapes import json_decoder
from protocol.unreadable import UNREADABLE

SCHEMA: Final = 3
MAX_BYTES: Final = 256 * 1024  # a birth of 400 devices is about 120 KB

REASONS: Final = 64
TEXT_CUT: Final = "text_cut"  # reasons that the receiver adds: a text was longer than it may be,
LEFT_OUT: Final = "left_out"  # and so many things could not be read

Count = Annotated[int, msgspec.Meta(ge=0, lt=1 << 53)]
Version = Annotated[int, msgspec.Meta(ge=1, le=SCHEMA)]
Range = tuple[Count, Count]
Classes = Annotated[tuple[Code, ...], msgspec.Meta(max_length=8)]
MAX_CORRECTIONS: Final = 1000
MAX_CONFIRMED: Final = 400  # tablets of a room: as many devices as an agent knows
MAX_MARKS: Final = 400  # ids of devices in one question of the department
Marks = Annotated[tuple[Code, ...], msgspec.Meta(max_length=MAX_MARKS)]
MAX_DOUBTS: Final = 16  # pairs of a room's devices that a person is asked about
MAX_PAIRS: Final = 200  # and that somebody has answered
MAX_KINDS: Final = 200  # devices of a room of which somebody has said what they are
MarkText = Annotated[str, msgspec.Meta(max_length=120)]
ManifestText = Annotated[str, msgspec.Meta(max_length=MAX_MANIFEST)]
MarkTexts = Annotated[tuple[MarkText, ...], msgspec.Meta(max_length=8)]
ERASED: Final = "-"  # stands where a pupil was erased


class Ending(StrEnum):
    """How a lesson ended: by the teacher, by itself after the bell, or its start was undone."""

    TEACHER = "teacher"
    BELL = "bell"
    UNDONE = "undone"


class Proof(StrEnum):
    """By what somebody showed who they are: a PIN of theirs, or nothing."""

    PIN = "pin"
    NONE = "none"


class Part(StrEnum):
    """What a teacher can say is broken, by a picture."""

    BOARD = "board"
    CAMERA = "camera"
    TABLET = "tablet"
    NETWORK = "network"
    POWER = "power"
    OTHER = "other"


class Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every message carries: schema version, the sender's boot, and when it was true."""

    v: Version = SCHEMA
    boot: Code
    at_ms: Millis


class State(Message, frozen=True, kw_only=True):
    """A message that the next one of the same key replaces."""

    rev: Count = 0


class Event(Message, frozen=True, kw_only=True):
    """A message that happened once and is never replaced.

    age_s: for how long its sender has run since, where that is a minute or more.
    """

    id: Code
    seq: Count = 0
    age_s: Count | msgspec.UnsetType = msgspec.UNSET


class Chained(Event, frozen=True, kw_only=True):
    """An event of the attendance log: who did it, and the hash of the record before it.

    actor: teacher, substitute or agent. before, hash: see protocol.chain; empty in schema 2.
    """

    actor: Text = ""
    before: Hex = ""
    hash: Hex = ""


class TeachersWord(Chained, frozen=True, kw_only=True):
    """A link of the log that a teacher may have to vouch for.

    teacher: the school's own id of who says it; proof: by what they showed that. Both are left out
    where the school does not ask, or nothing confirmed is touched.
    """

    teacher: Code | msgspec.UnsetType = msgspec.UNSET
    proof: Proof | msgspec.UnsetType = msgspec.UNSET


class OutboxReport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How full the sender's outbox is, and what it had to drop since it was made."""

    pending: Count = 0
    pending_bytes: Count = 0
    dropped: Count = 0


class HostMeasures(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the sender's own machine measured; None where it has no such sensor."""

    cpu_percent: float | None = None
    memory_used_percent: float | None = None
    memory_free_mb: float | None = None
    disk_used_percent: float | None = None
    disk_free_mb: float | None = None
    disk_read_only: bool | None = None
    disk_errors: Count | None = None
    temperature_c: float | None = None
    battery_percent: float | None = None
    battery_wear_percent: float | None = None
    on_mains: bool | None = None
    wifi_signal_dbm: float | None = None
    under_voltage: bool | None = None
    throttled: bool | None = None
    uptime_s: float | None = None
    clock_jump_s: float | None = None


class LineMeasures(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far the sender's line reaches; None where it was not tried.

    rtt_ms: the round trip to the controller, else to the gateway. outage_min: for how many
    minutes the controller has been out of reach.
    """

    gateway: bool | None = None
    dns: bool | None = None
    controller: bool | None = None
    internet: bool | None = None
    rtt_ms: float | None = None
    outage_min: float | None = None


class KitLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of what a room should have: a kind of device, or a program by its name.

    running: of a program that is there, whether it runs now; None where that is not known.
    """

    kind: DeviceKind | None = None
    name: Text = ""
    wanted: Count
    here: Count
    running: bool | None = None


Kit = Annotated[tuple[KitLine, ...], msgspec.Meta(max_length=64)]


class Presence(Message, frozen=True, kw_only=True, tag_field="kind", tag="presence"):
    """The agent's session is up, or (as its last will) is gone. Retained."""

    session: Count
    online: bool


class Birth(State, frozen=True, kw_only=True, tag_field="kind", tag="birth"):
    """Everything the agent knows, after each connect and whenever it is asked.

    plan: the fingerprint of the school's plan that it holds.
    """

    session: Count
    room: Code
    version: Text = ""
    beat_s: Annotated[float, msgspec.Meta(gt=0, le=86_400)]
    status: Status
    reasons: Annotated[tuple[Reason, ...], msgspec.Meta(max_length=REASONS)] = ()
    measures: HostMeasures = HostMeasures()
    outbox: OutboxReport = OutboxReport()
    devices: Annotated[tuple[Device, ...], msgspec.Meta(max_length=400)] = ()
    lesson: Code | None = None
    roaming: bool = False
    line: LineMeasures = LineMeasures()
    kit: Kit = ()
    plan: Hex = ""


class Health(State, frozen=True, kw_only=True, tag_field="kind", tag="health"):
    """The agent's beat: its own health, and which devices it still sees."""

    status: Status
    reasons: Annotated[tuple[Reason, ...], msgspec.Meta(max_length=REASONS)] = ()
    measures: HostMeasures = HostMeasures()
    outbox: OutboxReport = OutboxReport()
    seen: Annotated[tuple[Code, ...], msgspec.Meta(max_length=400)] = ()
    line: LineMeasures = LineMeasures()
    kit: Kit = ()
    plan: Hex = ""


class DeviceState(State, frozen=True, kw_only=True, tag_field="kind", tag="device"):
    """One device as it is now."""

    device: Device


class DeviceForgotten(State, frozen=True, kw_only=True, tag_field="kind", tag="device_forgotten"):
    """A person said that this device is no longer the room's."""

    device_id: Code


class DeviceGrounds(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a device is taken for this one, and for one of its kind.

    believed: by which marks it is known. contested: those that others tell, too. weak: those that
    its make has in many. former: as what it was known. proofs: what its kind follows from, a word
    and what was seen (protocol.grounds); by_person: a person said what it is. asks: the kind that
    it may well be, where only a person can tell.
    """

    device_id: Code
    believed: MarkTexts = ()
    contested: MarkTexts = ()
    weak: MarkTexts = ()
    former: MarkTexts = ()
    proofs: MarkTexts = ()
    by_person: bool = False
    asks: DeviceKind | None = None


class DevicePair(msgspec.Struct, frozen=True, kw_only=True):
    """Two devices that may be one, by their ids."""

    one: Code
    other: Code


class PairAnswer(DevicePair, frozen=True, kw_only=True):
    """Whether two devices are one."""

    is_one: bool


class KindAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a device is, by a person's word; `device` is its id."""

    device: Code
    is_kind: DeviceKind


class Explained(State, frozen=True, kw_only=True, tag_field="kind", tag="explained"):
    """Why the agent's devices are what they are, as far as 32 KB hold it.

    doubts: those of which a person shall say whether they are one. With each birth, and as it
    changes.
    """

    devices: Annotated[tuple[DeviceGrounds, ...], msgspec.Meta(max_length=400)] = ()
    doubts: Annotated[tuple[DevicePair, ...], msgspec.Meta(max_length=MAX_DOUBTS)] = ()


class DeviceAppeared(Event, frozen=True, kw_only=True, tag_field="kind", tag="device_appeared"):
    """A device came, for the first time or again."""

    room: Code
    device_id: Code
    name: Text = ""


class DeviceVanished(Event, frozen=True, kw_only=True, tag_field="kind", tag="device_vanished"):
    """A device went away; reason is a code such as unplugged or goodbye."""

    room: Code
    device_id: Code
    name: Text = ""
    reason: Code


class HealthChanged(Event, frozen=True, kw_only=True, tag_field="kind", tag="health_changed"):
    """The agent's own status changed."""

    room: Code
    status: Status
    reasons: Annotated[tuple[Reason, ...], msgspec.Meta(max_length=REASONS)] = ()


class LessonStarted(Event, frozen=True, kw_only=True, tag_field="kind", tag="lesson_started"):
    """A teacher started a lesson in the room.

    period: by the school's bells. substitute: another teacher than the timetable's takes it.
    """

    room: Code
    lesson: Code
    classes: Classes = ()
    period: Period | None = None
    subject: Text = ""
    substitute: bool = False


class LessonEnded(Event, frozen=True, kw_only=True, tag_field="kind", tag="lesson_ended"):
    """A lesson ended.

    how: by the teacher, by the bell, or its start was undone. confirmed: whether its roll was.
    """

    room: Code
    lesson: Code
    how: Ending = Ending.TEACHER
    confirmed: bool = False


class LessonResumed(Event, frozen=True, kw_only=True, tag_field="kind", tag="lesson_resumed"):
    """The teacher took back the end of a lesson: it runs as before."""

    room: Code
    lesson: Code


class AttendanceMarked(TeachersWord, frozen=True, kw_only=True, tag_field="kind", tag="attendance"):
    """A pupil's mark outside a roll, or a correction of a confirmed one. It stays in the school.

    why: marked, corrected, undone, or tapped: a teacher's mark in a roll that nobody has confirmed.
    The mark before it is kept by whoever stored it.
    """

    room: Code
    student: Code
    status: AttendanceStatus
    method: Method
    lesson: Code | None = None
    class_code: Code | None = None
    why: Code = "marked"


class RollLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One pupil in a confirmed roll."""

    student: Code
    class_code: Code
    status: AttendanceStatus
    method: Method


class RollConfirmed(
    TeachersWord, frozen=True, kw_only=True, tag_field="kind", tag="roll_confirmed"
):
    """The teacher's word on who is there: every pupil of the lesson, in one event.

    day: the date on the room's wall. It never leaves the school.
    """

    room: Code
    lesson: Code
    day: Date
    classes: Classes = ()
    period: Period | None = None
    subject: Text = ""
    lines: Annotated[tuple[RollLine, ...], msgspec.Meta(max_length=1000)] = ()

    def __post_init__(self) -> None:
        """Refuse a day that no calendar has."""
        day_from(self.day)


class RollReopened(TeachersWord, frozen=True, kw_only=True, tag_field="kind", tag="roll_reopened"):
    """The teacher took a confirmation back; what was confirmed counts no more, and is kept."""

    room: Code
    lesson: Code


class ErasureProof(Chained, frozen=True, kw_only=True, tag_field="kind", tag="erasure_proof"):
    """The agent has erased a pupil wherever it had them; it says so in its own attendance log.

    erasure: by the name of the command. records: in how many events it put a tombstone. left:
    how many of its files still name the pupil, which somebody must look at.
    """

    room: Code
    erasure: Code
    records: Count = 0
    left: Count = 0


class ChainHead(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far an agent's attendance log goes: how many records, and the hash of the last.

    links: those that it counted; it began when this was built. at_ms: when it was signed. key: an
    Ed25519 public key that this agent made; signature: see protocol.heads. Both are empty where
    the agent cannot sign.
    """

    links: Count
    head: Hex
    at_ms: Millis
    key: Hex = ""
    signature: Hex = ""


class HeadTold(Event, frozen=True, kw_only=True, tag_field="kind", tag="head"):
    """The agent says how far its attendance log goes: after each change, and with each birth.

    It names no pupil. Whoever keeps it can tell later whether a record was cut off or remade.
    """

    room: Code
    chain: ChainHead


class CameraLook(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A camera's picture is looked at: what for, such as cards or door, and since when."""

    use: Code
    since_ms: Millis


class CameraTold(Event, frozen=True, kw_only=True, tag_field="kind", tag="camera"):
    """The room's cameras are on or off: since when, by whose word; and what they are used for now.

    by: room, school or settings. name: of the account, where the school's. looks: those that last;
    check_s: how often each picture is judged for some seconds, 0 for never. command: the school's
    last one that was done.
    """

    room: Code
    off: bool = False
    since_ms: Millis = 0
    by: Text = ""
    name: Text = ""
    looks: Annotated[tuple[CameraLook, ...], msgspec.Meta(max_length=16)] = ()
    check_s: Count = 0
    command: Text = ""


class CorrectionsKept(Event, frozen=True, kw_only=True, tag_field="kind", tag="corrections_kept"):
    """The agent holds what `corrections` of this number said, given by the start `of`."""

    room: Code
    of: Code
    number: Count


class UpdateStep(StrEnum):
    """How far an agent is with an update that it was offered."""

    FETCHING = "fetching"
    WAITING = "waiting"  # it lies ready; a lesson goes on
    PROVING = "proving"  # it runs, and has to show that it works
    KEPT = "kept"
    FAILED = "failed"  # the one before runs again; this one is not tried until it is told again
    UNFIT = "unfit"  # nothing was done: the reason says why
    BACK = "back"  # the one before runs again because the school wants it


class UpdateTold(Event, frozen=True, kw_only=True, tag_field="kind", tag="update_told"):
    """How far the agent is with what it was offered. version: that one; running: which runs now.

    reason: a code where it failed or is unfit.
    """

    room: Code
    offer: Code
    step: UpdateStep
    version: VersionText
    running: Text = ""
    reason: Text = ""


class FaultReported(Event, frozen=True, kw_only=True, tag_field="kind", tag="fault_reported"):
    """A teacher says that something in the room is broken."""

    room: Code
    part: Part
    lesson: Code | None = None


class Ack(Message, frozen=True, kw_only=True, tag_field="kind", tag="ack"):
    """What the receiver has committed of the boot `of`: inclusive ranges of seq and of rev.

    Ranges, not a high-water mark: a broker may lose one in the middle.
    """

    of: Code
    seqs: tuple[Range, ...] = ()
    revs: tuple[Range, ...] = ()


class Rebirth(Message, frozen=True, kw_only=True, tag_field="kind", tag="rebirth"):
    """The receiver asks for a full birth."""

    reason: Code


class PlanGiven(Message, frozen=True, kw_only=True, tag_field="kind", tag="plan"):
    """The receiver gives an agent its room's part of the school's plan."""

    plan: Plan


class Retell(Message, frozen=True, kw_only=True, tag_field="kind", tag="retell"):
    """The department asks a school for its list of items anew, from behind a change on."""

    since: Count


class WhoSpeaks(Message, frozen=True, kw_only=True, tag_field="kind", tag="who"):
    """The department asks every server that bears a school's code to answer, by `school_here`."""

    asked: Code


class MarksAsked(Message, frozen=True, kw_only=True, tag_field="kind", tag="marks_asked"):
    """The department asks which of these devices the school sees now, by a mark of their own."""

    asked: Code
    devices: Marks = ()


class MarksContested(Message, frozen=True, kw_only=True, tag_field="kind", tag="marks_contested"):
    """The marks of these devices were alive in two schools at once: they name no piece."""

    devices: Marks = ()


class StoredRun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which events of one boot of an agent are stored: inclusive ranges of seq."""

    boot: Code
    seqs: Annotated[tuple[Range, ...], msgspec.Meta(max_length=100)] = ()


class EventsStored(Message, frozen=True, kw_only=True, tag_field="kind", tag="stored"):
    """What this start of the receiver has of an agent's events; the agent tells the others again.

    since_ms: what happened before is not to be told again, for the receiver would let it go.
    """

    runs: Annotated[tuple[StoredRun, ...], msgspec.Meta(max_length=400)] = ()
    since_ms: Millis = 0


class Tombstone(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An event in which a pupil was erased; lines: of a roll, counted from 0."""

    id: Code
    lines: Annotated[tuple[Count, ...], msgspec.Meta(max_length=1000)] = ()


class PupilsErased(Message, frozen=True, kw_only=True, tag_field="kind", tag="erased"):
    """In these events pupils were erased: the agent erases them in what it could tell again."""

    tombstones: Annotated[tuple[Tombstone, ...], msgspec.Meta(max_length=1000)]


class EraseCommand(Message, frozen=True, kw_only=True, tag_field="kind", tag="erase"):
    """The agent erases a pupil wherever it has them, and answers by a proof of that name.

    salt, digest: who, see protocol.erasure.
    """

    erasure: Code
    salt: Hex
    digest: Hex


class CameraOff(Message, frozen=True, kw_only=True, tag_field="kind", tag="camera_off"):
    """The school has a room's cameras switched off; nothing on the wire switches them on.

    command: done once, however often it is said. name: the account whose word it is.
    """

    command: Code
    name: Text = ""


class ListsRefused(Message, frozen=True, kw_only=True, tag_field="kind", tag="lists_refused"):
    """Which class lists this computer is not given today; said again when it is otherwise.

    classes: of the lesson that runs there. is_room: none of the room in which it says that it is.
    """

    classes: Classes = ()
    is_room: bool = False


class GuideGiven(Message, frozen=True, kw_only=True, tag_field="kind", tag="guide"):
    """What this computer may know of its school beyond its room's plan; replaces the one before."""

    guide: Guide


class KitGiven(Message, frozen=True, kw_only=True, tag_field="kind", tag="kit"):
    """What the school asks for in this computer's room, for as long as it says no other.

    is_chosen: False where nobody chose, and what the computer's settings ask for holds. here: of
    no meaning in these lines.
    """

    is_chosen: bool = False
    lines: Kit = ()


class NotEnrolled(Message, frozen=True, kw_only=True, tag_field="kind", tag="not_enrolled"):
    """This computer goes by a typed password, and may join by a code; said once a session."""


class SharingComputer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One of the computers that go by one identity: its start, and by what people know it."""

    boot: Code
    name: Text = ""
    serial: Text = ""
    address: Text = ""


class IdentityShared(Message, frozen=True, kw_only=True, tag_field="kind", tag="identity_shared"):
    """Several computers go by this agent's identity, as of a copied disk; none: it is one again."""

    computers: Annotated[tuple[SharingComputer, ...], msgspec.Meta(max_length=8)] = ()


class SchoolClock(Message, frozen=True, kw_only=True, tag_field="kind", tag="school_clock"):
    """The time by which the school goes (`at_ms`), while it is sure of it, and its zone (IANA)."""

    zone: Code


class TabletsConfirmed(
    Message, frozen=True, kw_only=True, tag_field="kind", tag="tablets_confirmed"
):
    """The tablets of this agent that the school's book names; takes the place of what was said."""

    devices: Annotated[tuple[Code, ...], msgspec.Meta(max_length=MAX_CONFIRMED)] = ()


class PairsAnswered(Message, frozen=True, kw_only=True, tag_field="kind", tag="pairs_answered"):
    """What the school says of pairs of this agent's devices; takes the place of what was said."""

    pairs: Annotated[tuple[PairAnswer, ...], msgspec.Meta(max_length=MAX_PAIRS)] = ()


class KindsAnswered(Message, frozen=True, kw_only=True, tag_field="kind", tag="kinds_answered"):
    """What the school says that this agent's devices are; takes the place of what was said."""

    kinds: Annotated[tuple[KindAnswer, ...], msgspec.Meta(max_length=MAX_KINDS)] = ()


class CorrectionsGiven(Message, frozen=True, kw_only=True, tag_field="kind", tag="corrections"):
    """All that the school's word stands over in the lessons that the agent may still have.

    It takes the place of what was said before. number: 1, 2, 3 ... within the start that says it.
    since: where that is too much for a message, the first day of which all is said.
    """

    number: Annotated[int, msgspec.Meta(ge=1, lt=1 << 53)]
    since: Date | None = None
    marks: Annotated[tuple[CorrectedMark, ...], msgspec.Meta(max_length=MAX_CORRECTIONS)] = ()

    def __post_init__(self) -> None:
        """Refuse a day that no calendar has."""
        if self.since is not None:
            day_from(self.since)


class SignedManifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A package that may be fetched: its manifest as it was signed (protocol.package)."""

    manifest: ManifestText
    signature: SignatureHex


class UpdateOffered(Message, frozen=True, kw_only=True, tag_field="kind", tag="update"):
    """Packages of a version lie ready for this computer; takes the place of the last offer.

    offer: names it, a new one for each press of a person. port: of the school's server, by HTTPS
    with the certificate that it shows at its broker. Without packages the offer is taken back: what
    is not yet tried is left. is_back: whoever runs `version` by an offer goes back to the one
    before.
    """

    offer: Code
    version: VersionText
    port: Annotated[int, msgspec.Meta(ge=0, le=65_535)] = 0
    packages: Annotated[tuple[SignedManifest, ...], msgspec.Meta(max_length=8)] = ()
    is_back: bool = False


class InspectionGiven(Message, frozen=True, kw_only=True, tag_field="kind", tag="inspection"):
    """A department asks a school to show items by a deadline, or takes that back.

    number: of this word on the inspection; a higher one takes the place of a lower. asked_ms,
    due_ms: by the department's clock, as `at_ms`.
    """

    inspection: Code
    number: Annotated[int, msgspec.Meta(ge=1, lt=1 << 53)]
    withdrawn: bool = False
    title: Text = ""
    asked_ms: Millis
    due_ms: Millis
    items: Annotated[tuple[AskedItem, ...], msgspec.Meta(max_length=MAX_ASKED)] = ()


class ControllerState(Message, frozen=True, kw_only=True, tag_field="kind", tag="controller"):
    """The receiver listens, or (as its last will) does not. Retained."""

    session: Count
    online: bool


Telemetry = DeviceAppeared | DeviceVanished | HealthChanged
Record = (
    LessonStarted
    | LessonEnded
    | LessonResumed
    | AttendanceMarked
    | RollConfirmed
    | RollReopened
    | ErasureProof
    | HeadTold
    | CameraTold
    | CorrectionsKept
    | UpdateTold
    | FaultReported
)
AnyEvent = Telemetry | Record
AnyState = Birth | Health | DeviceState | DeviceForgotten | Explained
Up = Presence | AnyState | AnyEvent
Down = (
    Ack
    | Rebirth
    | PlanGiven
    | Retell
    | WhoSpeaks
    | MarksAsked
    | MarksContested
    | EventsStored
    | PupilsErased
    | EraseCommand
    | CameraOff
    | ListsRefused
    | GuideGiven
    | KitGiven
    | NotEnrolled
    | IdentityShared
    | SchoolClock
    | TabletsConfirmed
    | PairsAnswered
    | KindsAnswered
    | CorrectionsGiven
    | UpdateOffered
    | InspectionGiven
    | ControllerState
)


class MessageFlaw(StrEnum):
    """Why a message could not be taken."""

    OVERSIZED = "oversized"
    MALFORMED = "malformed"
    NEWER_SCHEMA = "newer_schema"
    UNKNOWN_KIND = "unknown_kind"
    WRONG_TOPIC = "wrong_topic"
    LEFT_OUT = "left_out"  # some of its things cannot be read, the others can
    NOT_APPLIED = "not_applied"  # well said, and yet whoever received it could not make use of it


class MessageError(ValueError):
    """A message that cannot be taken; `flaw` says why, the text where.

    rest: the message without what cannot be read, where that is of use all the same.
    """

    def __init__(self, flaw: MessageFlaw, detail: str, rest: Mended | None = None) -> None:
        super().__init__(f"{flaw}: {detail}")
        self.flaw = flaw
        self.detail = detail
        self.rest = rest


class Numbers(msgspec.Struct, frozen=True):
    """What can be answered even of a message that cannot be taken; 0 is no number."""

    boot: Code
    seq: Count = 0
    rev: Count = 0


class _Header(msgspec.Struct):
    kind: str
    v: int = SCHEMA


_encoder = msgspec.json.Encoder()
_up = json_decoder(Up)
_down = json_decoder(Down)
_header = json_decoder(_Header)
_numbers = json_decoder(Numbers)
_LENIENT: Final = {
    str(member.__struct_config__.tag): member
    for member in (*Telemetry.__args__, *AnyState.__args__)
}
_KINDS: Final = frozenset(member.__struct_config__.tag for member in (*Up.__args__, *Down.__args__))


def to_bytes(message: Message) -> bytes:
    """The message as compact JSON."""
    return _encoder.encode(message)


def up_from(payload: bytes) -> Up:
    """Read what an agent said; of states what can be read, with a reason that says so.

    Raises MessageError.
    """
    message: Up = mended_up(payload).message
    return message


def mended_up(payload: bytes) -> Mended:
    """The same, and what was cut and left out. Raises MessageError."""
    try:
        return Mended(read(_up, payload, _KINDS))
    except MessageError as error:
        rest = rest_of(error, payload, _LENIENT)
        return rest._replace(message=_with_reason(rest))


def down_from(payload: bytes) -> Down:
    """Read what a controller said. Raises MessageError."""
    message: Down = read(_down, payload, _KINDS)
    return message


def numbers_of(payload: bytes) -> Numbers | None:
    """The boot and numbers of a message that could not be read whole; None if it has none."""
    try:
        return _numbers.decode(payload)
    except UNREADABLE:
        return None


def read(decoder: msgspec.json.Decoder[Any], payload: bytes, kinds: frozenset[Any]) -> Any:
    """Read a message of a union whose tags are `kinds`. Raises MessageError."""
    if len(payload) > MAX_BYTES:
        raise MessageError(MessageFlaw.OVERSIZED, f"{len(payload)} bytes")
    try:
        return decoder.decode(payload)
    except UNREADABLE as error:
        raise _flaw_of(payload, str(error), kinds) from error


def rest_of(
    error: MessageError, payload: bytes, kinds: Mapping[str, type[msgspec.Struct]]
) -> Mended:
    """What can be read of a message of these kinds all the same. Raises the error for nothing."""
    rest = mended(payload, kinds) if error.flaw is MessageFlaw.MALFORMED else None
    if rest is None:
        raise error
    return rest


def _with_reason(rest: Mended) -> Any:
    """A message that says of itself, or of its device, what was cut or left out."""
    reasons = [Reason(TEXT_CUT, ", ".join(rest.cuts)[:MAX_TEXT])] if rest.cuts else []
    reasons += [Reason(LEFT_OUT, rest.left_out)] if rest.left_out else []
    match rest.message:
        case DeviceState(device=device):
            grown = (*device.reasons, *reasons)[:DEVICE_REASONS]
            return replace(rest.message, device=replace(device, reasons=grown))
        case Birth() | Health() | HealthChanged():
            return replace(rest.message, reasons=(*rest.message.reasons, *reasons)[:REASONS])
        case _:
            return rest.message


def _flaw_of(payload: bytes, detail: str, kinds: frozenset[Any]) -> MessageError:
    """Tell a message from the future from a broken one."""
    try:
        header = _header.decode(payload)
    except UNREADABLE:
        return MessageError(MessageFlaw.MALFORMED, detail)
    if header.v > SCHEMA:
        return MessageError(MessageFlaw.NEWER_SCHEMA, f"version {header.v}")
    if header.kind not in kinds:
        return MessageError(MessageFlaw.UNKNOWN_KIND, header.kind[:64])
    return MessageError(MessageFlaw.MALFORMED, detail)
