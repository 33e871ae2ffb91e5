"""This file tells agents which two of their devices are one by the school's word.

The whole of it, once in each session of an agent that explains its devices, and as it changes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection

from controller.feature import Command, Listener, Program
from controller.fleet.sessions import NewSessions
from controller.identity.store import facts_of, words_of
from protocol.messages import PairAnswer, PairsAnswered
from protocol.model import Place

_Pairs = tuple[PairAnswer, ...]


class PairListener(Listener[Any]):
    """Says the school's words on pairs; what was said in a session before may be lost."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._sessions = NewSessions()
        self._told: dict[Place, _Pairs] = {}
        self._due: list[Command] = []

    def greet(self, now_ms: int) -> None:
        """What was said in the session before may be lost."""
        self._sessions.forget()
        self._told.clear()

    def load(self, db: Connection) -> None:
        """Say all anew."""
        self.greet(0)

    def poll(self, db: Connection, now_ms: int) -> Sequence[object]:
        """Look up what is to be said: to new sessions, and what is otherwise than was said."""
        for agent in self._sessions.take():
            self._told.pop(agent.place, None)
        by_agent = defaultdict[Place, list[PairAnswer]](list)
        for word in words_of(db, self._program.school):
            answer = PairAnswer(one=word.one, other=word.other, is_one=word.is_one)
            by_agent[word.place].append(answer)
        for told in facts_of(db, self._program.school):
            pairs = tuple(by_agent[told.place])
            if self._told.get(told.place) != pairs:
                self._told[told.place] = pairs
                self._due.append(self._command(told.place, pairs, now_ms))
        return ()

    def follow(self, changes: Sequence[object], now_ms: int) -> Iterable[Command]:
        """Say what is due."""
        self._sessions.see(changes)
        due, self._due = self._due, []
        return due

    def _command(self, agent: Place, pairs: _Pairs, now_ms: int) -> Command:
        message = PairsAnswered(boot=self._program.boot, at_ms=now_ms, pairs=pairs)
        return Command(agent.agent, "pairs", message, qos=1)
