"""This file gives so much at once, and so much a second after that (a token bucket)."""

from __future__ import annotations


class Allowance:
    """What is left of it; full at first. The times are in seconds, of one clock."""

    def __init__(self, burst: float, per_s: float, now_s: float) -> None:
        self._burst = burst
        self._per_s = per_s
        self._left = burst
        self._counted_s = now_s

    def takes(self, count: float, now_s: float) -> bool:
        """Whether there is so much; then it is used."""
        self._left = min(self._burst, self._left + (now_s - self._counted_s) * self._per_s)
        self._counted_s = now_s
        if count > self._left:
            return False
        self._left -= count
        return True
