"""This file turns records into database rows and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from controller.fleet import StreamChanged
from controller.records import AgentRecord, AttendanceRecord, DeviceRecord, EventRecord
from controller.stream import Stream
from protocol.messages import HostMeasures, OutboxReport
from protocol.model import AttendanceStatus, DeviceKind, Method, Place, Reason, Status

Row = dict[str, Any]

_EMPTY: Final = "[]"
_to_json: Final = msgspec.json.Encoder().encode
_reasons: Final = msgspec.json.Decoder(tuple[Reason, ...]).decode
_sources: Final = msgspec.json.Decoder(tuple[str, ...]).decode
_measures: Final = msgspec.json.Decoder(HostMeasures).decode
_outbox: Final = msgspec.json.Decoder(OutboxReport).decode


def agent_row(record: AgentRecord) -> Row:
    """The record as a row of `agents`."""
    return {
        **_place_row(record.place),
        "room": record.room,
        "version": record.version,
        "boot": record.boot,
        "session": record.session,
        "rev": record.rev,
        "online": record.online,
        "status": record.status.value,
        "reasons": _json(record.reasons),
        "measures": _to_json(record.measures).decode(),
        "outbox": _to_json(record.outbox).decode(),
        "missing": record.missing,
        "lesson": record.lesson,
        "beat_ms": int(record.beat_s * 1000),
        "since_ms": record.since_ms,
        "first_seen_ms": record.first_seen_ms,
        "last_seen_ms": record.last_seen_ms,
    }


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
        since_ms=row["since_ms"],
        first_seen_ms=row["first_seen_ms"],
        last_seen_ms=row["last_seen_ms"],
    )


def device_row(record: DeviceRecord) -> Row:
    """The record as a row of `devices`."""
    return {
        **_place_row(record.place),
        "device_id": record.device_id,
        "kind": record.kind.value,
        "name": record.name,
        "vendor": record.vendor,
        "model": record.model,
        "serial": record.serial,
        "room": record.room,
        "status": record.status.value,
        "reasons": _json(record.reasons),
        "sources": _json(record.sources),
        "boot": record.boot,
        "rev": record.rev,
        "since_ms": record.since_ms,
        "first_seen_ms": record.first_seen_ms,
        "last_seen_ms": record.last_seen_ms,
        "removed_ms": record.removed_ms,
        "change": record.change,
    }


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
        sources=_sources(row["sources"]),
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
    return {
        **_place_row(record.place),
        "room": record.room,
        "event_id": record.event_id,
        "kind": record.kind,
        "at_ms": record.at_ms,
        "received_ms": record.received_ms,
        "body": record.body,
    }


def event_from(row: Mapping[str, Any]) -> EventRecord:
    """The record that a row of `events` holds."""
    fields = ("event_id", "kind", "room", "at_ms", "received_ms", "body", "no")
    return EventRecord(place=_place(row), **{name: row[name] for name in fields})


def mark_row(record: AttendanceRecord) -> Row:
    """The record as a row of `marks`; its place in the log comes with the insert."""
    return {
        **_place_row(record.place),
        "room": record.room,
        "event_id": record.event_id,
        "student": record.student,
        "status": record.status.value,
        "method": record.method.value,
        "lesson": record.lesson,
        "day": record.day,
        "at_ms": record.at_ms,
        "received_ms": record.received_ms,
    }


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
        no=row["no"],
    )


def stream_row(change: StreamChanged, now_ms: int) -> Row:
    """The stream as a row of `streams`."""
    return {
        **_place_row(change.place),
        "boot": change.boot,
        "ranges": change.stream.to_text(),
        "heard_ms": now_ms,
    }


def stream_from(row: Mapping[str, Any]) -> StreamChanged:
    """The stream that a row of `streams` holds."""
    return StreamChanged(_place(row), row["boot"], Stream.from_text(row["ranges"]))


def _place(row: Mapping[str, Any]) -> Place:
    return Place(row["province"], row["school"], row["agent"])


def _place_row(place: Place) -> Row:
    return {"province": place.province, "school": place.school, "agent": place.agent}


def _json(values: Iterable[object]) -> str:
    return _to_json(values).decode() if values else _EMPTY
