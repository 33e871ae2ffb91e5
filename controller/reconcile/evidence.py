"""This file holds what was seen of equipment: by agents, and by persons who scanned a label."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from controller.fleet.bearers import bearers_of
from controller.fleet.records import DeviceRecord
from controller.register.vocabulary import TYPE_OF_KIND, condition_of, type_of
from controller.sheets.cells import bounded_bytes
from controller.sheets.errors import SheetError
from controller.sheets.names import room_of, serial_key, tag_key
from controller.sheets.text import text_of
from protocol.model import SCHOOL, DeviceKind, is_equipment, millis
from protocol.shapes import from_json
from protocol.unreadable import UNREADABLE
from protocol.words import N_

MAX_OBSERVATIONS: Final = 200_000


class SeenBy(StrEnum):
    """Who saw it."""

    AGENT = "agent"
    PERSON_SCAN = "person_scan"


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """An item that was seen at a time in a room (empty: its room says nothing of where it belongs).

    device: the agent's id of it, name: what it is called there; aliases: other ids of it. line: the
    line's number, where a person named the line itself.
    anonymous: nothing tells it from a visitor's own, so that only a line of the book may claim it.
    """

    at_ms: int
    by: SeenBy
    room: str = ""
    serial: str = ""
    asset_tag: str = ""
    type: str = ""
    condition: str = ""
    device: str = ""
    name: str = ""
    aliases: tuple[str, ...] = ()
    line: int | None = None
    anonymous: bool = False

    @property
    def key(self) -> str:
        """What it is known by, for decisions: its serial, else its tag, else the agent's id."""
        for kind, value in (
            ("serial", serial_key(self.serial)),
            ("tag", tag_key(self.asset_tag)),
            ("device", self.device),
        ):
            if value:
                return f"{kind}:{value}"
        return ""

    @property
    def keys(self) -> tuple[str, ...]:
        """All that a decision may have called it, the strongest first: it told less before."""
        ids = (f"device:{name}" for name in (self.device, *self.aliases) if name)
        return tuple(dict.fromkeys((self.key, *ids)))


def device_named(key: str) -> str:
    """The agent's id in an Observation.key; empty where it is known by something else."""
    kind, _, value = key.partition(":")
    return value if kind == "device" else ""


class _ObservationRow(msgspec.Struct, frozen=True):
    """An observation as a file tells it."""

    at: str
    by: SeenBy
    room: str | int | None = None
    serial: str | int | None = None
    asset_tag: str | int | None = None
    type: str | None = None
    condition: str | None = None


def observations_in(path: Path, zone: tzinfo) -> tuple[Observation, ...]:
    """The observations of a JSON file. zone: of times without an offset. Raises SheetError."""
    raw = bounded_bytes(path)
    try:
        records = from_json(raw.removeprefix(b"\xef\xbb\xbf"), list[_ObservationRow])
        if len(records) > MAX_OBSERVATIONS:
            raise ValueError(len(records))
        return tuple(_observation(record, zone) for record in records)
    except (*UNREADABLE, ValueError, OverflowError) as error:
        raise SheetError(
            "observations_invalid",
            N_("The file {file} holds no observations: {cause}."),
            file=path.name,
            cause=error,
        ) from error


def _observation(record: _ObservationRow, zone: tzinfo) -> Observation:
    condition = condition_of(_text(record.condition))
    return Observation(
        at_ms=millis(moment_in(record.at, zone)),
        by=record.by,
        room=room_of(_text(record.room)),
        serial=_text(record.serial),
        asset_tag=_text(record.asset_tag),
        type=type_of(_text(record.type)),
        condition=condition.value if condition else "",
    )


def _text(value: Any) -> str:
    return "" if value is None else text_of(str(value))


def moment_in(text: str, zone: tzinfo) -> datetime:
    """A time of ISO 8601; of a day its last moment. Raises ValueError."""
    at = datetime.fromisoformat(text)
    if len(text) == len("2026-11-02"):
        at += timedelta(days=1) - timedelta(milliseconds=1)
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)


def observations_of(
    devices: Iterable[DeviceRecord], roaming: frozenset[str] = frozenset()
) -> tuple[Observation, ...]:
    """What the agents see now, or saw last. roaming: agents that go from room to room."""
    told = [*devices]
    bearers = bearers_of(told)
    return tuple(
        Observation(
            at_ms=device.last_seen_ms,
            by=SeenBy.AGENT,
            room="" if _roams(device, roaming) else room_of(device.room),
            serial=text_of(device.serial),
            type=TYPE_OF_KIND[device.kind],
            device=device.device_id,
            name=device.called,
            aliases=tuple(one for one in device.aliases if bearers.get(one) == device.device_id),
            anonymous=not is_equipment(_as_seen(device)),
        )
        for device in told
        if device.kind in TYPE_OF_KIND and device.last_seen_ms
    )


def arrived(observations: Iterable[Observation], now_ms: int) -> Iterator[Observation]:
    """The observations, what is dated later than now as of now: it is here, so it was seen."""
    for observation in observations:
        at_ms = min(observation.at_ms, now_ms)
        yield observation if at_ms == observation.at_ms else replace(observation, at_ms=at_ms)


def _as_seen(device: DeviceRecord) -> DeviceRecord:
    """The device without the word of the book, which is held against it."""
    if SCHOOL not in device.sources:
        return device
    return replace(device, sources=tuple(one for one in device.sources if one != SCHOOL))


def _roams(device: DeviceRecord, roaming: frozenset[str]) -> bool:
    return device.kind is DeviceKind.HOST and device.place.agent in roaming
