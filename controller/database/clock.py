"""This file tells a time that a wrong clock cannot move far: by it old data is let go.

The last time that was believed is kept with the data and advances with running time. A clock that
stands before it, or jumps far ahead of it, is believed only when others agree: the system's time
service, or most agents; or when it has gone on steadily for a week.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

from sqlalchemy import Connection, func, select

from controller.database.facts import fact_of, require_fact, set_fact
from controller.database.schema import metadata
from controller.database.scope import everywhere
from protocol.model import FIRST_MS

DAY_MS: Final = 86_400_000
BEHIND_MS: Final = 10 * 60_000  # a clock is set back by so much without harm
AHEAD_MS: Final = 45 * DAY_MS  # a server that was off over a holiday
STEADY_S: Final = 7 * 86_400.0
AGREED_MS: Final = DAY_MS
MIN_WITNESSES: Final = 3
SYNCHRONIZED: Final = Path("/run/systemd/timesync/synchronized")
_MARK: Final = "time_mark_ms"
require_fact(_MARK, int)


@dataclass(slots=True)
class GuardedClock:
    """The time by which old data goes. mark_ms: the last believed one.

    wall_ms, monotonic_s: the machine's clocks. is_synchronized: whether its time service vouches.
    """

    mark_ms: int
    wall_ms: Callable[[], int]
    monotonic_s: Callable[[], float] = time.monotonic
    is_synchronized: Callable[[], bool] = SYNCHRONIZED.exists
    believed: bool = True
    _words: dict[str, tuple[int, float]] = field(default_factory=dict)
    _looked_s: float = 0.0
    _doubted_s: float = 0.0
    _looking: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        """Look at the clock for the first time."""
        self._looked_s = self.monotonic_s()
        self.look()

    def hear(self, agent: str, at_ms: int) -> None:
        """Take an agent's word for what time it is now; it goes on with running time."""
        self._words[agent] = at_ms, self.monotonic_s()

    def look(self) -> int:
        """The believed time now; from any thread."""
        with self._looking:
            return self._look()

    def _look(self) -> int:
        now_s, wall_ms = self.monotonic_s(), self.wall_ms()
        elapsed_s, self._looked_s = now_s - self._looked_s, now_s
        reckoned_ms = self.mark_ms + int(elapsed_s * 1000)
        near = -BEHIND_MS <= wall_ms - reckoned_ms <= AHEAD_MS
        self._doubted_s = 0.0 if near else self._doubted_s + elapsed_s
        agreed = wall_ms >= FIRST_MS and (self._is_vouched_for() or self._doubted_s > STEADY_S)
        self.believed = near or agreed
        if agreed:
            self.mark_ms = wall_ms
        else:
            self.mark_ms = max(wall_ms, reckoned_ms) if near else reckoned_ms
        return self.mark_ms

    def _is_vouched_for(self) -> bool:
        now_s, wall_ms = self.monotonic_s(), self.wall_ms()
        off_ms = [at_ms + (now_s - s) * 1000 - wall_ms for at_ms, s in self._words.values()]
        if len(off_ms) >= MIN_WITNESSES:
            return abs(median(off_ms)) < AGREED_MS
        return self.is_synchronized()


def clock_in(db: Connection, wall_ms: Callable[[], int]) -> GuardedClock:
    """The clock whose mark the database keeps; at the first start the wall's, if that can be."""
    mark = fact_of(db, _MARK) or _newest_arrival(db)
    return GuardedClock(int(mark) if mark else max(wall_ms(), FIRST_MS), wall_ms)


def _newest_arrival(db: Connection) -> int | None:
    """What a database of before knows of the time: when something came last."""
    arrivals = metadata.tables["events"]
    query = select(func.max(arrivals.c.received_ms)).where(everywhere(arrivals))
    return db.execute(query).scalar()


def keep_mark(db: Connection, clock: GuardedClock) -> None:
    """Keep the believed time with the data."""
    set_fact(db, _MARK, str(clock.look()))


def words_of(clock: GuardedClock) -> Mapping[str, object]:
    """What supervision is told of it."""
    return {"clock": "believed" if clock.believed else "doubted"}
