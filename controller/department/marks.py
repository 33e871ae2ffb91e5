"""This file finds marks, such as serials, that live in two schools and so name no piece. Pure.

The department hears of an item once a week, so it asks: what two schools see now, each after the
other did, for longer than a thing that is carried could be in both, are two pieces. Only ids go
up and down.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, NamedTuple

from protocol.messages import MAX_MARKS
from protocol.model import Place
from protocol.upward import MarksSeen

ASK_EVERY_MS: Final = 300_000
PROOF_MS: Final = 900_000  # a lost agent is known as such in minutes
ANSWER_MS: Final = 60_000
GAP_MS: Final = 3 * ASK_EVERY_MS  # without an answer for so long, nobody knows
PAIRS_LIMIT: Final = 20_000


class MarkHolder(NamedTuple):
    """A school that bears a mark. item: the school's id of its piece."""

    school: str
    mark: str
    item: str


class ContestedMark(NamedTuple):
    """A school's piece with a mark that another school's piece has, too, since when."""

    place: Place
    mark: str
    item: str
    since_ms: int


class AskMarks(NamedTuple):
    """A school shall be asked which of these it sees."""

    school: str
    question: str
    marks: tuple[str, ...]


class TellMarks(NamedTuple):
    """A school shall be told which of its marks name no piece."""

    school: str
    marks: tuple[str, ...]


class _Sight(NamedTuple):
    """Since when a school says without a break that it sees a mark, and as which of its items."""

    items: frozenset[str]
    since_ms: int
    last_ms: int


class _Question(NamedTuple):
    name: str
    marks: frozenset[str]
    asked_ms: int


@dataclass(slots=True)
class MarkWatch:
    """The marks of which several schools tell. new_name: never the same again.

    contested: by mark, who was found to bear it: school and item.
    """

    province: str
    new_name: Callable[[], str] = secrets.token_hex
    contested: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    _due: dict[str, dict[str, int]] = field(default_factory=dict)
    _asked: dict[str, _Question] = field(default_factory=dict)
    _sights: dict[str, dict[str, _Sight]] = field(default_factory=dict)
    _told: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)

    def know(self, found: Iterable[MarkHolder]) -> None:
        """Take in what is stored: who was found to bear contested marks."""
        self.contested = {}
        for holder in found:
            self.contested.setdefault(holder.mark, set()).add((holder.school, holder.item))

    def take(self, holders: Iterable[MarkHolder], now_ms: int) -> None:
        """Take in which schools list what others list, or what was contested: they are asked."""
        room = PAIRS_LIMIT - sum(map(len, self._due.values()))
        for holder in islice(holders, max(0, room)):
            self._due.setdefault(holder.school, {}).setdefault(holder.mark, now_ms)

    def ask(self, online: Collection[str], now_ms: int) -> list[AskMarks]:
        """Whom to ask now; a question that is on its way is not asked again at once."""
        asks: list[AskMarks] = []
        for school in sorted(online & self._due.keys()):
            pending = self._asked.get(school)
            if pending and abs(now_ms - pending.asked_ms) < ANSWER_MS:
                continue
            due = [mark for mark, at_ms in self._due[school].items() if at_ms <= now_ms]
            if marks := tuple(sorted(due)[:MAX_MARKS]):
                question = _Question(self.new_name(), frozenset(marks), now_ms)
                self._asked[school] = question
                asks.append(AskMarks(school, question.name, marks))
        return asks

    def hear(self, school: str, told: MarksSeen, now_ms: int) -> list[ContestedMark]:
        """Take an answer; what it proves. One to no question, or to an old one, says nothing."""
        question = self._asked.get(school)
        if question is None or question.name != told.asked:
            return []
        del self._asked[school]
        seen = defaultdict[str, set[str]](set)
        for one in told.seen:
            if one.mark in question.marks:
                seen[one.mark].add(one.item)
        for mark in question.marks:
            self._note(school, mark, frozenset(seen.get(mark, ())), now_ms)
        return [found for mark in sorted(seen) for found in self._proven(mark, now_ms)]

    def tell(self, listed: Iterable[MarkHolder], boots: Mapping[str, str]) -> list[TellMarks]:
        """Whom to tell what: once in each start of a school, and as it changes.

        listed: which contested marks stand in schools' lists still. boots: who is there.
        """
        by_school = defaultdict[str, list[str]](list)
        for holder in listed:
            by_school[holder.school].append(holder.mark)
        self._told = {name: told for name, told in self._told.items() if name in by_school}
        tells: list[TellMarks] = []
        for school in sorted(by_school.keys() & boots.keys()):
            marks = tuple(sorted(by_school[school])[:MAX_MARKS])
            if self._told.get(school) != (boots[school], marks):
                self._told[school] = boots[school], marks
                tells.append(TellMarks(school, marks))
        return tells

    def _note(self, school: str, mark: str, items: frozenset[str], now_ms: int) -> None:
        sights = self._sights.setdefault(mark, {})
        if not items:
            sights.pop(school, None)
            self._due.get(school, {}).pop(mark, None)
        else:
            before = sights.get(school)
            goes_on = before is not None and 0 <= now_ms - before.last_ms <= GAP_MS
            since_ms = before.since_ms if before and goes_on else now_ms
            sights[school] = _Sight(items, since_ms, now_ms)
            self._due.setdefault(school, {})[mark] = now_ms + ASK_EVERY_MS
        if not sights:
            del self._sights[mark]

    def _proven(self, mark: str, now_ms: int) -> list[ContestedMark]:
        """Who bears the mark beside others, for long enough or as was found; each item once."""
        sights, known = self._sights[mark], self.contested.get(mark, set())
        found = _alive_together(sights) | {school for school, _ in known} & sights.keys()
        fresh = {(school, item) for school in found for item in sights[school].items} - known
        if fresh:
            self.contested[mark] = known | fresh
        return [
            ContestedMark(Place(self.province, school), mark, item, now_ms)
            for school, item in sorted(fresh)
        ]


def _alive_together(sights: Mapping[str, _Sight]) -> set[str]:
    """The schools that each saw it after another one did, for long enough."""
    together: defaultdict[str, set[str]] = defaultdict(set)
    for school, one in sights.items():
        for other, another in sights.items():
            shared_ms = min(one.last_ms, another.last_ms) - max(one.since_ms, another.since_ms)
            if school != other and shared_ms >= PROOF_MS:
                together[school].add(other)
    return set(together)
