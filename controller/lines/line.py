"""This file measures schools' lines by what arrives at the department: day by day; pure.

What nobody told or watched is unknown, never zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from controller.department.school_record import SchoolRecord
from controller.department.schools import LineSaid
from protocol.model import Place, instant

DAY_MS: Final = 86_400_000
HOUR_MS: Final = 3_600_000
OUT_MS: Final = 900_000  # three times as long as a school may say nothing of its figures
TICK_MS: Final = 60_000
KEEP_MS: Final = 600_000  # so often a day's row is written: a start loses no more
DAYS: Final = 30
WEEK: Final = 7


class LineDay(msgspec.Struct, frozen=True, kw_only=True):
    """A school's line on one local day of the department's.

    reconnects: sessions and starts after the first; bytes: payloads that were taken. out_ms: for
    how long it was silent, of silences longer than OUT_MS; watched_ms: for how long anybody could
    have heard it. at_ms: when this was counted. oldest_s: for how long its oldest message had
    waited last, worst_s: at most that day.
    """

    place: Place
    day: str
    reconnects: int = 0
    bytes: int = 0
    out_ms: int = 0
    watched_ms: int = 0
    at_ms: int = 0
    oldest_s: int | None = None
    worst_s: int | None = None


@dataclass(slots=True)
class _Line:
    """One school's, as it is counted.

    boot, session: what was heard last. counted_ms: until when it is counted as watched; quiet_ms:
    since when nothing was heard that is not counted as silence yet. bytes: taken so far.
    """

    boot: str
    session: int
    heard_ms: int
    counted_ms: int
    quiet_ms: int
    bytes: int = 0


class LineWatch:
    """Counts what schools' lines do, out of what was heard and stored."""

    def __init__(self, zone: tzinfo, now_ms: int) -> None:
        self._zone = zone
        self._lines: dict[str, _Line] = {}
        self._days: dict[tuple[str, str], LineDay] = {}
        self._unkept: set[tuple[str, str]] = set()
        self._places: dict[str, Place] = {}
        self._listening_ms = self._ticked_ms = now_ms

    def know(self, records: Iterable[SchoolRecord], days: Iterable[LineDay], now_ms: int) -> None:
        """Begin with what is stored; nobody was silent while nobody listened."""
        for record in records:
            self._places[record.code] = record.place
            self._lines[record.code] = _Line(
                record.boot, record.session, record.heard_ms, now_ms, now_ms
            )
        self._days = {(day.place.school, day.day): day for day in days}
        self.listen(now_ms)

    def listen(self, now_ms: int) -> None:
        """From now on schools can be heard; they could not be since the last tick."""
        self._listening_ms = self._ticked_ms = now_ms
        for line in self._lines.values():
            line.counted_ms = line.quiet_ms = now_ms

    def hear(self, record: SchoolRecord, now_ms: int) -> None:
        """A school was heard, and stored; or its last will was."""
        code = record.code
        line = self._lines.get(code)
        if line is None:
            self._places[code] = record.place
            boot, session = record.boot, record.session
            self._lines[code] = _Line(boot, session, record.heard_ms, now_ms, now_ms)
            self._add(code, now_ms)
            return
        self._count(code, line, now_ms)
        again = _is_again(line, record)
        if again:
            self._add(code, now_ms, reconnects=1)
        if record.heard_ms > line.heard_ms or again:
            line.heard_ms, line.quiet_ms = record.heard_ms, now_ms
        line.boot, line.session = record.boot, record.session

    def note(self, said: LineSaid, now_ms: int) -> None:
        """Keep what a school said of what waits there."""
        if said.school not in self._lines:
            return
        before = self._day(said.school, now_ms)
        worst_s = max(said.oldest_s, before.worst_s or 0)
        self._put(replace(before, oldest_s=said.oldest_s, worst_s=worst_s), now_ms)

    def tick(self, taken: Callable[[], Mapping[str, int]], now_ms: int) -> bool:
        """Count up to now, once in TICK_MS; whether it was time. taken: bytes by school so far."""
        if 0 <= now_ms - self._ticked_ms < TICK_MS:
            return False
        if not 0 <= now_ms - self._ticked_ms <= OUT_MS:  # this machine slept, or its clock was set
            self.listen(now_ms)
        self._ticked_ms = now_ms
        bytes_of = taken()
        for code, line in self._lines.items():
            self._count(code, line, now_ms)
            so_far = bytes_of.get(code, 0)
            if more := max(0, so_far - line.bytes):
                self._add(code, now_ms, bytes=more)
            line.bytes = so_far
        return True

    def to_keep(self, now_ms: int) -> list[LineDay]:
        """The days that have changed since they were asked for; older ones are let go of."""
        changed = [self._days[key] for key in sorted(self._unkept)]
        self._unkept.clear()
        yesterday = self._day_of(now_ms - DAY_MS)
        self._days = {key: day for key, day in self._days.items() if day.day >= yesterday}
        return changed

    def keep_again(self) -> None:
        """What was asked for was perhaps not stored."""
        self._unkept |= self._days.keys()

    def _count(self, code: str, line: _Line, now_ms: int) -> None:
        """Count what passed as watched, and as silence where it lasts."""
        for day_ms, span_ms in spans(line.counted_ms, now_ms, self._zone):
            self._add(code, day_ms, watched_ms=span_ms)
        line.counted_ms = max(line.counted_ms, now_ms)
        if now_ms - max(line.heard_ms, self._listening_ms) > OUT_MS:
            for day_ms, span_ms in spans(line.quiet_ms, now_ms, self._zone):
                self._add(code, day_ms, out_ms=span_ms)
            line.quiet_ms = max(line.quiet_ms, now_ms)

    def _add(self, code: str, at_ms: int, **more: int) -> None:
        before = self._day(code, at_ms)
        sums = {name: getattr(before, name) + count for name, count in more.items()}
        self._put(replace(before, **sums), at_ms)

    def _day(self, code: str, at_ms: int) -> LineDay:
        day = self._day_of(at_ms)
        return self._days.get((code, day)) or LineDay(place=self._places[code], day=day)

    def _put(self, day: LineDay, at_ms: int) -> None:
        key = day.place.school, day.day
        self._days[key] = replace(day, at_ms=max(day.at_ms, at_ms))
        self._unkept.add(key)

    def _day_of(self, at_ms: int) -> str:
        return day_of(at_ms, self._zone)


def _is_again(line: _Line, record: SchoolRecord) -> bool:
    """Whether it is another start, or a further session of this one; the first is number 1."""
    return record.boot != line.boot or record.session > max(line.session, 1)


def day_of(at_ms: int, zone: tzinfo) -> str:
    """The local date of a moment."""
    return instant(at_ms).astimezone(zone).date().isoformat()


def spans(from_ms: int, to_ms: int, zone: tzinfo) -> Iterator[tuple[int, int]]:
    """The parts of a span by local day: a moment of each, and how long it is."""
    while from_ms < to_ms:
        morrow = instant(from_ms).astimezone(zone).date() + timedelta(days=1)
        midnight_ms = int(datetime.combine(morrow, time(), zone).timestamp() * 1000)
        end_ms = min(to_ms, midnight_ms)
        yield from_ms, end_ms - from_ms
        from_ms = end_ms


class LineSums(NamedTuple):
    """What a page says of a line; None is unknown.

    out_week_ms, out_month_ms: of the last 7 and 30 days; watched_week_ms: how much of them anybody
    could have heard it. reconnects: of 7 days; bytes_a_day: of 7 days, by the time watched.
    oldest_s: as it told last, worst_s: at most in 7 days.
    """

    out_week_ms: int | None = None
    out_month_ms: int | None = None
    watched_week_ms: int = 0
    reconnects: int | None = None
    bytes_a_day: int | None = None
    oldest_s: int | None = None
    worst_s: int | None = None


def sums_of(days: Iterable[LineDay], today: str) -> dict[str, LineSums]:
    """By school, what its days of the last month are together."""
    by_school: dict[str, list[LineDay]] = {}
    for day in days:
        by_school.setdefault(day.place.school, []).append(day)
    week, month = first_day(today, WEEK), first_day(today, DAYS)
    return {
        school: _sums([one for one in own if one.day >= month], week)
        for school, own in by_school.items()
    }


def first_day(today: str, days: int) -> str:
    """The first of so many days that end with today."""
    return (datetime.fromisoformat(today) - timedelta(days=days - 1)).date().isoformat()


def _sums(month: Sequence[LineDay], week_from: str) -> LineSums:
    newest_first = sorted(month, key=lambda day: day.day, reverse=True)
    week = [day for day in newest_first if day.day >= week_from]
    watched_ms = sum(day.watched_ms for day in week)
    return LineSums(
        out_week_ms=sum(day.out_ms for day in week) if watched_ms else None,
        out_month_ms=(
            sum(day.out_ms for day in month) if any(day.watched_ms for day in month) else None
        ),
        watched_week_ms=watched_ms,
        reconnects=sum(day.reconnects for day in week) if week else None,
        bytes_a_day=(
            sum(day.bytes for day in week) * DAY_MS // max(watched_ms, HOUR_MS)
            if watched_ms
            else None
        ),
        oldest_s=next((day.oldest_s for day in newest_first if day.oldest_s is not None), None),
        worst_s=max((day.worst_s for day in week if day.worst_s is not None), default=None),
    )


class LineState(StrEnum):
    """How a line is now."""

    HEARD = "heard"
    QUIET = "quiet"  # for longer than OUT_MS
    SILENT = "silent"  # for more than a day
    NEVER = "never"


def state_of(heard_ms: int | None, now_ms: int) -> LineState:
    """How a line is, by when it was heard last; None: never."""
    if heard_ms is None:
        return LineState.NEVER
    silent_ms = now_ms - heard_ms
    if not -OUT_MS <= silent_ms <= DAY_MS:  # what arrived by a clock of ours that ran ahead
        return LineState.SILENT
    return LineState.QUIET if silent_ms > OUT_MS else LineState.HEARD
