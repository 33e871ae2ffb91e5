"""This file holds how a line of the register fares over time, step by step; pure.

The newest step that was not taken back counts; before the first one the book's word does. Steps
are only ever added: taking one back is a step of its own, so that who and when are never lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Any, Final, NamedTuple

import msgspec

from controller.register.merging import Kept
from controller.register.vocabulary import CONDITION_WORDS, Condition
from protocol.errors import ActionError
from protocol.words import N_, Translate

MAX_NOTE: Final = 500
ALL_PCT: Final = 100


class Said(NamedTuple):
    """Who says something, and when."""

    who: str
    at_ms: int


class Why(StrEnum):
    """What brought a step about. undone: it takes another one back."""

    FAULT = "fault"
    PERSON = "person"
    STOCKTAKE = "stocktake"
    BOOK = "book"
    UNDONE = "undone"


WHY_WORDS: Final[Mapping[Why, str]] = {
    Why.FAULT: N_("a teacher's report"),
    Why.PERSON: N_("a person's word"),
    Why.STOCKTAKE: N_("stocktake"),
    Why.BOOK: N_("the equipment book"),
    Why.UNDONE: N_("undone"),
}

_IN_USE: Final = frozenset({Condition.GOOD, Condition.BROKEN})
_MENDABLE: Final = _IN_USE | {Condition.REPAIR, Condition.AWAITING_DISPOSAL, Condition.LOST}
# What a person may say next. Of what is disposed only an error is told: that needs a reason.
FOLLOWS: Final[Mapping[str, frozenset[Condition]]] = {
    "": frozenset(Condition),
    Condition.GOOD: _MENDABLE - {Condition.GOOD},
    Condition.BROKEN: _MENDABLE - {Condition.BROKEN},
    Condition.REPAIR: _MENDABLE - {Condition.REPAIR},
    Condition.AWAITING_DISPOSAL: frozenset(Condition) - {Condition.AWAITING_DISPOSAL},
    Condition.DISPOSED: frozenset(),
    Condition.LOST: _IN_USE | {Condition.DISPOSED},
}


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A step of a line. no: grows with each, 0 before it is kept; at_ms: since when it is so.

    condition: of Condition; empty only where a step is taken back and the book says nothing.
    quality_pct: what the item is still worth. repair: the repair that it belongs to. undoes: the
    step that it takes back.
    """

    no: int = 0
    line: int
    condition: str
    why: Why
    who: str = ""
    at_ms: int = 0
    note: str = ""
    quality_pct: int | None = None
    repair: int | None = None
    undoes: int | None = None


class LineLife:
    """A line's steps. book: what the book says now, and since when."""

    def __init__(
        self, line: int, steps: Iterable[Step] = (), *, book: str = "", book_ms: int = 0
    ) -> None:
        self.line = line
        self.history = tuple(sorted(steps, key=lambda step: step.no))
        self._book = book
        self._book_ms = book_ms
        back = {step.undoes for step in self.history}
        valid = (step for step in self.history if step.undoes is None and step.no not in back)
        self.standing = tuple(sorted(valid, key=lambda step: (step.at_ms, step.no)))

    @property
    def newest(self) -> Step | None:
        """The step that counts."""
        return self.standing[-1] if self.standing else None

    @property
    def condition(self) -> str:
        """How the line fares: a code of Condition, or empty."""
        return self.newest.condition if self.newest else self._book

    def taken(
        self,
        condition: str,
        why: Why,
        *,
        who: str = "",
        at_ms: int,
        note: str = "",
        quality_pct: int | None = None,
        repair: int | None = None,
    ) -> tuple[Step, ...]:
        """The steps to keep, in this order: at the first one the book's word goes before it.

        A fault changes only what was in use. Only a stocktake may tell of the past: its pages
        work without a network. Raises ActionError where a person may not say so.
        """
        if why is Why.FAULT and self.condition not in {"", Condition.GOOD}:
            return ()
        if why is Why.PERSON:
            self._judge(condition, note, quality_pct)
        newest_ms = self.newest.at_ms if self.newest else 0
        step = Step(
            line=self.line,
            condition=condition,
            why=why,
            who=who,
            at_ms=at_ms if why is Why.STOCKTAKE else max(at_ms, newest_ms),
            note=note[:MAX_NOTE],
            quality_pct=quality_pct,
            repair=repair,
        )
        return (*self._base(step.at_ms), step)

    def undone(self, who: str, at_ms: int) -> Step:
        """The step that takes the newest one back. Raises ActionError where there is none."""
        newest = self.newest
        if newest is None or (newest.why is Why.BOOK and newest == self.history[0]):
            raise ActionError(
                "nothing_to_undo",
                N_("Nothing was said of this line that could be undone."),
                N_("What the book says is put right in the book."),
            )
        return self._back(newest, who, at_ms)

    def without(self, no: int, who: str, at_ms: int) -> Step | None:
        """The step that takes this newest one back; None where it does not count any more."""
        newest = self.newest
        if newest is None or newest.no != no:
            return None
        return self._back(newest, who, at_ms)

    def may_become(self) -> tuple[Condition, ...]:
        """What a person may say next without a reason, in the order of Condition."""
        return tuple(condition for condition in Condition if condition in FOLLOWS[self.condition])

    def _back(self, newest: Step, who: str, at_ms: int) -> Step:
        before = self.standing[-2].condition if len(self.standing) > 1 else self._book
        return Step(
            line=self.line,
            condition=before,
            why=Why.UNDONE,
            who=who,
            at_ms=max(at_ms, newest.at_ms),
            undoes=newest.no,
        )

    def _base(self, until_ms: int) -> tuple[Step, ...]:
        """The book's word as a step, so that what comes after it can be taken back."""
        if self.history or not self._book:
            return ()
        at_ms = min(self._book_ms, until_ms)
        return (Step(line=self.line, condition=self._book, why=Why.BOOK, at_ms=at_ms),)

    def _judge(self, condition: str, note: str, quality_pct: int | None) -> None:
        if quality_pct is not None and not 0 <= quality_pct <= ALL_PCT:
            raise ActionError("quality_invalid", N_("A quality is 0 to 100 %."))
        if condition == self.condition:
            if not note and quality_pct is None:
                raise ActionError("condition_same", N_("It is so already."))
        elif self.condition == Condition.DISPOSED:
            if not note:
                raise ActionError(
                    "condition_final",
                    N_("What is disposed can only be put right."),
                    N_("Say why with a note, or undo the step."),
                )
        elif condition not in FOLLOWS[self.condition]:
            raise ActionError(
                "condition_out_of_order",
                N_("{now} cannot be followed by {next}."),
                now=self.condition,
                next=condition,
            )


def life_of(line: Kept, steps: Iterable[Step] = ()) -> LineLife:
    """The life of a line that is kept."""
    return LineLife(line.no, steps, book=line.data.condition, book_ms=line.changed_ms)


def newest_of(steps: Iterable[Step], as_of_ms: int | None = None) -> Step | None:
    """The step of one line that counted then; None while none was taken."""
    past = (step for step in steps if as_of_ms is None or step.at_ms <= as_of_ms)
    return LineLife(0, past).newest


def brought(
    before: Mapping[int, Kept],
    writes: Iterable[Kept],
    steps: Mapping[int, Sequence[Step]],
    *,
    who: str = "",
    now_ms: int = 0,
) -> tuple[Step, ...]:
    """The steps that a book's new words make: of lines whose cell is another than it last was.

    An empty cell says nothing, and after it the same word as before is nothing new either.
    """
    new_steps: list[Step] = []
    for after in writes:
        previous = before.get(after.no)
        if previous is None or not after.data.condition:
            continue
        life = life_of(previous, steps.get(after.no, ()))
        if after.data.condition == _last_told(previous, life):
            continue
        newest = life.newest
        same = newest is not None and newest.condition == after.data.condition
        new_steps += life.taken(
            after.data.condition,
            Why.BOOK,
            who=who,
            at_ms=now_ms,
            repair=newest.repair if newest and same else None,
        )
    return tuple(new_steps)


def _last_told(line: Kept, life: LineLife) -> str:
    """What the book said last, before any empty cell."""
    by_book = [step.condition for step in life.history if step.why is Why.BOOK]
    return line.data.condition or (by_book[-1] if by_book else "")


def condition_word(condition: str, say: Translate) -> str:
    """The condition as people call it; of none that nothing was said."""
    return say(CONDITION_WORDS[condition]) if condition in CONDITION_WORDS else say(N_("not told"))


def step_words(step: Step, say: Translate) -> str:
    """A step in a few words: in good repair, 80 % (stocktake)."""
    quality = "" if step.quality_pct is None else f", {step.quality_pct} %"
    return f"{condition_word(step.condition, say)}{quality} ({say(WHY_WORDS[step.why])})"


def told_step(step: Step, zone: tzinfo) -> dict[str, Any]:
    """A step as JSON tells it."""
    return told_entry(step, zone, without=frozenset({"line"}))


def told_entry(entry: msgspec.Struct, zone: tzinfo, *, without: frozenset[str]) -> dict[str, Any]:
    """What happened at a moment (`at_ms`) as JSON tells it; what is not there is left out."""
    fields = msgspec.to_builtins(entry)
    fields["at"] = local_iso(fields.pop("at_ms"), zone)
    return {
        name: value
        for name, value in fields.items()
        if value not in ("", None) and name not in without
    }


def local_iso(at_ms: int, zone: tzinfo) -> str:
    """The moment as ISO 8601 text, by the clock of a zone."""
    return datetime.fromtimestamp(at_ms / 1000, zone).isoformat()
