"""This file has agents erase pupils: at once and at each session, until they prove it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection

from controller.database.changes import of_kind
from controller.feature import Command, Listener, Program
from controller.fleet.records import AgentRecord
from controller.fleet.sessions import NewSessions
from controller.fleet.store import agents_of
from controller.students.store import OpenErasure, close_proven, open_erasures
from protocol.messages import EraseCommand


class ErasureListener(Listener[Any]):
    """Says each open erasure to the agents that owe it, once in a session of theirs."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._sessions = NewSessions()
        self._online: set[str] = set()
        self._begun: set[str] = set()  # erasures that were said to all who were there
        self._due: list[Command] = []

    def greet(self, now_ms: int) -> None:
        """What was said in the session before may be lost."""
        self._sessions.forget()
        self._begun.clear()

    def load(self, db: Connection) -> None:
        """Read who is there."""
        self.greet(0)
        agents = agents_of(db, self._program.school, limit=None)
        self._online = {agent.place.agent for agent in agents if agent.online}

    def poll(self, db: Connection, now_ms: int) -> Sequence[object]:
        """Look up what is to be said, and close what every agent has proved."""
        close_proven(db, self._program.school, now_ms)
        fresh = {agent.place.agent for agent in self._sessions.take()}
        for erasure in open_erasures(db, self._program.school):
            among = fresh if erasure.erasure in self._begun else self._online | fresh
            self._begun.add(erasure.erasure)
            self._due += [self._command(erasure, to, now_ms) for to in among & erasure.agents]
        return ()

    def follow(self, changes: Sequence[object], now_ms: int) -> Iterable[Command]:
        """Say what is due."""
        self._sessions.see(changes)
        for agent in of_kind(changes, AgentRecord):
            change = self._online.add if agent.online else self._online.discard
            change(agent.place.agent)
        due, self._due = self._due, []
        return due

    def _command(self, erasure: OpenErasure, agent: str, now_ms: int) -> Command:
        message = EraseCommand(
            boot=self._program.boot,
            at_ms=now_ms,
            erasure=erasure.erasure,
            **erasure.pupil._asdict(),
        )
        return Command(agent, "erase", message, qos=1)
