"""This file says when somebody is at school, so that what is switched off then is no fault; pure.

Awake is from the first bell of a half to shortly before its last one, on days that the school
teaches, outside of maintenance. Without bells: Monday to Saturday, 6 to 18 o'clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final, NamedTuple

from controller.roster.calendar import is_school_day, rings_of
from controller.roster.past import as_of
from controller.roster.plan import SchoolPlan
from controller.sheets.names import room_code
from protocol.model import instant

_MINUTE_MS: Final = 60_000
EARLY_MS: Final = 5 * _MINUTE_MS  # before a half's last bell people begin to switch off
BREAK_MIN: Final = 45  # a longer gap between two periods parts the halves of a day
BELL_BEFORE_MS: Final = 2 * _MINUTE_MS
BELL_AFTER_MS: Final = 8 * _MINUTE_MS
NO_BELLS: Final = ((6 * 60, 18 * 60),)  # minutes since midnight
SUNDAY: Final = 7
LOOK_BACK_DAYS: Final = 21
QUARTER_MS: Final = 15 * _MINUTE_MS
MANY: Final = 4096  # quarters of an hour whose day is remembered
LOOK_AHEAD_DAYS: Final = 120  # longer than a summer

Span = tuple[int, int]


class Maintenance(NamedTuple):
    """A time in which nothing is a fault: in one room, or everywhere where it names none."""

    begins_ms: int
    ends_ms: int
    room: str = ""
    note: str = ""
    who: str = ""
    no: int = 0


class SchoolHours:
    """When somebody is at school, by its plan. zone: the school's."""

    def __init__(
        self, plan: SchoolPlan, zone: tzinfo, maintenance: Sequence[Maintenance] = ()
    ) -> None:
        self._plan = plan
        self._zone = zone
        self._maintenance = maintenance
        self._spans: dict[date, tuple[Span, ...]] = {}
        self._bells: dict[date, tuple[int, ...]] = {}
        self._dates: dict[int, date] = {}

    @property
    def plan(self) -> SchoolPlan:
        """Whose bells and calendar these are."""
        return self._plan

    def is_awake(self, at_ms: int, room: str = "") -> bool:
        """Whether somebody is there. room: a room's code."""
        return any(begins <= at_ms < ends for begins, ends in self._awake(at_ms, at_ms, room))

    def awake_ms(self, since_ms: int, until_ms: int, room: str = "") -> int:
        """For how long of this time somebody was there; no more than the last three weeks count."""
        since_ms = max(since_ms, until_ms - LOOK_BACK_DAYS * 24 * 60 * _MINUTE_MS)
        return sum(
            max(0, min(ends, until_ms) - max(begins, since_ms))
            for begins, ends in self._awake(since_ms, until_ms, room)
        )

    def awake_since(self, at_ms: int) -> int | None:
        """When the half of the day that goes on now began; None where nobody is there."""
        here = (begins for begins, ends in self._day(self._date(at_ms)) if begins <= at_ms < ends)
        return next(here, None)

    def next_awake(self, at_ms: int) -> int | None:
        """When somebody is there next, after now; None where the plan holds no such day."""
        today = self._date(at_ms)
        for number in range(LOOK_AHEAD_DAYS):
            for begins, _ in self._day(today + timedelta(days=number)):
                if begins > at_ms:
                    return begins
        return None

    def next_day(self, at_ms: int) -> int | None:
        """When the next day of school begins; None where the plan holds none."""
        day = self._date(at_ms) + timedelta(days=1)
        return self.next_awake(self._at(day, 0) - 1)

    def is_at_bell(self, at_ms: int) -> bool:
        """Whether a period ends about then: people leave, and switch off."""
        bells = self._ends(self._date(at_ms))
        return any(bell - BELL_BEFORE_MS <= at_ms < bell + BELL_AFTER_MS for bell in bells)

    def _awake(self, since_ms: int, until_ms: int, room: str) -> Iterator[Span]:
        day, last = self._date(since_ms), self._date(until_ms)
        quiet = [
            each for each in self._maintenance if not each.room or room_code(each.room) == room
        ]
        while day <= last:
            for span in self._day(day):
                yield from _without(span, quiet)
            day += timedelta(days=1)

    def _day(self, day: date) -> tuple[Span, ...]:
        if day not in self._spans:
            self._spans[day] = tuple(self._halves(day))
        return self._spans[day]

    def _halves(self, day: date) -> Iterator[Span]:
        if not is_school_day(self._plan, day):
            return
        if not as_of(self._plan, day).bells:
            if day.isoweekday() != SUNDAY:
                yield from ((self._at(day, first), self._at(day, last)) for first, last in NO_BELLS)
            return
        for first, last in _joined(rings_of(self._plan, day).values()):
            begins, ends = self._at(day, first), self._at(day, last) - EARLY_MS
            if begins < ends:
                yield begins, ends

    def _ends(self, day: date) -> tuple[int, ...]:
        if day not in self._bells:
            rings = rings_of(self._plan, day).values() if is_school_day(self._plan, day) else ()
            self._bells[day] = tuple(self._at(day, last) for _, last in rings)
        return self._bells[day]

    def _at(self, day: date, minutes: int) -> int:
        moment = datetime.combine(day, time(minutes // 60 % 24, minutes % 60), self._zone)
        return int(moment.timestamp() * 1000)

    def _date(self, at_ms: int) -> date:
        quarter = at_ms // QUARTER_MS  # no zone's midnight is within one
        if quarter not in self._dates:
            if len(self._dates) >= MANY:
                self._dates.clear()
            self._dates[quarter] = instant(at_ms).astimezone(self._zone).date()
        return self._dates[quarter]


def _joined(rings: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The halves of a day: periods with no long break between them, in minutes since midnight."""
    halves: list[tuple[int, int]] = []
    for begins, ends in sorted(rings):
        if halves and begins - halves[-1][1] < BREAK_MIN:
            halves[-1] = halves[-1][0], max(halves[-1][1], ends)
        else:
            halves.append((begins, ends))
    return halves


def _without(span: Span, quiet: Iterable[Maintenance]) -> list[Span]:
    """What of a span no maintenance covers."""
    left = [span]
    for each in quiet:
        left = [
            part
            for begins, ends in left
            for part in ((begins, min(ends, each.begins_ms)), (max(begins, each.ends_ms), ends))
            if part[0] < part[1]
        ]
    return left
