"""This file says to agents what the school owes them, until each has answered or it is taken back.

At once to those who are there, and again in each session of theirs: what was said in a session
that ended may be lost, and a broker keeps no words for who is away.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Iterable, Sequence
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection

from controller.database.changes import of_kind
from controller.feature import Command, Listener, Program
from controller.fleet.records import AgentRecord
from controller.fleet.sessions import NewSessions
from controller.fleet.store import agents_of
from protocol.model import Place

Word = TypeVar("Word", bound=Hashable)


class OwedWords(Listener[Any], Generic[Word]):
    """Words to agents; another word for the same agent is another one, and said at once."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._sessions = NewSessions()
        self._online: set[Place] = set()
        self._said: set[tuple[Place, Word]] = set()
        self._due: list[Command] = []

    @abstractmethod
    def owed(self, db: Connection, now_ms: int) -> Iterable[tuple[Place, Word]]:
        """Which words are owed now, to whom; asked at each poll."""

    @abstractmethod
    def command(self, db: Connection, to: Place, word: Word, now_ms: int) -> Command:
        """A word as it is said."""

    def greet(self, now_ms: int) -> None:
        """What was said in the session before may be lost."""
        self._sessions.forget()
        self._said.clear()

    def load(self, db: Connection) -> None:
        """Read who is there, and say all that is owed anew."""
        self.greet(0)
        agents = agents_of(db, self._program.school, limit=None)
        self._online = {agent.place for agent in agents if agent.online}

    def poll(self, db: Connection, now_ms: int) -> Sequence[object]:
        """Look up what is to be said: what is new, and what a new session may not have heard."""
        fresh = {agent.place for agent in self._sessions.take()}
        owed = [one for one in self.owed(db, now_ms) if one[0] in self._online]
        due = [one for one in owed if one[0] in fresh or one not in self._said]
        self._said = {*owed}
        self._due += [self.command(db, to, word, now_ms) for to, word in due]
        return ()

    def follow(self, changes: Sequence[object], now_ms: int) -> Iterable[Command]:
        """Say what is due."""
        self._sessions.see(changes)
        for agent in of_kind(changes, AgentRecord):
            change = self._online.add if agent.online else self._online.discard
            change(agent.place)
        due, self._due = self._due, []
        return due
