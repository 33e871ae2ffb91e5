"""This file invents what lies behind a room: weeks of lessons, and when boards were on. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from hardware.readings import Kind, Sighting
from protocol.messages import AnyEvent, Event
from protocol.model import AttendanceStatus, Method, instant, millis
from simulators.day import Happening, LessonBegan, LessonOver, Moved, PlayedMark, RollCalled
from simulators.equipment import device_id_of
from simulators.people import BELLS, day_rng, pupils_of
from simulators.room import PlayedRoom

ZONE: Final = ZoneInfo("Asia/Ho_Chi_Minh")
_SCHOOL_DAYS: Final = range(6)  # Monday to Saturday
_BOARDS: Final = frozenset({Kind.BOARD, Kind.PROJECTOR})
_AWAY: Final = (AttendanceStatus.ABSENT_EXCUSED, AttendanceStatus.ABSENT_UNEXCUSED)
_AWAY_SHARE: Final = 0.04
_BUSY: Final = (0.9, 0.75, 0.6, 0.15)  # in some rooms hardly a lesson is held with the board


class PastMoment(NamedTuple):
    """What happened, and when."""

    at_ms: int
    happening: Happening


def past_events(
    room: PlayedRoom, equipment: Sequence[Sighting], seed: int, weeks: int, now_ms: int
) -> list[AnyEvent]:
    """What the room's agent would have told of whole weeks before this one, and of this one's days.

    The room stands afterwards as it did: its boards are here, no lesson runs.
    """
    moments = _past(room.code, equipment, seed, weeks, now_ms)
    messages = (one for at_ms, happening in moments for one in room.hear(happening, at_ms))
    return [message for message in messages if isinstance(message, Event)]


def _past(
    room: str, equipment: Sequence[Sighting], seed: int, weeks: int, now_ms: int
) -> Iterator[PastMoment]:
    boards = [device_id_of(one) for one in equipment if one.kind in _BOARDS]
    roll = [pupil.student for pupil in pupils_of(room, day_rng(room, seed))]
    busy = Random(f"{seed}/{room}/busy").choice(_BUSY)  # noqa: S311 - a play, not a secret
    today = instant(now_ms).astimezone(ZONE).date()
    first = today - timedelta(days=today.weekday(), weeks=weeks)
    yield from _switch(boards, _at_ms(first, "00:00"), present=False)
    for back in range((today - first).days):
        day = first + timedelta(days=back)
        if day.weekday() in _SCHOOL_DAYS:
            rng = Random(f"{seed}/{room}/{day}")  # noqa: S311 - likewise
            yield from _school_day(day, boards, roll, rng, busy)
    yield from _switch(boards, now_ms, present=True)


def _school_day(
    day: date, boards: Sequence[str], roll: Sequence[str], rng: Random, busy: float
) -> Iterator[PastMoment]:
    """Boards go on before a lesson that needs them, and off after it."""
    for begin, end in BELLS:
        if rng.random() >= busy:
            continue
        began_ms = _at_ms(day, begin) + rng.randrange(240_000)
        yield from _switch(boards, began_ms - 30_000, present=True)
        yield PastMoment(began_ms, LessonBegan())
        for student in roll:
            is_away = rng.random() < _AWAY_SHARE
            status = rng.choice(_AWAY) if is_away else AttendanceStatus.PRESENT
            yield PastMoment(began_ms + 60_000, PlayedMark(student, status, Method.MANUAL))
        yield PastMoment(began_ms + 180_000, RollCalled())
        ended_ms = _at_ms(day, end)
        yield PastMoment(ended_ms, LessonOver())
        yield from _switch(boards, ended_ms + 60_000, present=False)


def _switch(boards: Sequence[str], at_ms: int, *, present: bool) -> Iterator[PastMoment]:
    for board in boards:
        yield PastMoment(at_ms, Moved(board, present=present))


def _at_ms(day: date, clock: str) -> int:
    return millis(datetime.combine(day, time.fromisoformat(clock), ZONE))
