"""This file holds what a school plans: bells, terms, timetable, class lists, marks, door cards.

The school's controller sends each agent the part that its room needs; the agent keeps it, so
that a lesson needs no line. It names children and holds keys: it stays in the school.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Final

import msgspec
from msgspec.structs import replace

from protocol.markers import LAST
from protocol.model import AttendanceStatus, Code, Text, day_from

DEFAULT_GRACE_MIN: Final = 10
MAX_LISTS: Final = 64  # a room has some ten classes a week
MAX_PUPILS: Final = LAST  # of one class: each has a card; the longest known has some sixty

Number = Annotated[int, msgspec.Meta(ge=1, le=MAX_PUPILS)]
Clock = Annotated[str, msgspec.Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Date = Annotated[str, msgspec.Meta(pattern=r"^(19|2[0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}$")]
Weekday = Annotated[int, msgspec.Meta(ge=1, le=7)]
Period = Annotated[int, msgspec.Meta(ge=0, le=20)]
Hex = Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{2})*$", max_length=128)]


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a plan."""


class Bell(_Part, frozen=True, kw_only=True):
    """When a period begins and ends, by the clock on the wall; weekdays as in ISO 8601."""

    period: Period
    begins: Clock
    ends: Clock
    weekdays: tuple[Weekday, ...] = (1, 2, 3, 4, 5, 6)


class _Days(_Part, frozen=True, kw_only=True):
    """Days with a name; the first and the last belong to them."""

    name: Text
    begins: Date
    ends: Date

    def __post_init__(self) -> None:
        """Refuse a day that no calendar has."""
        for day in (self.begins, self.ends):
            day_from(day)


class Term(_Days, frozen=True, kw_only=True):
    """A part of the school year; both days belong to it."""


class Holiday(_Days, frozen=True, kw_only=True):
    """Days without lessons; both belong to it."""


class Booking(_Part, frozen=True, kw_only=True):
    """One line of the timetable: who learns what in the room, in which period of the week.

    weeks: every, odd or even school weeks, counted from the first term's first Monday as 1.
    """

    weekday: Weekday
    period: Period
    room: Code
    classes: Annotated[tuple[Code, ...], msgspec.Meta(min_length=1, max_length=8)]
    subject: Text = ""
    teacher: Text = ""
    weeks: Annotated[str, msgspec.Meta(pattern="^(every|odd|even)$")] = "every"


class Pupil(_Part, frozen=True, kw_only=True):
    """A pupil of a class: the number in its book, the ministry's id, the name if wanted."""

    number: Number
    student: Code
    name: Text = ""


class ClassList(_Part, frozen=True, kw_only=True):
    """A class and its pupils, in the book's order."""

    code: Code
    pupils: Annotated[tuple[Pupil, ...], msgspec.Meta(max_length=MAX_PUPILS)]


class DoorCard(_Part, frozen=True, kw_only=True):
    """Whose door card it is.

    serial: its fingerprint (protocol.doorcode); its serial where the plan has keys.
    """

    serial: Hex
    student: Code


class Plan(_Part, frozen=True, kw_only=True):
    """What one room needs of its school's plan; empty where the school has given nothing.

    classes: every class of the school, by code alone. lists: the classes that learn in the room.
    letters: how the school writes each mark. door_cards: of these lists. door_keys, revoked: by key
    version, in hex, and serials; empty but for rooms that may run a program of before.
    grace_min: how long after the bell a forgotten lesson still runs.
    """

    bells: Annotated[tuple[Bell, ...], msgspec.Meta(max_length=200)] = ()
    terms: Annotated[tuple[Term, ...], msgspec.Meta(max_length=20)] = ()
    holidays: Annotated[tuple[Holiday, ...], msgspec.Meta(max_length=200)] = ()
    timetable: Annotated[tuple[Booking, ...], msgspec.Meta(max_length=400)] = ()
    classes: Annotated[tuple[Code, ...], msgspec.Meta(max_length=400)] = ()
    lists: Annotated[tuple[ClassList, ...], msgspec.Meta(max_length=MAX_LISTS)] = ()
    letters: Mapping[AttendanceStatus, Text] = {}
    grace_min: Annotated[int, msgspec.Meta(ge=0, le=240)] = DEFAULT_GRACE_MIN
    door_keys: Mapping[str, Hex] = {}
    door_cards: Annotated[tuple[DoorCard, ...], msgspec.Meta(max_length=4000)] = ()
    revoked: Annotated[tuple[Hex, ...], msgspec.Meta(max_length=4000)] = ()

    def without_pupil(self, is_pupil: Callable[[str], bool]) -> Plan:
        """The plan without one pupil and their door cards."""
        lists = (
            replace(each, pupils=tuple(one for one in each.pupils if not is_pupil(one.student)))
            for each in self.lists
        )
        cards = (card for card in self.door_cards if not is_pupil(card.student))
        return replace(self, lists=tuple(lists), door_cards=tuple(cards))

    def __repr__(self) -> str:
        """No name and no key stands in a log."""
        return f"Plan({len(self.lists)} lists, {len(self.timetable)} bookings)"

    def list_of(self, code: str) -> ClassList | None:
        """The list of a class, if this room has it."""
        return next((class_list for class_list in self.lists if class_list.code == code), None)


_canonical = msgspec.json.Encoder(order="deterministic")


def digest_of(plan: Plan) -> str:
    """A plan's fingerprint (SHA-256, 32 hex digits): equal plans have equal ones."""
    import hashlib  # noqa: PLC0415 - brings OpenSSL, whose megabytes the teacher's window spares

    return hashlib.sha256(_canonical.encode(plan)).hexdigest()[:32]
