"""This file tells agents what the school says of their devices: which two are one, what one is.

The whole of it, once in each session of an agent that explains its devices, and as it changes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import msgspec
from sqlalchemy import Connection

from controller.feature import Command
from controller.fleet.owed import OwedWords
from controller.identity.store import facts_of, kind_words_of, words_of
from protocol.messages import KindAnswer, KindsAnswered, PairAnswer, PairsAnswered
from protocol.model import Place


class _Pairs(msgspec.Struct, frozen=True):
    """Which two devices of an agent are one."""

    answers: tuple[PairAnswer, ...]


class _Kinds(msgspec.Struct, frozen=True):
    """What devices of an agent are."""

    answers: tuple[KindAnswer, ...]


class IdentityListener(OwedWords[_Pairs | _Kinds]):
    """Says the school's words on devices; nobody answers them."""

    def owed(self, db: Connection, now_ms: int) -> Iterator[tuple[Place, _Pairs | _Kinds]]:
        """What is said of each one's devices."""
        pairs = defaultdict[Place, list[PairAnswer]](list)
        for word in words_of(db, self._program.school):
            pair = PairAnswer(one=word.one, other=word.other, is_one=word.is_one)
            pairs[word.place].append(pair)
        kinds = defaultdict[Place, list[KindAnswer]](list)
        for said in kind_words_of(db, self._program.school):
            kinds[said.place].append(KindAnswer(device=said.device, is_kind=said.is_kind))
        for told in facts_of(db, self._program.school):
            yield told.place, _Pairs(tuple(pairs[told.place]))
            yield told.place, _Kinds(tuple(kinds[told.place]))

    def command(self, db: Connection, to: Place, word: _Pairs | _Kinds, now_ms: int) -> Command:
        """All that is said of one's pairs, or of what they are."""
        boot = self._program.boot
        match word:
            case _Pairs(answers):
                pairs = PairsAnswered(boot=boot, at_ms=now_ms, pairs=answers)
                return Command(to.agent, "pairs", pairs, qos=1)
            case _Kinds(answers):
                kinds = KindsAnswered(boot=boot, at_ms=now_ms, kinds=answers)
                return Command(to.agent, "kinds", kinds, qos=1)
