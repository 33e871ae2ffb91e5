"""This file tells the time by which the controller goes: a wrong clock cannot move it far.

The last time that was believed is kept with the data and advances with running time. A clock that
stands before it, or jumps far ahead of it, is believed only when others agree, or when it has gone
on steadily for a week. Nothing old is let go by a time that nobody vouches for, however long.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import Connection, column, func, select, table

from controller.database.facts import fact_of, require_fact, set_fact
from controller.database.scope import everywhere
from controller.database.vouched import Span, horizon, since, with_moment
from controller.database.witnesses import AGREED_MS, DAY_MS, Verdict, Witnesses
from protocol.clock import is_synchronized, steady_s, wall_ms
from protocol.model import FIRST_MS
from protocol.shapes import json_decoder

BEHIND_MS: Final = 10 * 60_000  # a clock is set back by so much without harm
AHEAD_MS: Final = 45 * DAY_MS  # a server that was off over a holiday
STEADY_S: Final = 7 * 86_400.0
LATE_MS: Final = 10_000  # what is told by a row was true some seconds before it is read
_UNSURE_MS: Final = 2 * AGREED_MS + BEHIND_MS  # by so much a vouched time and a stamp may be off
_MARK: Final = "time_mark_ms"
_VOUCHED: Final = "time_vouched"
_spans: Final = json_decoder(tuple[Span, ...])
require_fact(_MARK, int)
require_fact(_VOUCHED, _spans.decode)


class _Told(NamedTuple):
    """The time as another process told it, and when it was heard; believed: whether it is sure."""

    at_ms: int
    heard_s: float
    believed: bool


@dataclass(slots=True)
class GuardedClock:
    """The time by which the controller goes. mark_ms: the latest believed one.

    wall_ms, monotonic_s: the machine's clocks. is_synchronized: whether its time service vouches.
    spans: when others vouched for the time. believed: whether the machine's clock is.
    """

    mark_ms: int
    wall_ms: Callable[[], int]
    monotonic_s: Callable[[], float] = steady_s
    is_synchronized: Callable[[], bool] = is_synchronized
    spans: tuple[Span, ...] = ()
    believed: bool = True
    _witnesses: Witnesses = field(default_factory=Witnesses)
    _looked_s: float = 0.0
    _doubted_s: float = 0.0
    _told: _Told | None = None
    _looking: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        """Look at the clock for the first time."""
        self._looked_s = self.monotonic_s()
        self.look()

    def hear(self, who: str, at_ms: int, *, is_trusted: bool = False) -> None:
        """Take a word for what time it is now: of an agent, of a school, of the department."""
        if at_ms >= FIRST_MS:
            with self._looking:
                self._witnesses.hear(who, at_ms, self.monotonic_s(), is_trusted=is_trusted)

    def look(self) -> int:
        """The believed time now; from any thread."""
        with self._looking:
            return self._look()

    def follow(self, at_ms: int, *, believed: bool) -> None:
        """Go by the time that who has the witnesses told just now, from here on by running time.

        What is told again a little late does not set the time back.
        """
        with self._looking:
            now_s = self.monotonic_s()
            if self._told and 0 <= self._told_now(self._told, now_s) - at_ms <= LATE_MS:
                self._told = self._told._replace(believed=believed)
            else:
                self._told = _Told(at_ms, now_s, believed)

    def vouch(self) -> int | None:
        """The time now, noted, if others vouch for it; else None."""
        with self._looking:
            now_ms = self._look()
            if not (self.believed and self._verdict(self.wall_ms(), asks_service=True).agrees):
                return None
            self.spans = with_moment(self.spans, now_ms)
            return now_ms

    def horizon(self, now_ms: int, keep_days: int) -> int:
        """Rows stamped before are surely older than so many days. now_ms: a vouched time."""
        return horizon(self.spans, now_ms - keep_days * DAY_MS - _UNSURE_MS)

    def forget_spans(self, before_ms: int) -> None:
        """Let go of what was vouched for long before anything that is kept."""
        with self._looking:
            self.spans = since(self.spans, before_ms)

    def _look(self) -> int:
        now_s, wall_ms = self.monotonic_s(), self.wall_ms()
        if self._told:
            self.believed, self._looked_s = self._told.believed, now_s
            self.mark_ms = self._told_now(self._told, now_s)
            return self.mark_ms
        elapsed_s, self._looked_s = now_s - self._looked_s, now_s
        reckoned_ms = self.mark_ms + int(elapsed_s * 1000)
        near = -BEHIND_MS <= wall_ms - reckoned_ms <= AHEAD_MS
        self._doubted_s = 0.0 if near else self._doubted_s + elapsed_s
        verdict = self._verdict(wall_ms, asks_service=not near)
        sure = verdict.agrees or self._doubted_s > STEADY_S
        other_ms = _other(verdict, wall_ms, near=near)
        self.believed = other_ms is None and wall_ms >= FIRST_MS and (near or sure)
        if not self.believed:
            self.mark_ms = other_ms or reckoned_ms
            return self.mark_ms
        self.mark_ms = max(wall_ms, reckoned_ms) if near else wall_ms
        return wall_ms

    @staticmethod
    def _told_now(told: _Told, now_s: float) -> int:
        """What the told time is now."""
        return told.at_ms + int((now_s - told.heard_s) * 1000)

    def _verdict(self, wall_ms: int, *, asks_service: bool) -> Verdict:
        witnesses = self._witnesses
        kept = asks_service and not witnesses.has_quorum and self.is_synchronized()
        return witnesses.verdict(wall_ms, self._looked_s, is_synchronized=kept)


def _other(verdict: Verdict, wall_ms: int, *, near: bool) -> int | None:
    """What time it is by most who say that the clock is wrong; None if it may be right.

    They may all be behind, for want of batteries; then they do not move a clock that is near.
    """
    if verdict.agrees or verdict.off_ms is None or (near and verdict.off_ms < 0):
        return None
    return wall_ms + verdict.off_ms


def clock_in(db: Connection, wall_ms: Callable[[], int]) -> GuardedClock:
    """The clock whose mark the database keeps; at the first start the wall's, if that can be.

    What a database of before holds is as old as its stamps say.
    """
    mark, vouched = fact_of(db, _MARK) or _newest_arrival(db), fact_of(db, _VOUCHED)
    if not mark:
        return GuardedClock(max(wall_ms(), FIRST_MS), wall_ms)
    spans = _spans.decode(vouched) if vouched else ((0, int(mark)),)
    return GuardedClock(int(mark), wall_ms, spans=spans)


def now_in(db: Connection) -> int:
    """The time by which a command goes that works beside the controller."""
    return clock_in(db, wall_ms).look()


def _newest_arrival(db: Connection) -> int | None:
    """What a database of before knows of the time: when something came last."""
    arrivals = table("events", column("received_ms"))  # of a feature, which may not be loaded
    query = select(func.max(arrivals.c.received_ms)).where(everywhere(arrivals))
    return db.execute(query).scalar()


def keep_mark(db: Connection, clock: GuardedClock) -> None:
    """Keep the believed time with the data, and when it was vouched for."""
    clock.look()
    set_fact(db, _MARK, str(clock.mark_ms))
    set_fact(db, _VOUCHED, msgspec.json.encode(clock.spans).decode())


def words_of(clock: GuardedClock) -> Mapping[str, object]:
    """What supervision is told of it."""
    return {"clock": "believed" if clock.believed else "doubted"}
