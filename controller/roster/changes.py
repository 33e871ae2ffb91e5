"""This file says what new class lists change, without a name: who joins, leaves or moves; pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from controller.roster.plan import SchoolClass
from controller.sheets.names import natural
from protocol.formats import phrase
from protocol.words import N_, Translate

MANY: Final = 2  # of a class, who leave at once
MANY_SHARE: Final = 0.2
NUMBERS: Final = 20  # said at once


class ClassChange(NamedTuple):
    """What becomes of one class, by numbers in its book.

    joined: new numbers; left: old ones; renumbered: old and new. size: how many there were.
    """

    code: str
    size: int
    joined: tuple[int, ...] = ()
    left: tuple[int, ...] = ()
    renumbered: tuple[tuple[int, int], ...] = ()

    @property
    def asks(self) -> bool:
        """Whether a person should look first: many leave, or printed cards fit no more."""
        many = len(self.left) >= MANY and len(self.left) > MANY_SHARE * self.size
        return many or bool(self.renumbered)

    def said(self, say: Translate) -> str:
        """One line for people."""
        parts = [
            phrase(message, say, count=len(numbers), numbers=_listed(numbers))
            for message, numbers in ((_JOIN, self.joined), (_LEAVE, self.left))
            if numbers
        ]
        if self.renumbered:
            pairs = [f"{old}→{new}" for old, new in self.renumbered]
            parts.append(phrase(_RENUMBER, say, count=len(pairs), numbers=_listed(pairs)))
        return f"{self.code}: {'; '.join(parts)}."


_JOIN: Final = N_("joining: {count} (numbers {numbers})")
_LEAVE: Final = N_("leaving: {count} (numbers {numbers})")
_RENUMBER: Final = N_(
    "renumbered: {count} ({numbers}), cards printed for the old numbers fit no more"
)


def changes_of(
    before: Sequence[SchoolClass], after: Sequence[SchoolClass], *, whole: bool = False
) -> list[ClassChange]:
    """What the lists of after change in those of before, by class; nothing for who stays.

    whole: classes that are not among them are gone.
    """
    fresh = {one.code: {pupil.student: pupil.number for pupil in one.pupils} for one in after}
    held = {one.code: {pupil.student: pupil.number for pupil in one.pupils} for one in before}
    codes = {*fresh, *held} if whole else {*fresh}
    changes = (_change(code, held.get(code, {}), fresh.get(code, {})) for code in codes)
    told = [change for change in changes if change.joined or change.left or change.renumbered]
    return sorted(told, key=lambda change: natural(change.code))


def _change(code: str, held: dict[str, int], fresh: dict[str, int]) -> ClassChange:
    return ClassChange(
        code,
        len(held),
        joined=tuple(sorted(number for student, number in fresh.items() if student not in held)),
        left=tuple(sorted(number for student, number in held.items() if student not in fresh)),
        renumbered=tuple(
            sorted(
                (old, fresh[student])
                for student, old in held.items()
                if fresh.get(student, old) != old
            )
        ),
    )


def _listed(values: Sequence[object]) -> str:
    """The first of them, with dots behind where there are more."""
    return ", ".join(map(str, values[:NUMBERS])) + (" …" if len(values) > NUMBERS else "")
