"""This file says how many events may be under way: many while answers come soon, few while late.

As in TCP (RFC 5681): what waits at the receiver delays everybody there, and helps nobody.
"""

from __future__ import annotations

from typing import Final

FIRST: Final = 64
LEAST: Final = 16
AIM_S: Final = 1.0  # from a sending to its answer


class Window:
    """Grows by what was answered in time, and is halved once for all that was sent before that."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.size = min(FIRST, most)
        self._halved_s = float("-inf")

    def note(self, sent_s: float, now_s: float, count: int) -> None:
        """So many were answered now; the first of them was sent then."""
        if now_s - sent_s <= AIM_S:
            self.size = min(self._most, self.size + count)
        elif sent_s > self._halved_s:
            self.size = max(min(LEAST, self._most), self.size // 2)
            self._halved_s = now_s
