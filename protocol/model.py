"""This file holds the nouns that every LopHoc program shares."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Final, Protocol

import msgspec

DEVICE_REASONS = 32
MAX_TEXT = 200  # longer names come from broken or hostile devices
NOWHERE = "-"  # province and school of a computer that nobody has told where it is
NO_ROOM = "?"  # the room of a laptop that does not know yet where it stands

Text = Annotated[str, msgspec.Meta(max_length=MAX_TEXT)]
MAX_CODE: Final = 64  # characters; a longer code comes from no school
# What may name a province, a school, a room or an agent, wherever the name is born: what can be
# seen, for people tell names apart by their looks, and every program's files can hold. Not among
# that: control, direction and joining signs, halves of a pair (what a terminal makes of bytes that
# are no UTF-8), what is private or no character.
_UNSEEN: Final = (
    r"\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\uf8ff"
    r"\ufeff\ufff0-\ufffb\ufffe\uffff\U000e0000-\U0010ffff"
)
_NAME: Final = rf"(?!\s)[^{_UNSEEN}]{{1,{MAX_CODE}}}(?<!\s)"
NAME_RULE = rf"^{_NAME}\Z"
NAME_OR_NONE_RULE = rf"^(?:{_NAME})?\Z"
_is_name: Final = re.compile(NAME_RULE).match


def is_name(text: str) -> bool:
    """Whether this may name a province, a school, a room or an agent."""
    return bool(_is_name(text)) and text.isprintable() and text not in {NOWHERE, NO_ROOM}


Code = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
RoomCode = Annotated[str, msgspec.Meta(max_length=64)]
# Any zone's date of such a time, and of a year more, can be shown by every program and paper.
FIRST_YEAR, END_YEAR = 1900, 3000
END_MS = 32_503_680_000_000  # 3000-01-01
FIRST_MS = 1_767_225_600_000  # 2026-01-01: no LopHoc ran before
Millis = Annotated[int, msgspec.Meta(ge=0, lt=END_MS)]


class Status(StrEnum):
    """A judged value. Unknown is a status of its own, never a silent ok."""

    UNKNOWN = "unknown"
    OK = "ok"
    WARNING = "warning"
    CRITICAL = "critical"


# From calm to urgent: a room is as urgent as its most urgent part.
_URGENCY = {Status.OK: 0, Status.UNKNOWN: 1, Status.WARNING: 2, Status.CRITICAL: 3}


def worst(statuses: list[Status]) -> Status:
    """The most urgent of the statuses; unknown when there is none to judge by."""
    return max(statuses, key=_URGENCY.__getitem__, default=Status.UNKNOWN)


class DeviceKind(StrEnum):
    """What a device is to a classroom."""

    HOST = "host"
    BOARD = "board"
    PROJECTOR = "projector"
    CAMERA = "camera"
    TABLET = "tablet"
    PRINTER = "printer"
    NETWORK = "network"
    INPUT = "input"
    AUDIO = "audio"
    STORAGE = "storage"
    UPS = "ups"
    OTHER = "other"


class Identity(StrEnum):
    """What a device is known by: the strongest thing that it, or we, can tell of it.

    usb: a serial that may be trusted. port: the socket it is plugged into. mac: an address that
    the device itself told. uuid: an id or serial that it told over the network. token: a name we
    gave it. host: no more than the names it announces.
    """

    USB = "usb"
    PORT = "port"
    MAC = "mac"
    UUID = "uuid"
    TOKEN = "token"  # noqa: S105 - a kind of identity, not a secret
    HOST = "host"


class AttendanceStatus(StrEnum):
    """A pupil's mark in the roll: there, away with or without leave, late, or left early."""

    PRESENT = "present"
    ABSENT_EXCUSED = "absent_excused"
    ABSENT_UNEXCUSED = "absent_unexcused"
    LATE = "late"
    LEFT_EARLY = "left_early"


class Method(StrEnum):
    """How a mark came about: a tap, a tablet, a card, the door's card; or nobody touched it."""

    MANUAL = "manual"
    TABLET = "tablet"
    CARD = "card"
    DOOR = "door"
    DEFAULT = "default"


class Place(msgspec.Struct, frozen=True, order=True):
    """Whose data this is: a province, a school in it, an agent in that; empty means all of them.

    Codes are opaque text: leading zeros and letter case survive.
    """

    province: str = ""
    school: str = ""
    agent: str = ""

    def of_agent(self, agent: str) -> Place:
        """The same school, narrowed to one agent."""
        return Place(self.province, self.school, agent)


class Reason(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a status is what it is: a code, the value that was seen, the limit it broke."""

    code: Code
    value: float | Text | None = None
    limit: float | None = None


class DeviceMeasures(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a projector, board or camera told of itself; None where it told nothing.

    power: off, on, cooling, warming or unknown. lamp_hours: of its oldest lamp.
    picture: how a camera's picture was judged, such as ok or blurred.
    """

    power: Code | None = None
    input: Text | None = None
    lamp_hours: Annotated[int, msgspec.Meta(ge=0, lt=1 << 53)] | None = None
    filter_hours: Annotated[int, msgspec.Meta(ge=0, lt=1 << 53)] | None = None
    picture: Code | None = None


class Device(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A thing known to be in a room, as its agent sees it.

    aliases: other ids under which it was known before; it is one device with them.
    room: the room that owns it; empty: that of its agent. address: where it answers, if by network.
    """

    device_id: Code
    kind: DeviceKind
    name: Text = ""
    vendor: Text = ""
    model: Text = ""
    serial: Text = ""
    status: Status = Status.UNKNOWN
    reasons: Annotated[tuple[Reason, ...], msgspec.Meta(max_length=DEVICE_REASONS)] = ()
    sources: Annotated[tuple[Code, ...], msgspec.Meta(max_length=16)] = ()
    identity: Identity | None = None
    aliases: Annotated[tuple[Code, ...], msgspec.Meta(max_length=8)] = ()
    room: RoomCode = ""
    address: Text = ""
    measures: DeviceMeasures | None = None
    first_seen_ms: Millis
    last_seen_ms: Millis


# Among a device's sources: by whose word it is the room's own.
PERSON: Final = "person"  # somebody in the room
SCHOOL: Final = "school"  # the school: a line of its book is this device


class Described(Protocol):
    """What an agent, or a controller, knows of a device."""

    @property
    def kind(self) -> DeviceKind:
        """What it is."""

    @property
    def serial(self) -> str:
        """As the device tells it."""

    @property
    def identity(self) -> Identity | None:
        """What it is known by."""

    @property
    def sources(self) -> Sequence[str]:
        """Who speaks of it."""


def is_equipment(device: Described) -> bool:
    """Whether it is the room's own; else it is a presence, such as a pupil's phone that checked in.

    A tablet is known for sure by a cable or a serial; a cookie, an address or a name may be
    anybody's, until a person in the room or the school says so.
    """
    is_known = bool(device.serial) or device.identity is Identity.USB
    is_confirmed = PERSON in device.sources or SCHOOL in device.sources
    return device.kind is not DeviceKind.TABLET or is_known or is_confirmed


def day_from(text: str) -> date:
    """The day written yyyy-mm-dd, of the years 1900 to 2999. Raises ValueError."""
    day = date.fromisoformat(text)
    if day.isoformat() != text or not FIRST_YEAR <= day.year < END_YEAR:
        raise ValueError("write a day of our time as yyyy-mm-dd")
    return day


def millis(at: datetime) -> int:
    """The instant as milliseconds since 1970, UTC."""
    return int(at.timestamp() * 1000)


def instant(at_ms: int) -> datetime:
    """The milliseconds as an aware UTC instant."""
    return datetime.fromtimestamp(at_ms / 1000, UTC)


def iso(at_ms: int) -> str:
    """The milliseconds as RFC 3339 text in UTC, such as 2026-09-05T00:10:00.000Z."""
    return instant(at_ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def iso_or_none(at_ms: int | None) -> str | None:
    """The same; None where there is no such moment."""
    return None if at_ms is None else iso(at_ms)
