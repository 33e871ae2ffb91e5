"""This file is the department's part in the ingest: what schools tell, and questions to schools."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from sqlalchemy import Connection

from controller.database.changes import of_kind
from controller.department.clocks import ClockHeard, ClockWatch, clocks_of
from controller.department.marks import AskMarks, MarkHolder, MarkWatch, TellMarks
from controller.department.marks_store import SharedMarks, found_holders, listed_holders
from controller.department.schools import AskRetell, AskWho, MarksAnswered, Schools
from controller.department.servers import servers_of
from controller.department.store import load_schools
from controller.feature import Command, Listener, MessageEffect, Program, Speaker
from protocol.messages import MarksAsked, MarksContested, Retell, WhoSpeaks
from protocol.model import Place
from protocol.upward import SchoolChain, SchoolHere, SchoolPresence, SchoolServer, Upward

_LOGGER = logging.getLogger(__name__)

MARKS_EVERY_MS: Final = 600_000


class SchoolsListener(Listener[Upward]):
    """Hears schools; keeps what they told as the last commit left it."""

    speaker = Speaker.SCHOOL

    def __init__(self, program: Program) -> None:
        self._program = program
        self._schools = Schools(program.school)
        self._clocks = ClockWatch({})
        self._marks = MarkWatch(program.school.province)
        self._servers = program.service(servers_of)
        self._listed: list[MarkHolder] = []
        self._looked_ms = -MARKS_EVERY_MS
        self._shared = SharedMarks(program.school.province)

    def knows(self, name: str) -> bool:
        """Whether it is a school that has told something."""
        return name in self._schools.records

    def load(self, db: Connection) -> None:
        """Read the schools that tell of themselves."""
        self._schools = load_schools(db, self._program.school, self._program.zone)
        self._clocks = ClockWatch(clocks_of(db, self._program.school.province))
        self._marks.know(found_holders(db, self._program.school.province))

    def hear(self, agent: str, message: Upward, now_ms: int) -> MessageEffect:
        """Take one message of a school; what it says of the present bears witness to the time."""
        if isinstance(message, SchoolServer):
            self._servers.note(agent, message)  # of whichever start: both are to be named
            return MessageEffect()
        said_ms = _said_ms(message)
        if said_ms is not None:
            # Of whichever start: by our own time it is judged which one is believed.
            self._program.clock.hear(agent, said_ms)
        changes, is_accepted = self._schools.hear(agent, message, now_ms)
        clocks: list[ClockHeard] = []
        if said_ms is not None and self._schools.is_believed(agent, message.boot):
            place = Place(self._program.school.province, agent)
            clocks = self._clocks.hear(place, said_ms, now_ms)
        found = [
            contested
            for answered in of_kind(changes, MarksAnswered)
            for contested in self._marks.hear(agent, answered.answer, now_ms)
        ]
        return MessageEffect((*clocks, *changes, *found), is_accepted)

    def hear_retained(self, agent: str, message: Upward, now_ms: int) -> MessageEffect:
        """An end that was kept is an end; a beginning may be long over."""
        if isinstance(message, SchoolPresence) and message.online:
            return MessageEffect()
        return self.hear(agent, message, now_ms)

    def poll(self, db: Connection, now_ms: int) -> Sequence[object]:
        """Follow which schools list one mark; they are asked at once, and now and then again."""
        self._marks.take(self._shared.follow(db), now_ms)
        if abs(now_ms - self._looked_ms) >= MARKS_EVERY_MS:
            province, self._looked_ms = self._program.school.province, now_ms
            self._listed = listed_holders(db, province)
            holders = [*found_holders(db, province), *self._listed, *self._shared.page(db)]
            self._marks.take(holders, now_ms)
        return ()

    def expire(self, now_ms: int) -> Sequence[object]:
        """Ask schools which of these they see, and tell them which name no piece."""
        boots = {code: one.boot for code, one in self._schools.records.items() if one.online}
        return [*self._marks.ask(boots, now_ms), *self._marks.tell(self._listed, boots)]

    def follow(self, changes: Sequence[object], now_ms: int) -> Iterable[Command]:
        """Ask those schools whose list must be told again, or of which two starts may speak."""
        for doubt in of_kind(changes, AskWho):
            who = WhoSpeaks(boot=self._program.boot, at_ms=now_ms, asked=doubt.question)
            yield Command(doubt.place.school, "who", who, qos=1)
        for ask in of_kind(changes, AskRetell):
            school = ask.place.school
            _LOGGER.info("asking school %s for its list behind %d", school, ask.since)
            retell = Retell(boot=self._program.boot, at_ms=now_ms, since=ask.since)
            yield Command(school, "retell", retell, qos=1, start=self._start_of(school))
        yield from self._follow_marks(changes, now_ms)

    def _follow_marks(self, changes: Sequence[object], now_ms: int) -> Iterator[Command]:
        boot = self._program.boot
        for ask in of_kind(changes, AskMarks):
            question = MarksAsked(boot=boot, at_ms=now_ms, asked=ask.question, devices=ask.marks)
            yield Command(ask.school, "marks", question, start=self._start_of(ask.school))
        for tell in of_kind(changes, TellMarks):
            _LOGGER.info("school %s has %d marks of others", tell.school, len(tell.marks))
            told = MarksContested(boot=boot, at_ms=now_ms, devices=tell.marks)
            yield Command(tell.school, "contested", told, start=self._start_of(tell.school))

    def _start_of(self, school: str) -> str:
        return self._schools.records[school].boot


def _said_ms(message: Upward) -> int | None:
    """What time it is at a school that speaks of the present; None of what may have waited."""
    match message:
        case SchoolChain() | SchoolHere() | SchoolPresence(online=True):
            return message.at_ms
        case _:
            return None
