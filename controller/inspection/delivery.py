"""This file decides which school is told of an inspection, and when. Pure.

Told anew in each session of the school, and again until it says that it holds the word: a broker
loses what it has PUBACKed, and a school that was put back to an old copy has forgotten it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from controller.department.school_record import SchoolRecord

FIRST_WAIT_MS: Final = 10_000
MAX_WAIT_MS: Final = 3_600_000
DAYS_AFTER_MS: Final = 60 * 86_400_000  # a school may be off all summer


class Owed(NamedTuple):
    """A word that a school should hold.

    held: the number of the one that it says it holds; arrived_ms: when it said so.
    """

    school: str
    inspection: str
    number: int
    held: int = 0
    arrived_ms: int = 0


class _Telling(NamedTuple):
    """first_ms: when it was told first in this session."""

    number: int
    session: tuple[str, int]
    first_ms: int
    at_ms: int
    wait_ms: int


class InspectionDelivery:
    """Which words were told to whom, in which session."""

    def __init__(self) -> None:
        self._tellings: dict[tuple[str, str], _Telling] = {}

    def due(
        self, owed: Iterable[Owed], records: Mapping[str, SchoolRecord], now_ms: int
    ) -> list[Owed]:
        """Which are to be told now; what is returned counts as told."""
        told = []
        for word in owed:
            record = records.get(word.school)
            if record is None or not record.online:
                continue
            session = record.boot, record.session
            if wait_ms := self._wait_ms(word, session, now_ms):
                key = word.school, word.inspection
                first_ms = now_ms if wait_ms == FIRST_WAIT_MS else self._tellings[key].first_ms
                self._tellings[key] = _Telling(word.number, session, first_ms, now_ms, wait_ms)
                told.append(word)
        return told

    def _wait_ms(self, word: Owed, session: tuple[str, int], now_ms: int) -> int:
        """How long to wait for the answer if it is told now; 0 where it is not to be told."""
        last = self._tellings.get((word.school, word.inspection))
        if last is None or (last.number, last.session) != (word.number, session):
            return FIRST_WAIT_MS
        is_held = word.held >= word.number and word.arrived_ms >= last.first_ms
        if is_held or now_ms - last.at_ms < last.wait_ms:
            return 0
        return min(2 * last.wait_ms, MAX_WAIT_MS)
