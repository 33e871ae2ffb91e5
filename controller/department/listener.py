"""This file is the department's part in the ingest: what schools tell, and questions to schools."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from controller.database.changes import of_kind
from controller.department.schools import AskRetell, AskWho, Schools
from controller.department.store import load_schools
from controller.feature import Command, Listener, MessageEffect, Program, Speaker
from protocol.messages import Retell, WhoSpeaks
from protocol.upward import SchoolChain, SchoolHere, SchoolPresence, Upward

_LOGGER = logging.getLogger(__name__)


class SchoolsListener(Listener[Upward]):
    """Hears schools; keeps what they told as the last commit left it."""

    speaker = Speaker.SCHOOL

    def __init__(self, program: Program) -> None:
        self._program = program
        self._schools = Schools(program.school)

    def knows(self, name: str) -> bool:
        """Whether it is a school that has told something."""
        return name in self._schools.records

    def load(self, db: Connection) -> None:
        """Read the schools that tell of themselves."""
        self._schools = load_schools(db, self._program.school)

    def hear(self, agent: str, message: Upward, now_ms: int) -> MessageEffect:
        """Take one message of a school; what it says of the present bears witness to the time."""
        is_present = isinstance(message, SchoolChain | SchoolHere) or (
            isinstance(message, SchoolPresence) and message.online
        )
        if is_present:
            self._program.clock.hear(agent, message.at_ms)
        return MessageEffect(*self._schools.hear(agent, message, now_ms))

    def hear_retained(self, agent: str, message: Upward, now_ms: int) -> MessageEffect:
        """An end that was kept is an end; a beginning may be long over."""
        if isinstance(message, SchoolPresence) and message.online:
            return MessageEffect()
        return self.hear(agent, message, now_ms)

    def follow(self, changes: Sequence[object], now_ms: int) -> Iterable[Command]:
        """Ask those schools whose list must be told again, or of which two starts may speak."""
        for doubt in of_kind(changes, AskWho):
            who = WhoSpeaks(boot=self._program.boot, at_ms=now_ms, asked=doubt.question)
            yield Command(doubt.place.school, "who", who, qos=1)
        for ask in of_kind(changes, AskRetell):
            school = ask.place.school
            _LOGGER.info("asking school %s for its list behind %d", school, ask.since)
            retell = Retell(boot=self._program.boot, at_ms=now_ms, since=ask.since)
            start = self._schools.records[school].boot
            yield Command(school, "retell", retell, qos=1, start=start)
