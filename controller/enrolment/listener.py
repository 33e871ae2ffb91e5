"""This file hears by who speaks that a code is used, who is one computer again, who may join."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Never

from sqlalchemy import Connection

from controller.database.changes import of_kind
from controller.enrolment.service import Enrolment
from controller.feature import Command, Listener, Program
from controller.fleet.clones import clones_of
from controller.fleet.records import AgentRecord
from controller.fleet.sessions import NewSessions
from protocol.messages import NotEnrolled


class EnrolmentListener(Listener[Never]):
    """Enrolment's part in the ingest; it hears nobody by itself."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._enrolment = program.service(Enrolment)
        self._clones = program.service(clones_of)
        self._sessions = NewSessions()

    def load(self, db: Connection) -> None:
        """What was said before may not have arrived."""
        self._sessions.forget()

    def greet(self, now_ms: int) -> None:
        """Likewise: in a session with the broker everybody is told anew."""
        self._sessions.forget()

    def expire(self, now_ms: int) -> Sequence[object]:
        """Who got another credential, by whatever way, is one computer again."""
        for name in self._enrolment.members.take_renewed():
            self._clones.forget(name)
        return ()

    def follow(self, changes: Sequence[object], now_ms: int) -> Iterable[Command]:
        """Note who has written what it was given, and invite whoever may join."""
        self._use(changes)
        self._sessions.see(changes)
        typed = self._enrolment.members.typed()
        for agent in self._sessions.take():
            if agent.place.agent in typed and not self._program.config.broker:
                message = NotEnrolled(boot=self._program.boot, at_ms=now_ms)
                yield Command(agent.place.agent, "enrolment", message, qos=1)

    def _use(self, changes: Sequence[object]) -> None:
        """A computer that speaks by what it was given has written it, whether it could say so."""
        unkept = self._enrolment.members.unkept()
        for agent in of_kind(changes, AgentRecord):
            granted_ms = unkept.get(agent.place.agent)
            if granted_ms is not None and agent.online and agent.last_seen_ms >= granted_ms:
                self._enrolment.note_spoken(agent.place.agent)
