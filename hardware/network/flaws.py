"""This file counts what a well-behaved device does not say, and tells of it in moderation; pure."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from hardware.readings import Flaw

# Of the same fault of the same host once a minute, and of all together so many a minute.
_AGAIN_S: Final = 60.0
_A_MINUTE: Final = 20
_KEPT: Final = 256


class Flaws:
    """What was wrong so far. source: the sense that heard it. counts: how often, by code."""

    def __init__(self, source: str) -> None:
        self.counts: dict[str, int] = {}
        self._source = source
        self._told_at: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._minute = float("-inf")
        self._told = 0

    def count(self, code: str, address: str, now: float) -> Flaw | None:
        """Count a fault. Gives what to report of it; None where enough was said. now: seconds."""
        self.counts[code] = self.counts.get(code, 0) + 1
        if now - self._minute >= _AGAIN_S:
            self._minute, self._told = now, 0
        recent = now - self._told_at.get((code, address), float("-inf")) < _AGAIN_S
        if recent or self._told >= _A_MINUTE:
            return None
        self._told += 1
        self._told_at[code, address] = now
        if len(self._told_at) > _KEPT:
            self._told_at.popitem(last=False)
        return Flaw(source=self._source, code=code, address=address)
