"""This file decides which agent is told what the school corrected in its lessons, and when. Pure.

Told anew in each session and at each change, and again until the agent says that it holds it: a
broker loses what it has PUBACKed. Who never answers knows no corrections, and is asked ever less.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

import msgspec

from controller.attendance.correction import CorrectionRecord, latest_of
from controller.fleet.records import AgentRecord, CorrectionsHeld
from protocol.correction import CorrectedMark
from protocol.messages import MAX_BYTES, MAX_CORRECTIONS
from protocol.model import Place

ROOM_DAYS: Final = 8  # a room keeps a lesson for seven, by its own clock
FIRST_WAIT_MS: Final = 10_000  # an agent needs a moment to keep it and to say so
MAX_WAIT_MS: Final = 3_600_000
_ENVELOPE_BYTES: Final = 8192  # what a message holds beside its marks

_encode: Final = msgspec.json.Encoder().encode


class RoomCorrections(NamedTuple):
    """What an agent should hold. since: where that is too much, the first day of which all is."""

    marks: tuple[CorrectedMark, ...] = ()
    since: str | None = None


_NOTHING: Final = RoomCorrections()


class _Telling(NamedTuple):
    """What an agent was told, when, in which of its sessions, and whether it holds it."""

    marks: tuple[CorrectedMark, ...]
    number: int
    at_ms: int
    wait_ms: int
    session: tuple[str, int]
    is_held: bool = False


class CorrectionDelivery:
    """What each agent should hold, and what it was told of it."""

    def __init__(self) -> None:
        self._wanted: Mapping[Place, RoomCorrections] | None = None  # None: not read yet
        self._tellings: dict[Place, _Telling] = {}
        self._number = 0

    def take(self, wanted: Mapping[Place, RoomCorrections]) -> None:
        """What the agents should hold now; those that are not named: nothing."""
        self._wanted = wanted

    def hear(self, held: CorrectionsHeld, start: str) -> None:
        """An agent says what it holds: the last word, or one of another start, which is replaced.

        start: this one. An earlier word of this one says nothing of the last.
        """
        telling = self._tellings.get(held.place)
        if telling and (held.start != start or held.number == telling.number):
            self._tellings[held.place] = telling._replace(is_held=held.start == start)

    def due(
        self, agents: Iterable[AgentRecord], now_ms: int
    ) -> list[tuple[Place, int, RoomCorrections]]:
        """Who is to be told now, under which number; what is returned counts as told."""
        told: list[tuple[Place, int, RoomCorrections]] = []
        if self._wanted is None:
            return told
        for agent in agents:
            wanted = self._wanted.get(agent.place, _NOTHING)
            if agent.online and agent.rev and (wait_ms := self._wait_ms(agent, wanted, now_ms)):
                self._number += 1
                session = agent.boot, agent.session
                telling = _Telling(wanted.marks, self._number, now_ms, wait_ms, session)
                self._tellings[agent.place] = telling
                told.append((agent.place, self._number, wanted))
        return told

    def _wait_ms(self, agent: AgentRecord, wanted: RoomCorrections, now_ms: int) -> int:
        """How long to wait for the answer if it is told now; 0 where it is not to be told."""
        last = self._tellings.get(agent.place)
        session = agent.boot, agent.session
        if last is None or (last.marks, last.session) != (wanted.marks, session):
            return FIRST_WAIT_MS
        if last.is_held or now_ms - last.at_ms < last.wait_ms:
            return 0
        return min(2 * last.wait_ms, MAX_WAIT_MS)


def first_day(today: date) -> str:
    """The first day of whose lessons the rooms are told."""
    return (today - timedelta(days=ROOM_DAYS)).isoformat()


def rooms_of(records: Iterable[CorrectionRecord], since: str) -> dict[Place, RoomCorrections]:
    """What each agent should hold, of the lessons from a day on."""
    by_lesson = defaultdict[tuple[Place, str], list[CorrectionRecord]](list)
    for record in records:
        if record.day >= since:
            by_lesson[record.place, record.lesson].append(record)
    by_agent = defaultdict[Place, list[CorrectionRecord]](list)
    for (place, _), some in by_lesson.items():
        by_agent[place] += [last for last in latest_of(some).values() if last.status]
    return {place: _fitting(some) for place, some in by_agent.items()}


def _fitting(records: Sequence[CorrectionRecord]) -> RoomCorrections:
    """As many as a message holds, the latest days first."""
    left, marks = MAX_BYTES - _ENVELOPE_BYTES, list[CorrectedMark]()
    ordered = sorted(records, key=lambda record: (record.day, record.number), reverse=True)
    for record in ordered:
        mark = _mark_of(record)
        left -= len(_encode(mark)) + 1
        if left < 0 or len(marks) >= MAX_CORRECTIONS:
            return RoomCorrections(tuple(marks), _day_after(record.day))
        marks.append(mark)
    return RoomCorrections(tuple(marks))


def _mark_of(record: CorrectionRecord) -> CorrectedMark:
    """What the room needs of it: neither who said it nor the words."""
    assert record.status, "taken back"  # noqa: S101 - such are told by their absence
    return CorrectedMark(
        lesson=record.lesson,
        student=record.student,
        status=record.status,
        reason=record.reason,
        at_ms=record.received_ms,
    )


def _day_after(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()
