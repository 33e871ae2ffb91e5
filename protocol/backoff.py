"""This file says how long to wait before the next try: twice as long each time, up to a cap."""

from __future__ import annotations

import random
from collections.abc import Callable


class Backoff:
    """Waits that begin at `first_s` and double up to `cap_s`, until a try succeeds.

    chance: numbers from 0 to 1; each wait is shortened by up to a half, for what failed together
    (rooms that lost power) must not come back in step.
    """

    def __init__(
        self, first_s: float, cap_s: float, chance: Callable[[], float] = random.random
    ) -> None:
        self._first_s = first_s
        self._cap_s = cap_s
        self._chance = chance
        self.bound_s = first_s  # the longest that the next wait can be

    def next_s(self) -> float:
        """The wait before this try, in seconds; the one after it is longer."""
        wait_s = self.bound_s * (0.5 + self._chance() / 2)
        self.lengthen()
        return wait_s

    def lengthen(self) -> None:
        """A try failed: double the bound."""
        self.bound_s = min(self.bound_s * 2, self._cap_s)

    def reset(self) -> None:
        """A try succeeded: begin anew."""
        self.bound_s = self._first_s
