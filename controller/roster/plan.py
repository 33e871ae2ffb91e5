"""This file cuts a room's plan out of the school's; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Final

import msgspec

from controller.sheets.names import class_key, room_key, spelling
from protocol.messages import MAX_BYTES
from protocol.model import AttendanceStatus
from protocol.plan import (
    DEFAULT_GRACE_MIN,
    MAX_LISTS,
    Bell,
    Booking,
    ClassList,
    DoorCard,
    Holiday,
    Plan,
    Pupil,
    Term,
)

MAX_BELLS: Final = 200
MAX_TERMS: Final = 20
MAX_HOLIDAYS: Final = 200
MAX_BOOKINGS: Final = 400
MAX_CLASSES: Final = 400
MAX_REVOKED: Final = 1000
ROOM_FOR_ENVELOPE: Final = 2048  # what a message holds beside its plan

_encode: Final = msgspec.json.Encoder().encode


class SchoolClass(msgspec.Struct, frozen=True, kw_only=True):
    """A class: its code, the room where it learns (empty: unknown), its pupils by number."""

    code: str
    room: str = ""
    pupils: tuple[Pupil, ...] = ()


class SchedulePart(StrEnum):
    """What a schedule consists of, and what of it holds for days; named as in SchoolPlan."""

    BELLS = "bells"
    TERMS = "terms"
    HOLIDAYS = "holidays"
    TIMETABLE = "timetable"


class PastPart(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a schedule as it was before. until: the local minute from which on it held no more.

    lines: as JSON, read when a day asks for them.
    """

    part: SchedulePart
    until: str
    lines: str


class SchoolPlan(msgspec.Struct, frozen=True, kw_only=True):
    """All that a school plans, as its controller keeps it.

    version: grows with every change. past: parts of the schedule that were others before, by until;
    the first of them stands for all time before. door_cards: those that open, as rooms know them.
    door_keys, revoked (serials, newest first): as long as rooms still get the keys.
    """

    version: int = 0
    classes: tuple[SchoolClass, ...] = ()
    bells: tuple[Bell, ...] = ()
    terms: tuple[Term, ...] = ()
    holidays: tuple[Holiday, ...] = ()
    timetable: tuple[Booking, ...] = ()
    letters: Mapping[AttendanceStatus, str] = {}
    grace_min: int = DEFAULT_GRACE_MIN
    door_keys: Mapping[str, str] = {}
    door_cards: tuple[DoorCard, ...] = ()
    revoked: tuple[str, ...] = ()
    past: tuple[PastPart, ...] = ()

    def __repr__(self) -> str:
        """No name and no key stands in a log."""
        return f"SchoolPlan(version {self.version}, {len(self.classes)} classes)"


class Lists(msgspec.Struct, frozen=True, kw_only=True):
    """Class lists to keep. whole_school: classes that are not among them are gone."""

    classes: tuple[SchoolClass, ...]
    whole_school: bool = False


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """Parts of a schedule to keep; None leaves a part as it is."""

    bells: tuple[Bell, ...] | None = None
    terms: tuple[Term, ...] | None = None
    holidays: tuple[Holiday, ...] | None = None
    timetable: tuple[Booking, ...] | None = None
    letters: Mapping[AttendanceStatus, str] | None = None
    grace_min: int | None = None


def plan_for(room: str, school: SchoolPlan, extra_classes: Iterable[str] = ()) -> Plan:
    """What one room needs: equal in, equal out, and never too long for a message.

    extra_classes: those of a lesson that runs there now. Lists are kept in this order: of the
    running lesson, of the timetable, of the home room; what no message can hold is left out.
    """
    key, own = room_key(room), class_spelling(school.classes)
    timetable = _timetable(room, school)
    by_code = {school_class.code: school_class for school_class in school.classes}
    codes = _wanted(key, timetable, school, map(own, extra_classes))
    plan = Plan(
        bells=school.bells[:MAX_BELLS],
        terms=school.terms[:MAX_TERMS],
        holidays=school.holidays[:MAX_HOLIDAYS],
        timetable=timetable,
        classes=tuple(by_code)[:MAX_CLASSES],
        letters=school.letters,
        grace_min=school.grace_min,
        door_keys=school.door_keys,
        revoked=school.revoked[:MAX_REVOKED],
    )
    return _filled(plan, [by_code[code] for code in codes if code in by_code], school.door_cards)


def classes_in(room: str, school: SchoolPlan) -> frozenset[str]:
    """The classes whose lists are a room's own: of its timetable, and those at home there."""
    return frozenset(_wanted(room_key(room), _timetable(room, school), school, ()))


def class_spelling(classes: Iterable[SchoolClass]) -> Callable[[str], str]:
    """Answers a class's code as these write it: a timetable's "10 a1" is the list's 10A1."""
    return spelling((school_class.code for school_class in classes), class_key)


def _timetable(room: str, school: SchoolPlan) -> tuple[Booking, ...]:
    """The room's part of the timetable, in the writing of the room and of the class lists."""
    key, own = room_key(room), class_spelling(school.classes)
    return tuple(
        msgspec.structs.replace(
            booking, room=room, classes=tuple(dict.fromkeys(map(own, booking.classes)))
        )
        for booking in school.timetable
        if key and room_key(booking.room) == key
    )[:MAX_BOOKINGS]


def _wanted(
    key: str, timetable: tuple[Booking, ...], school: SchoolPlan, extra: Iterable[str]
) -> Iterator[str]:
    """The classes whose lists the room needs, each once, the most needed first."""
    booked = (code for booking in timetable for code in booking.classes)
    home = (
        school_class.code
        for school_class in school.classes
        if key and room_key(school_class.room) == key
    )
    return iter(dict.fromkeys([*extra, *booked, *home]))


def _by_pupil(cards: Iterable[DoorCard]) -> dict[str, list[DoorCard]]:
    cards_of: dict[str, list[DoorCard]] = {}
    for card in cards:
        cards_of.setdefault(card.student, []).append(card)
    return cards_of


def _filled(plan: Plan, classes: list[SchoolClass], cards: tuple[DoorCard, ...]) -> Plan:
    """The plan with as many lists, and their pupils' door cards, as a message can hold."""
    cards_of = _by_pupil(cards)
    lists: list[ClassList] = []
    by_serial: dict[str, DoorCard] = {}
    left = MAX_BYTES - ROOM_FOR_ENVELOPE - len(_encode(plan))
    for school_class in classes[:MAX_LISTS]:
        one = ClassList(code=school_class.code, pupils=school_class.pupils)
        fresh = {
            card.serial: card
            for pupil in school_class.pupils
            for card in cards_of.get(pupil.student, ())
        }
        left -= len(_encode(one)) + 1 + sum(len(_encode(card)) + 1 for card in fresh.values())
        if left < 0:
            break
        lists.append(one)
        by_serial |= fresh
    return msgspec.structs.replace(
        plan,
        lists=tuple(lists),
        door_cards=tuple(by_serial[serial] for serial in sorted(by_serial)),
    )
