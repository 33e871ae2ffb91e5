"""This file decides which camera is looked at next. Pure; time comes in."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

T = TypeVar("T", bound=Hashable)

# So many wrong passwords lock no camera; more might.
_REFUSALS: Final = 3


@dataclass(slots=True)
class _Due:
    at: float
    refusals: int = 0


class Rounds(Generic[T]):
    """Cameras in turn: a new one at once, one in trouble soon, one that is well in a while.

    every_s, again_s: the pause after a look at a camera that is well, and that is in trouble.
    """

    def __init__(self, every_s: float, again_s: float) -> None:
        self._every_s = every_s
        self._again_s = again_s
        self._due: dict[T, _Due] = {}

    def next(self, targets: Iterable[T], now: float) -> T | None:
        """The camera whose turn it is, or None while there is none. Forgets those not wanted."""
        self._due = {target: self._due.get(target, _Due(float("-inf"))) for target in targets}
        due = [target for target, when in self._due.items() if when.at <= now]
        return min(due, default=None, key=lambda target: self._due[target].at)

    def note_look(self, target: T, now: float, *, well: bool, refused: bool = False) -> None:
        """A look is over. refused: a password of ours was."""
        when = self._due.setdefault(target, _Due(now))
        when.refusals = when.refusals + 1 if refused else 0
        hurry = not well and when.refusals < _REFUSALS
        when.at = now + (self._again_s if hurry else self._every_s)
