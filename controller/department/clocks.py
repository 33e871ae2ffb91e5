"""This file measures schools' clocks by when their words arrive, and keeps those that are off."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import Connection

from controller.database.facts import fact_of, set_fact
from protocol.model import Place
from protocol.shapes import json_decoder
from protocol.words import N_

OFF_MS: Final = 600_000  # less is a slow line, or of no harm
_HOUR_MS: Final = 3_600_000
_DAY_MS: Final = 24 * _HOUR_MS
_UNITS: Final = (
    (_DAY_MS, N_("The school's clock is {n} {n:day|days} ahead."),
     N_("The school's clock is {n} {n:day|days} behind.")),
    (_HOUR_MS, N_("The school's clock is {n} {n:hour|hours} ahead."),
     N_("The school's clock is {n} {n:hour|hours} behind.")),
    (60_000, N_("The school's clock is {n} {n:minute|minutes} ahead."),
     N_("The school's clock is {n} {n:minute|minutes} behind.")),
)  # fmt: skip
_kept: Final = json_decoder(dict[str, int])


class ClockHeard(NamedTuple):
    """By how much a school's clock is ahead of ours, behind it below 0; 0 where it is right."""

    place: Place
    off_ms: int


class ClockWatch:
    """The schools' clocks, as what they say of the present shows them."""

    def __init__(self, offs: Mapping[str, int]) -> None:
        self._offs = dict(offs)

    def hear(self, place: Place, at_ms: int, now_ms: int) -> list[ClockHeard]:
        """Hold what a school says the time is against its arrival; what is new is to be kept."""
        off_ms = at_ms - now_ms if abs(at_ms - now_ms) >= OFF_MS else 0
        if abs(off_ms - self._offs.get(place.school, 0)) < OFF_MS:
            return []
        self._offs[place.school] = off_ms
        return [ClockHeard(place, off_ms)]


def clocks_of(db: Connection, province: str) -> dict[str, int]:
    """By how many ms clocks are off, by school; of those that are right nothing."""
    return _kept.decode(fact_of(db, _name(province)) or "{}")


def keep_clocks(db: Connection, heard: Iterable[ClockHeard]) -> None:
    """Keep what was measured last."""
    for place, off_ms in heard:
        offs = clocks_of(db, place.province) | {place.school: off_ms}
        offs = {school: off for school, off in sorted(offs.items()) if off}
        set_fact(db, _name(place.province), msgspec.json.encode(offs).decode())


def clock_words(off_ms: int, say: Callable[..., str]) -> str:
    """That the clock is off, in a sentence; empty where it is right. say: see Words.say."""
    for unit_ms, ahead, behind in _UNITS:
        if abs(off_ms) >= max(unit_ms, OFF_MS):
            return say(ahead if off_ms > 0 else behind, n=round(abs(off_ms) / unit_ms))
    return ""


def _name(province: str) -> str:
    return f"clocks/{province}"
