"""This file tells agents what the school says of their devices: which two are one, what one is.

The whole of it, once in each session of an agent that explains its devices, and as it changes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from controller.feature import Command, Listener, Program
from controller.fleet.sessions import NewSessions
from controller.identity.store import facts_of, kind_words_of, words_of
from protocol.messages import KindAnswer, KindsAnswered, PairAnswer, PairsAnswered
from protocol.model import Place


class _Words(NamedTuple):
    """What the school says of an agent's devices."""

    pairs: tuple[PairAnswer, ...] = ()
    kinds: tuple[KindAnswer, ...] = ()


class IdentityListener(Listener[Any]):
    """Says the school's words on devices; what was said in a session before may be lost."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._sessions = NewSessions()
        self._told: dict[Place, _Words] = {}
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
        pairs = defaultdict[Place, list[PairAnswer]](list)
        for word in words_of(db, self._program.school):
            pair = PairAnswer(one=word.one, other=word.other, is_one=word.is_one)
            pairs[word.place].append(pair)
        kinds = defaultdict[Place, list[KindAnswer]](list)
        for said in kind_words_of(db, self._program.school):
            kinds[said.place].append(KindAnswer(device=said.device, is_kind=said.is_kind))
        for told in facts_of(db, self._program.school):
            words = _Words(tuple(pairs[told.place]), tuple(kinds[told.place]))
            self._due += self._commands(told.place, self._told.get(told.place), words, now_ms)
            self._told[told.place] = words
        return ()

    def follow(self, changes: Sequence[object], now_ms: int) -> Iterable[Command]:
        """Say what is due."""
        self._sessions.see(changes)
        due, self._due = self._due, []
        return due

    def _commands(
        self, agent: Place, told: _Words | None, words: _Words, now_ms: int
    ) -> Iterator[Command]:
        """What is otherwise than was said in this session."""
        boot = self._program.boot
        if told is None or told.pairs != words.pairs:
            pairs = PairsAnswered(boot=boot, at_ms=now_ms, pairs=words.pairs)
            yield Command(agent.agent, "pairs", pairs, qos=1)
        if told is None or told.kinds != words.kinds:
            kinds = KindsAnswered(boot=boot, at_ms=now_ms, kinds=words.kinds)
            yield Command(agent.agent, "kinds", kinds, qos=1)
