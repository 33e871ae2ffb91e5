"""This file paces what is told again: a few events, their answer, a pause, the next few. Pure."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence
from typing import Final

AT_ONCE: Final = 32
PAUSE_S: Final = 0.5  # 64 events a second: 40 rooms at a time are a tenth of what a school can take
PATIENCE_S: Final = 30.0  # what is told now goes first at the receiver, too


class Retelling:
    """What one start of the receiver lacks. places: in the archive, oldest first.

    receiver: the start's name. since_ms: what happened before is passed over.
    """

    def __init__(self, receiver: str, since_ms: int, places: Sequence[int]) -> None:
        self.receiver = receiver
        self.since_ms = since_ms
        self._places = array("q", places)
        self._next = 0
        self._flight: set[int] = set()
        self._sent_s = -math.inf

    def due(self, now_s: float) -> list[int]:
        """The places to tell now: the next, or those that had no answer for long; perhaps none."""
        if self.is_over or now_s < self._due_s():
            return []
        if not self._flight:
            self._flight.update(self._places[self._next : self._next + AT_ONCE])
            self._next += AT_ONCE
        self._sent_s = now_s
        return sorted(self._flight)

    def wait_s(self, now_s: float) -> float:
        """How long nothing is due."""
        return math.inf if self.is_over else max(0.0, self._due_s() - now_s)

    def settle(self, places: Iterable[int]) -> None:
        """The receiver has these, or they are not here any more."""
        self._flight.difference_update(places)

    def send_again(self) -> None:
        """What was on its way may be lost."""
        self._sent_s = -math.inf

    @property
    def is_over(self) -> bool:
        """Whether all was told and answered."""
        return not self._flight and self._next >= len(self._places)

    def _due_s(self) -> float:
        return self._sent_s + (PATIENCE_S if self._flight else PAUSE_S)
