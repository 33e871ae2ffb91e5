"""This file says to agents where pupils were erased: what they could tell again is erased, too.

What was erased is found by its tombstones; nobody remembers whom they are of.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

from sqlalchemy import Connection

from controller.attendance.store import erasures, tombstones_of
from controller.database.reading import bunches
from controller.feature import Command, Program
from controller.fleet.records import AgentRecord
from controller.fleet.sessions import NewSessions
from protocol.messages import PupilsErased

_LIMIT: Final = 2000  # far more than an agent still has of its last 30 days
_AT_ONCE: Final = 500  # whole rolls of a class erased: about 80 KB


class Erasures:
    """What is to be said to whom: at each session, and when pupils were erased meanwhile."""

    def __init__(self, program: Program) -> None:
        self._boot = program.boot
        self._sessions = NewSessions()
        self._count = -1
        self._due: list[Command] = []

    def forget(self) -> None:
        """What was said may be lost."""
        self._sessions.forget()

    def see(self, changes: Sequence[object]) -> None:
        """Look at what was stored."""
        self._sessions.see(changes)

    def poll(self, db: Connection, agents: Sequence[AgentRecord], now_ms: int) -> None:
        """Look up what is to be said; agents: all that are known."""
        count, due = erasures(db), self._sessions.take()
        if count != self._count and self._count >= 0:
            due = [agent for agent in agents if agent.online]
        self._count = count
        self._due = [*chain.from_iterable(self._commands(db, agent, now_ms) for agent in due)]

    def take(self) -> list[Command]:
        """What is to be said now."""
        due, self._due = self._due, []
        return due

    def _commands(self, db: Connection, agent: AgentRecord, now_ms: int) -> Iterator[Command]:
        for tombstones in bunches(tombstones_of(db, agent.place, _LIMIT), _AT_ONCE):
            erased = PupilsErased(boot=self._boot, at_ms=now_ms, tombstones=tuple(tombstones))
            yield Command(agent.place.agent, "erased", erased, qos=1)
