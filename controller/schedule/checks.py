"""This file finds what contradicts itself in a schedule, row by row; pure.

Refused: a room, a bell or a day with two meanings. Told: what a school may mean, such as a class
that learns in two rooms in groups, a class without a list, a period without a bell.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final, TypeVar

from controller.schedule.faults import MESSAGES
from controller.schedule.findings import Findings, Known, Mark, Spot, notice_at
from controller.schedule.settling import some
from controller.sheets.names import class_key, natural, room_code
from protocol.plan import Bell, Booking, Holiday, Term
from protocol.words import N_

Line = TypeVar("Line")
Lines = Sequence[tuple[Spot, Line]]
MAX_BELLS: Final = 200
MAX_TERMS: Final = 20
MAX_HOLIDAYS: Final = 200
_TOO_MANY: Final = N_("These are more than {value}: no room would hear of the rest.")
_NO_LIST: Final = N_("No class list is known for these classes: {value}.")
_NO_BELL: Final = N_("These periods have no bell: {value}.")


def check_bells(lines: Lines[Bell], findings: Findings) -> None:
    """Refuse a period with two times on one day, and times that overlap."""
    _check_number(lines, MAX_BELLS, findings)
    days = [[line for line in lines if day in line[1].weekdays] for day in range(1, 8)]
    meetings = [meeting for today in days for meeting in (*_twice(today), *_overlapping(today))]
    for meeting in dict.fromkeys(meetings):  # each once, though it is so on several days
        _refuse(*meeting, findings)


def _twice(today: Lines[Bell]) -> Iterator[tuple[str, Spot, Spot]]:
    """The bells of a day whose period another row has had."""
    first: dict[int, Spot] = {}
    for spot, bell in today:
        if bell.period in first:
            yield "bell_twice", spot, first[bell.period]
        first.setdefault(bell.period, spot)


def _overlapping(today: Lines[Bell]) -> Iterator[tuple[str, Spot, Spot]]:
    """The bells of a day that begin before another one has ended."""
    last: tuple[Spot, Bell] | None = None
    for line in sorted(today, key=lambda line: (line[1].begins, line[1].ends)):
        if last and line[1].begins < last[1].ends and line[1].period != last[1].period:
            yield "bells_overlap", *_later_first(line[0], last[0])
        last = line if last is None or line[1].ends > last[1].ends else last


def check_terms(lines: Lines[Term], findings: Findings) -> None:
    """Refuse terms that overlap."""
    _check_number(lines, MAX_TERMS, findings)
    ordered = sorted(lines, key=lambda line: (line[1].begins, line[1].ends))
    for (before, term), (spot, following) in pairwise(ordered):
        if following.begins <= term.ends:
            _refuse("days_overlap", *_later_first(spot, before), findings)


def check_holidays(lines: Lines[Holiday], findings: Findings) -> None:
    """Refuse holidays that begin on one day; others may overlap."""
    _check_number(lines, MAX_HOLIDAYS, findings)
    first: dict[str, Spot] = {}
    for spot, holiday in lines:
        if holiday.begins in first:
            _refuse("days_overlap", spot, first[holiday.begins], findings)
        first.setdefault(holiday.begins, spot)


def check_marks(marks: Iterable[Mark], findings: Findings) -> None:
    """Refuse a status with two marks."""
    first: dict[str, Spot] = {}
    for mark in marks:
        if mark.status in first:
            _refuse("line_twice", mark.spot, first[mark.status], findings)
        first.setdefault(mark.status, mark.spot)


def check_timetable(
    lines: Lines[Booking], bells: Sequence[Bell], known: Known, findings: Findings
) -> None:
    """Refuse a room with two lessons at once; tell of classes in two rooms, without a list."""
    _check_meetings(
        lines, lambda booking: [room_code(booking.room)], _refuse, "room_twice", findings
    )
    _check_meetings(lines, _keys_of, _tell, "class_twice", findings)
    unlisted = _first_spots(
        (code, spot)
        for spot, booking in lines
        for code in booking.classes
        if class_key(code) not in known.codes
    )
    _tell_all("classes_without_list", _NO_LIST, unlisted, findings)
    rung = {(day, bell.period) for bell in bells for day in bell.weekdays}
    silent = _first_spots(
        (str(booking.period), spot)
        for spot, booking in lines
        if rung and (booking.weekday, booking.period) not in rung
    )
    _tell_all("periods_without_bell", _NO_BELL, silent, findings)


def _key_of(booking: Booking) -> list[str]:
    return [room_code(booking.room)]


def _keys_of(booking: Booking) -> list[str]:
    return [class_key(code) for code in booking.classes]


def _check_meetings(
    lines: Lines[Booking],
    keys: Callable[[Booking], Iterable[str]],
    note: Callable[[str, Spot, Spot, Findings], None],
    code: str,
    findings: Findings,
) -> None:
    """Note each lesson that meets an earlier one: same key, day, period, and weeks that cross."""
    met = defaultdict[tuple[str, int, int], dict[str, tuple[Spot, Booking]]](dict)
    for spot, booking in lines:
        for key in set(keys(booking)):
            slot = met[key, booking.weekday, booking.period]
            other = next((slot[weeks] for weeks in _CROSSING[booking.weeks] if weeks in slot), None)
            if other is not None:
                note(code, spot, other[0], findings)
            slot.setdefault(booking.weeks, (spot, booking))


_CROSSING: Final[Mapping[str, tuple[str, ...]]] = {
    "every": ("every", "odd", "even"),
    "odd": ("odd", "every"),
    "even": ("even", "every"),
}


def _check_number(lines: Lines[Line], most: int, findings: Findings) -> None:
    if len(lines) > most:
        spot = lines[most][0]
        findings.refused.append(notice_at(spot, "too_many", _TOO_MANY, str(most)))


def _later_first(one: Spot, other: Spot) -> tuple[Spot, Spot]:
    return (one, other) if one.row >= other.row else (other, one)


def _refuse(code: str, spot: Spot, other: Spot, findings: Findings) -> None:
    findings.refused.append(notice_at(spot, code, MESSAGES[code], other.label))


def _tell(code: str, spot: Spot, other: Spot, findings: Findings) -> None:
    findings.tell(code, spot, MESSAGES[code], other.label)


def _first_spots(pairs: Iterable[tuple[str, Spot]]) -> dict[str, Spot]:
    spots: dict[str, Spot] = {}
    for name, spot in pairs:
        spots.setdefault(name, spot)
    return spots


def _tell_all(code: str, message: str, spots: Mapping[str, Spot], findings: Findings) -> None:
    if spots:
        names = sorted(spots, key=natural)
        findings.tell(code, spots[names[0]], message, some(names))
