"""This file dates what agents tell: as they say where that can be, else by arrival and age. Pure.

A computer whose battery is empty begins in 1970, another lives in 2031: what happened there is
kept, where it most likely belongs, with what was told beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta, tzinfo
from functools import lru_cache
from typing import Final, NamedTuple

from protocol.messages import AnyEvent, RollConfirmed
from protocol.model import FIRST_MS, instant

DAY_MS: Final = 86_400_000
OLDEST_MS: Final = 200 * DAY_MS  # a laptop that was off all summer still tells of May
OFF_MS: Final = 10 * 60_000  # a clock further off than this makes another lesson of it
LATEST_DAYS: Final = 7  # for so long a room holds a roll that nobody confirmed
MAX_LESSONS: Final = 8192  # of the week in which rolls may still be confirmed
MAX_STARTS: Final = 8  # of an agent's, whose clocks are remembered
QUARTER_MS: Final = 15 * 60_000


class Dating(NamedTuple):
    """When something happened, and its local date; what was told instead, where that cannot be."""

    at_ms: int
    day: str
    told_ms: int | None = None
    told_day: str | None = None


class ClocksAhead:
    """By how much an agent's clock was before ours, in each of its starts when it began a session.

    What an earlier start recorded may come after a later one has spoken.
    """

    def __init__(self) -> None:
        self._starts: dict[str, dict[str, int]] = {}

    def note(self, agent: str, boot: str, ahead_ms: int) -> None:
        """A start has begun a session; the oldest of many is forgotten."""
        starts = self._starts.setdefault(agent, {})
        starts.pop(boot, None)
        starts[boot] = ahead_ms
        if len(starts) > MAX_STARTS:
            del starts[next(iter(starts))]

    def of(self, agent: str, boot: str) -> int:
        """Of that start; 0 where it is not known."""
        return self._starts.get(agent, {}).get(boot, 0)


class LessonDays:
    """On which day each lesson began, by the school's zone, as far as its moment was believed.

    A room that has not met its school goes by whatever zone its computer was set up with.
    """

    def __init__(self, days: Mapping[tuple[str, str], str] | None = None) -> None:
        self._days = dict(days or {})

    def note(self, agent: str, lesson: str, dating: Dating) -> None:
        """A lesson has begun; the oldest of many is forgotten."""
        if dating.told_ms is None:
            self._days[agent, lesson] = dating.day
        if len(self._days) > MAX_LESSONS:
            del self._days[next(iter(self._days))]

    def of_roll(self, agent: str, roll: RollConfirmed, dating: Dating) -> Dating:
        """When the roll is of: of the day on which its lesson began, whatever day the room says."""
        day = self._days.get((agent, roll.lesson), dating.day)
        if day == dating.day or dating.told_ms is not None:
            return dating
        return dating._replace(day=day, told_day=roll.day)


def dated(event: AnyEvent, now_ms: int, zone: tzinfo, ahead_ms: int = 0) -> Dating:
    """When it happened. now_ms: of its arrival; it ran for its age since, and perhaps slept.

    ahead_ms: how far the clock that dated it was before ours when its session began. What was
    told is by that clock, unless it has been set since and fits better as it is.
    """
    newest_ms = now_ms - (event.age_s or 0) * 1000
    by_ours_ms = event.at_ms - ahead_ms
    if abs(ahead_ms) >= OFF_MS and abs(by_ours_ms - newest_ms) < abs(event.at_ms - newest_ms):
        at_ms = max(FIRST_MS, by_ours_ms)
        day = _moved_day(event, at_ms, zone)
        return Dating(at_ms, day, event.at_ms, _told_day(event))
    oldest_ms = max(FIRST_MS, now_ms - OLDEST_MS)
    is_possible = oldest_ms <= event.at_ms <= newest_ms + DAY_MS
    at_ms = event.at_ms if is_possible else max(FIRST_MS, newest_ms)
    told_ms = None if is_possible else event.at_ms
    day = local_day(at_ms, zone)
    if not isinstance(event, RollConfirmed):
        return Dating(at_ms, day, told_ms)
    if is_possible and local_day(oldest_ms, zone) <= event.day <= local_day(now_ms + DAY_MS, zone):
        return Dating(at_ms, event.day)
    return Dating(at_ms, day, told_ms, event.day)


def _told_day(event: AnyEvent) -> str | None:
    return event.day if isinstance(event, RollConfirmed) else None


def _moved_day(event: AnyEvent, at_ms: int, zone: tzinfo) -> str:
    """The day of what is moved; a roll confirmed days after its lesson stays as many before."""
    day = local_day(at_ms, zone)
    if not isinstance(event, RollConfirmed):
        return day
    told_day = date.fromisoformat(local_day(event.at_ms, zone))
    before = (told_day - date.fromisoformat(event.day)).days
    late = before if 0 <= before <= LATEST_DAYS else 0
    return (date.fromisoformat(day) - timedelta(days=late)).isoformat()


def local_day(at_ms: int, zone: tzinfo) -> str:
    """The local date; zones shift by whole quarters of an hour, so marks of one share it."""
    return _day(at_ms // QUARTER_MS, zone)


@lru_cache(maxsize=256)
def _day(quarter: int, zone: tzinfo) -> str:
    return instant(quarter * QUARTER_MS).astimezone(zone).date().isoformat()
