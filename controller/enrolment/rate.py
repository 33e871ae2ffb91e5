"""This file counts tries: so many a minute, whoever makes them. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

_MINUTE_S: Final = 60.0


class Rate:
    """How many tries a minute are taken. now_s: the running clock."""

    def __init__(self, now_s: Callable[[], float], tries_a_minute: int) -> None:
        self._now_s = now_s
        self._tried_s: deque[float] = deque(maxlen=tries_a_minute)

    def may_try(self) -> bool:
        """Whether another try is taken now; it then counts."""
        now_s = self._now_s()
        is_full = len(self._tried_s) == self._tried_s.maxlen
        if is_full and now_s - self._tried_s[0] < _MINUTE_S:
            return False
        self._tried_s.append(now_s)
        return True
