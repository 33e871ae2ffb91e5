"""This file tells the present moment by each clock, also where the wall's cannot be right."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from agent.room import Moment
from protocol.clock import steady_s, wall_ms
from protocol.model import FIRST_MS, instant

SET_MS: Final = 60_000  # by less a clock is kept right, not set


class RoomClock:
    """The clocks of the room's computer; one that woke in 1970 goes on from where it was last.

    path: a file whose date is the time that was told last.
    """

    def __init__(
        self,
        path: Path,
        wall: Callable[[], int] = wall_ms,
        steady: Callable[[], float] = steady_s,
    ) -> None:
        self._path, self._wall, self._steady = path, wall, steady
        self._told_ms = _date_of(path)
        self._zero_ms: int | None = None
        self._looked_s = steady()
        self._ahead_ms = 0

    def now(self) -> Moment:
        """This instant by each clock; the day and minute of the computer's own time zone."""
        at_ms = self._at_ms()
        at = instant(at_ms).astimezone()
        minute = at.hour * 60 + at.minute + at.second / 60
        return Moment(at_ms, self._looked_s, at.date().isoformat(), minute)

    def keep(self) -> None:
        """Date the file, for the next start; a folder that takes nothing is told of elsewhere."""
        with suppress(OSError):
            self._path.touch()
            os.utime(self._path, (self._told_ms / 1000, self._told_ms / 1000))

    def _at_ms(self) -> int:
        """The wall's time; while that cannot be, the time that ran since it last could."""
        now_s, wall = self._steady(), self._wall()
        reckoned_ms = self._told_ms + round((now_s - self._looked_s) * 1000)
        zero_ms = wall - round(now_s * 1000)
        if self._zero_ms is None or abs(zero_ms - self._zero_ms) >= SET_MS:
            is_impossible = wall < FIRST_MS <= reckoned_ms
            self._ahead_ms = reckoned_ms - wall if is_impossible else 0
            self._zero_ms = zero_ms
        self._looked_s, self._told_ms = now_s, wall + self._ahead_ms
        return self._told_ms


def _date_of(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns // 1_000_000
    except OSError:
        return 0
