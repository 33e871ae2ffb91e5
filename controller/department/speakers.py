"""This file says which start of a school's controller is to be believed. Pure, but for the asking.

A word may come late, or twice, long after its start ended; so two servers with one code are told
only by what no late word can be: both answered one question. Source: docs/decisions/0062.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

from controller.department.school_record import SchoolRecord
from protocol.upward import (
    LIST_FROM,
    SchoolChain,
    SchoolHere,
    Upward,
    database_of,
    number_of,
)

ALIVE_MS: Final = 600_000  # twice as long as a school says nothing
GRACE_MS: Final = 60_000  # after its end: a line that comes and goes is no end
ANSWER_MS: Final = 10_000  # by then an answer is here, if there is to be one
ASK_EVERY_MS: Final = 30_000


class Claim(StrEnum):
    """What a message is, by the start that says it.

    own: of the start that is believed, or of one that goes on from it. copy: of a start that goes
    on from an old copy of what is known. other: of another start, living or long ended.
    """

    OWN = "own"
    COPY = "copy"
    OTHER = "other"


def claim_of(record: SchoolRecord, message: Upward) -> Claim:
    """Which start of the school speaks."""
    if message.boot == record.boot:
        is_behind = LIST_FROM < number_of(message) <= record.behind_rev
        return Claim.COPY if is_behind else Claim.OWN
    if isinstance(message, SchoolChain) and (not record.chained or record.boot in message.before):
        is_same = database_of(message.feed) == database_of(record.feed)
        return Claim.COPY if is_same and message.begun < record.reached else Claim.OWN
    return Claim.OTHER if record.chained else Claim.OWN


class Finding(StrEnum):
    """What is to be done about another start.

    rival: it lives beside another one. fork: it lives alone, and the believed one does not.
    """

    ASK = "ask"
    WAIT = "wait"
    RIVAL = "rival"
    FORK = "fork"


class Verdict(NamedTuple):
    """A finding, and of which start; question: what is to be asked."""

    finding: Finding
    start: str = ""
    question: str = ""


_WAIT: Final = Verdict(Finding.WAIT)


@dataclass(slots=True)
class _Doubt:
    """A school was asked who speaks, since this other start did; who has answered."""

    start: str
    question: str
    asked_ms: int
    answered: set[str] = field(default_factory=set)


class Doubts:
    """Which schools were asked who speaks, and who answered. new_name: never the same again."""

    def __init__(self, new_name: Callable[[], str] = secrets.token_hex) -> None:
        self._new_name = new_name
        self._doubts: dict[str, _Doubt] = {}

    def forget(self, school: str) -> None:
        """Another start is believed: the answers were to another question."""
        self._doubts.pop(school, None)

    def weigh(self, record: SchoolRecord, message: Upward, now_ms: int) -> Verdict:
        """What to do about a word of another start. An older school answers no question."""
        if isinstance(message, SchoolHere):
            return self.answer(record, message, now_ms)
        doubt = self._doubts.get(record.code)
        age_ms = abs(now_ms - doubt.asked_ms) if doubt else ASK_EVERY_MS
        if doubt is None or doubt.start != message.boot or age_ms >= ASK_EVERY_MS:
            doubt = _Doubt(message.boot, self._new_name(), now_ms)
            self._doubts[record.code] = doubt
            return Verdict(Finding.ASK, message.boot, doubt.question)
        if doubt.answered or age_ms < ANSWER_MS or not 0 < number_of(message) <= LIST_FROM:
            return _WAIT
        finding = Finding.RIVAL if is_alive(record, now_ms) else Finding.FORK
        return Verdict(finding, message.boot)

    def answer(self, record: SchoolRecord, here: SchoolHere, now_ms: int) -> Verdict:
        """What an answer shows: that its start lives."""
        doubt = self._doubts.get(record.code)
        if doubt is None or doubt.question != here.asked:
            return _WAIT
        doubt.answered.add(here.boot)
        others = doubt.answered - {record.boot}
        if len(doubt.answered) > 1:
            return Verdict(Finding.RIVAL, min(others))
        if others and not is_alive(record, now_ms):
            return Verdict(Finding.FORK, here.boot)
        return _WAIT


def is_alive(record: SchoolRecord, now_ms: int) -> bool:
    """Whether the believed start may still be there, by when it was heard."""
    return now_ms - record.heard_ms < (ALIVE_MS if record.online else GRACE_MS)
