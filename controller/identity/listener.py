"""This file tells agents which two of their devices are one by the school's word.

The whole of it, once in each session of an agent that explains its devices, and as it changes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from sqlalchemy import Connection

from controller.feature import Command
from controller.fleet.owed import OwedWords
from controller.identity.store import facts_of, words_of
from protocol.messages import PairAnswer, PairsAnswered
from protocol.model import Place

_Pairs = tuple[PairAnswer, ...]


class PairListener(OwedWords[_Pairs]):
    """Says the school's words on pairs; nobody answers them."""

    def owed(self, db: Connection, now_ms: int) -> Iterator[tuple[Place, _Pairs]]:
        """What is said of each one's pairs."""
        by_agent = defaultdict[Place, list[PairAnswer]](list)
        for word in words_of(db, self._program.school):
            answer = PairAnswer(one=word.one, other=word.other, is_one=word.is_one)
            by_agent[word.place].append(answer)
        for told in facts_of(db, self._program.school):
            yield told.place, tuple(by_agent[told.place])

    def command(self, db: Connection, to: Place, word: _Pairs, now_ms: int) -> Command:
        """All that is said of one's pairs."""
        message = PairsAnswered(boot=self._program.boot, at_ms=now_ms, pairs=word)
        return Command(to.agent, "pairs", message, qos=1)
