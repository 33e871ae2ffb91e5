"""This file turns records into database rows and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from controller.department.schools import SchoolRecord
from controller.fleet.fleet import StreamChanged
from controller.fleet.records import (
    AgentRecord,
    AttendanceRecord,
    DeviceRecord,
    EventRecord,
    FaultRecord,
    LessonRecord,
    RollRecord,
)
from controller.fleet.stream import Stream
from protocol.messages import (
    Ending,
    HostMeasures,
    Kit,
    LineMeasures,
    OutboxReport,
    Part,
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
from protocol.upward import SchoolFigures

Row = tuple[object, ...]  # in the order of the table's columns, a log's own number left out

_EMPTY: Final = "[]"
_UNTOLD: Final = LineMeasures()
_to_json: Final = msgspec.json.Encoder().encode
_reasons: Final = msgspec.json.Decoder(tuple[Reason, ...]).decode
_texts: Final = msgspec.json.Decoder(tuple[str, ...]).decode
_measures: Final = msgspec.json.Decoder(HostMeasures).decode
_outbox: Final = msgspec.json.Decoder(OutboxReport).decode
_line: Final = msgspec.json.Decoder(LineMeasures).decode
_kit: Final = msgspec.json.Decoder(Kit).decode
_lines: Final = msgspec.json.Decoder(tuple[RollLine, ...]).decode
_counts: Final = msgspec.json.Decoder(dict[str, dict[AttendanceStatus, int]]).decode
_figures: Final = msgspec.json.Decoder(SchoolFigures).decode
_SCHOOL: Final = tuple(
    each for each in SchoolRecord.__struct_fields__ if each not in {"place", "figures"}
)
_told: Final = msgspec.json.Decoder(DeviceMeasures).decode


def agent_row(record: AgentRecord) -> Row:
    """The record as a row of `agents`."""
    return (
        *_codes(record.place),
        record.room,
        record.version,
        record.boot,
        record.session,
        record.rev,
        record.online,
        record.status.value,
        _json(record.reasons),
        _to_json(record.measures).decode(),
        _to_json(record.outbox).decode(),
        record.missing,
        record.lesson,
        int(record.beat_s * 1000),
        record.roaming,
        "{}" if record.line == _UNTOLD else _to_json(record.line).decode(),
        _json(record.kit),
        record.schema,
        record.plan,
        record.since_ms,
        record.first_seen_ms,
        record.last_seen_ms,
    )


def agent_from(row: Mapping[str, Any]) -> AgentRecord:
    """The record that a row of `agents` holds."""
    return AgentRecord(
        place=_place(row),
        room=row["room"],
        version=row["version"],
        boot=row["boot"],
        session=row["session"],
        rev=row["rev"],
        online=row["online"],
        status=Status(row["status"]),
        reasons=_reasons(row["reasons"]),
        measures=_measures(row["measures"]),
        outbox=_outbox(row["outbox"]),
        missing=row["missing"],
        lesson=row["lesson"],
        beat_s=row["beat_ms"] / 1000,
        roaming=row["roaming"],
        line=_line(row["line"]),
        kit=_kit(row["kit"]),
        schema=row["schema"],
        plan=row["plan"],
        since_ms=row["since_ms"],
        first_seen_ms=row["first_seen_ms"],
        last_seen_ms=row["last_seen_ms"],
    )


def school_row(record: SchoolRecord) -> Row:
    """The record as a row of `schools`."""
    return (
        record.place.province,
        record.place.school,
        record.name,
        record.version,
        record.boot,
        record.session,
        record.rev,
        record.online,
        record.feed,
        record.reached,
        record.newest,
        record.whole,
        _to_json(record.figures).decode() if record.figures else "",
        record.as_of_ms,
        record.first_heard_ms,
        record.heard_ms,
    )


def school_from(row: Mapping[str, Any]) -> SchoolRecord:
    """The record that a row of `schools` holds."""
    plain = {name: row[name] for name in _SCHOOL}
    figures = _figures(row["figures"]) if row["figures"] else None
    return SchoolRecord(place=Place(row["province"], row["school"]), figures=figures, **plain)


def device_row(record: DeviceRecord) -> Row:
    """The record as a row of `devices`."""
    return (
        *_codes(record.place),
        record.device_id,
        record.kind.value,
        record.name,
        record.vendor,
        record.model,
        record.serial,
        record.room,
        record.status.value,
        _json(record.reasons),
        _json(record.sources),
        record.identity and record.identity.value,
        _json(record.aliases),
        record.address,
        record.measures and _to_json(record.measures).decode(),
        record.boot,
        record.rev,
        record.since_ms,
        record.first_seen_ms,
        record.last_seen_ms,
        record.removed_ms,
        record.change,
    )


def device_from(row: Mapping[str, Any]) -> DeviceRecord:
    """The record that a row of `devices` holds."""
    return DeviceRecord(
        place=_place(row),
        device_id=row["device_id"],
        kind=DeviceKind(row["kind"]),
        name=row["name"],
        vendor=row["vendor"],
        model=row["model"],
        serial=row["serial"],
        room=row["room"],
        status=Status(row["status"]),
        reasons=_reasons(row["reasons"]),
        sources=_texts(row["sources"]),
        identity=Identity(row["identity"]) if row["identity"] else None,
        aliases=_texts(row["aliases"]),
        address=row["address"],
        measures=_told(row["measures"]) if row["measures"] else None,
        boot=row["boot"],
        rev=row["rev"],
        since_ms=row["since_ms"],
        first_seen_ms=row["first_seen_ms"],
        last_seen_ms=row["last_seen_ms"],
        removed_ms=row["removed_ms"],
        change=row["change"],
    )


def event_row(record: EventRecord) -> Row:
    """The record as a row of `events`; its place in the log comes with the insert."""
    return (
        *_codes(record.place),
        record.room,
        record.event_id,
        record.kind,
        record.at_ms,
        record.received_ms,
        record.body,
        record.lesson,
        record.day,
    )


def event_from(row: Mapping[str, Any]) -> EventRecord:
    """The record that a row of `events` holds."""
    fields = ("event_id", "kind", "room", "at_ms", "received_ms", "body", "lesson", "day", "no")
    return EventRecord(place=_place(row), **{name: row[name] for name in fields})


def mark_row(record: AttendanceRecord) -> Row:
    """The record as a row of `marks`; its place in the log comes with the insert."""
    return (
        *_codes(record.place),
        record.room,
        record.event_id,
        record.student,
        record.status.value,
        record.method.value,
        record.lesson,
        record.day,
        record.at_ms,
        record.received_ms,
        record.class_code,
        record.actor,
        record.why,
        record.before,
        record.hash,
        record.erased,
    )


def mark_from(row: Mapping[str, Any]) -> AttendanceRecord:
    """The record that a row of `marks` holds."""
    return AttendanceRecord(
        place=_place(row),
        event_id=row["event_id"],
        student=row["student"],
        status=AttendanceStatus(row["status"]),
        method=Method(row["method"]),
        room=row["room"],
        lesson=row["lesson"],
        day=row["day"],
        at_ms=row["at_ms"],
        received_ms=row["received_ms"],
        class_code=row["class_code"],
        actor=row["actor"],
        why=row["why"],
        before=row["before"],
        hash=row["hash"],
        erased=row["erased"],
        no=row["no"],
    )


def roll_row(record: RollRecord) -> Row:
    """The record as a row of `rolls`; its place in the log comes with the insert."""
    return (
        *_codes(record.place),
        record.room,
        record.event_id,
        record.reopened,
        record.lesson,
        record.day,
        _json(record.classes),
        record.period,
        record.subject,
        _json(record.lines),
        record.actor,
        record.before,
        record.hash,
        record.erased,
        record.at_ms,
        record.received_ms,
    )


def roll_from(row: Mapping[str, Any]) -> RollRecord:
    """The record that a row of `rolls` holds."""
    same = ("event_id", "room", "lesson", "day", "period", "subject", "actor", "before", "hash")
    return RollRecord(
        place=_place(row),
        reopened=bool(row["reopened"]),
        classes=_texts(row["classes"]),
        lines=_lines(row["lines"]),
        erased=row["erased"],
        at_ms=row["at_ms"],
        received_ms=row["received_ms"],
        no=row["no"],
        **{name: row[name] for name in same},
    )


def lesson_row(record: LessonRecord) -> Row:
    """The record as a row of `lessons`."""
    return (
        *_codes(record.place),
        record.lesson,
        record.room,
        _json(record.classes),
        record.period,
        record.subject,
        record.substitute,
        record.day,
        record.began_ms,
        record.ended_ms,
        record.how and record.how.value,
        record.confirmed,
        _to_json(record.counts).decode(),
    )


def lesson_from(row: Mapping[str, Any]) -> LessonRecord:
    """The record that a row of `lessons` holds."""
    same = ("lesson", "room", "period", "subject", "day", "began_ms", "ended_ms")
    return LessonRecord(
        place=_place(row),
        classes=_texts(row["classes"]),
        substitute=bool(row["substitute"]),
        how=Ending(row["how"]) if row["how"] else None,
        confirmed=bool(row["confirmed"]),
        counts=_counts(row["counts"]),
        **{name: row[name] for name in same},
    )


def fault_row(record: FaultRecord) -> Row:
    """The record as a row of `faults`; its number comes with the insert."""
    return (
        *_codes(record.place),
        record.event_id,
        record.room,
        record.part.value,
        record.lesson,
        record.at_ms,
        record.received_ms,
        record.done_ms,
    )


def fault_from(row: Mapping[str, Any]) -> FaultRecord:
    """The record that a row of `faults` holds."""
    same = ("event_id", "room", "lesson", "at_ms", "received_ms", "done_ms")
    return FaultRecord(
        place=_place(row), part=Part(row["part"]), **{name: row[name] for name in same}
    )


def stream_row(change: StreamChanged, now_ms: int) -> Row:
    """The stream as a row of `streams`."""
    return (
        *_codes(change.place),
        change.boot,
        change.stream.to_text(),
        now_ms,
    )


def stream_from(row: Mapping[str, Any]) -> StreamChanged:
    """The stream that a row of `streams` holds."""
    return StreamChanged(_place(row), row["boot"], Stream.from_text(row["ranges"]))


def _place(row: Mapping[str, Any]) -> Place:
    return Place(row["province"], row["school"], row["agent"])


def _codes(place: Place) -> tuple[str, str, str]:
    return place.province, place.school, place.agent


def _json(values: Iterable[object]) -> str:
    return _to_json(values).decode() if values else _EMPTY
