"""This file makes a schedule of what rows tell: periods through the day, rooms of classes; pure.

A bell's or a lesson's period in the afternoon may be counted anew there; it is kept as counted on
through the day, which for lessons the bells tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from controller.schedule.findings import Days, Findings, Known, Mark, RawBell, RawBooking, Spot
from controller.schedule.lists import GRACE
from controller.schedule.weekdays import LAST_PERIOD, Session
from controller.sheets.names import class_key, room_code
from protocol.model import AttendanceStatus
from protocol.plan import Bell, Booking, Holiday, Term
from protocol.words import N_

_NOON: Final = "12:00"
_JOINED: Final = N_(
    "Lessons in one room at one time were taken for one lesson of several classes: {value}."
)
_HOMES: Final = N_("Lessons without a room were put into the room of their class: {value}.")
_COUNTED: Final = N_("Periods of the afternoon were counted on through the day: {value}.")
_SHOWN: Final = 12


def bells_of(raw: Sequence[RawBell], findings: Findings) -> list[tuple[Spot, Bell]]:
    """The bells, the afternoon's counted on behind the morning's."""
    morning = [no for bell in raw if bell.session is not Session.AFTERNOON for no in bell.numbers]
    later = [no for bell in raw if bell.session is Session.AFTERNOON for no in bell.numbers]
    is_anew = bool(later) and min(later) <= max(morning, default=0)
    is_alone = bool(later) and not morning and min(later) == 1
    bells: list[tuple[Spot, Bell]] = []
    counted: dict[str, Spot] = {}
    for each in raw:
        is_later = each.session is Session.AFTERNOON
        number = each.numbers[0] + (max(morning) if is_later and is_anew else 0)
        if len(each.numbers) > 1 or number > LAST_PERIOD:
            findings.refuse("period_unknown", each.spot, ", ".join(map(str, each.numbers)))
        elif is_later and is_alone:
            findings.refuse("period_unnumbered", each.spot, str(number))
        else:
            bell = Bell(period=number, begins=each.begins, ends=each.ends, weekdays=each.weekdays)
            bells.append((each.spot, bell))
            if number != each.numbers[0]:
                counted.setdefault(f"{each.numbers[0]} → {number}", each.spot)
    _tell_first("periods_counted_on", _COUNTED, counted, findings)
    return bells


def bookings_of(
    raw: Sequence[RawBooking], bells: Sequence[Bell], known: Known, findings: Findings
) -> list[tuple[Spot, Booking]]:
    """The lessons, each in one period of one room. bells: those that will hold."""
    counting = _Counting(raw, bells)
    homes = _Homes(known, findings)
    counted: dict[str, Spot] = {}
    lines: list[tuple[Spot, Booking]] = []
    for each in raw:
        room = homes.room_of(each)
        for number in each.numbers if room else ():
            period = counting.period(each, number)
            if period is None:
                findings.refuse("period_unnumbered", each.spot, str(number))
            else:
                lines.append((each.spot, _booking(each, period, room)))
                if period != number:
                    counted.setdefault(f"{number} → {period}", each.spot)
    homes.tell()
    _tell_first("periods_counted_on", _COUNTED, counted, findings)
    return _joined(lines, findings)


def _booking(raw: RawBooking, period: int, room: str) -> Booking:
    return Booking(
        weekday=raw.weekday,
        period=period,
        room=room,
        classes=raw.classes,
        subject=raw.subject,
        teacher=raw.teacher,
        weeks=raw.weeks,
    )


class _Counting:
    """How the periods of afternoons are counted: anew in each sheet that has a low one there."""

    def __init__(self, raw: Iterable[RawBooking], bells: Sequence[Bell]) -> None:
        later = [bell for bell in bells if bell.begins >= _NOON]
        self._later: dict[int, list[int]] = {
            day: sorted({bell.period for bell in later if day in bell.weekdays})
            for day in range(1, 8)
        }
        self._lowest: dict[tuple[str, str], int] = {}
        for each in raw:
            if each.session is Session.AFTERNOON:
                sheet = each.spot[:2]
                lowest = min(each.numbers)
                self._lowest[sheet] = min(lowest, self._lowest.get(sheet, lowest))
        self._first = min((numbers[0] for numbers in self._later.values() if numbers), default=None)

    def period(self, raw: RawBooking, number: int) -> int | None:
        """The period as counted through the day; None where the bells do not tell."""
        if raw.session is not Session.AFTERNOON:
            return number
        first = self._first
        if first is None:
            return number if self._lowest[raw.spot[:2]] > _MOST_IN_MORNING else None
        if self._lowest[raw.spot[:2]] >= first:
            return number
        later = self._later[raw.weekday]
        return later[number - 1] if 1 <= number <= len(later) else None


_MOST_IN_MORNING: Final = 5


class _Homes:
    """The rooms where classes learn, for lessons that tell no room."""

    def __init__(self, known: Known, findings: Findings) -> None:
        self._known = known
        self._findings = findings
        self._used: dict[str, Spot] = {}

    def room_of(self, raw: RawBooking) -> str:
        """The lesson's room; empty where none is known, which is noted."""
        if raw.room:
            return raw.room
        homes = {self._known.homes.get(class_key(code), "") for code in raw.classes}
        if len(homes) > 1 or not (room := homes.pop()):
            self._findings.refuse(
                "room_of_classes" if len(homes) > 1 else "room_missing",
                raw.spot,
                ", ".join(raw.classes),
            )
            return ""
        self._used.setdefault(f"{raw.classes[0]}: {room}", raw.spot)
        return room

    def tell(self) -> None:
        """Say which classes' rooms were taken."""
        _tell_first("rooms_of_classes", _HOMES, self._used, self._findings)


def _joined(
    lines: Sequence[tuple[Spot, Booking]], findings: Findings
) -> list[tuple[Spot, Booking]]:
    """The lessons, with those of one row, room, subject and teacher as one of several classes."""
    by_key: dict[tuple[object, ...], tuple[Spot, Booking]] = {}
    joint: dict[str, Spot] = {}
    for spot, booking in lines:
        key = (
            *spot[:3], booking.weekday, booking.period, room_code(booking.room), booking.subject,
            booking.teacher, booking.weeks,
        )  # fmt: skip
        first = by_key.get(key)
        if first is None:
            by_key[key] = (spot, booking)
            continue
        classes = tuple(dict.fromkeys((*first[1].classes, *booking.classes)))
        by_key[key] = (first[0], replace(first[1], classes=classes))
        if classes != first[1].classes:
            joint[f"{booking.room}: {', '.join(classes)}"] = spot
    _tell_first("lessons_joined", _JOINED, joint, findings)
    return [*by_key.values()]


def _tell_first(code: str, message: str, spots: Mapping[str, Spot], findings: Findings) -> None:
    """Tell at the first place what was done at all of them."""
    if spots:
        findings.tell(code, next(iter(spots.values())), message, some([*spots]))


def some(values: Sequence[str]) -> str:
    """The first of them, as a sentence may name them."""
    return ", ".join(values[:_SHOWN]) + (", …" if len(values) > _SHOWN else "")


def terms_of(raw: Iterable[Days]) -> list[tuple[Spot, Term]]:
    """The terms."""
    return [(each.spot, Term(name=each.name, begins=each.begins, ends=each.ends)) for each in raw]


def holidays_of(raw: Iterable[Days]) -> list[tuple[Spot, Holiday]]:
    """The holidays."""
    return [
        (each.spot, Holiday(name=each.name, begins=each.begins, ends=each.ends)) for each in raw
    ]


def letters_of(raw: Iterable[Mark]) -> tuple[dict[AttendanceStatus, str], int | None]:
    """How each status is written, and the minutes after the bell, if they are told."""
    marks = {each.status: each.letter for each in raw}
    grace = marks.pop(GRACE, None)
    letters = {AttendanceStatus(status): letter for status, letter in marks.items()}
    return letters, None if grace is None else int(grace)
