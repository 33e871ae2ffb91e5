"""This file says who speaks, and when: the room, its agent's boot, and one moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from protocol.messages import AnyEvent, AnyState
from protocol.model import Place

DAY_MS: Final = 86_400_000
Messages = list[AnyState | AnyEvent]


class Moment(NamedTuple):
    """One instant by each clock: the wall's, the steady one's, date and minute on the wall.

    steady_s: goes on while the computer sleeps, where the system can tell. own_ms: the wall's as
    this computer has it, where LopHoc goes by another: of that it bears witness to the school.
    is_vouched: whether the school said so since the clock was last set; else it may be any day.
    """

    at_ms: int
    steady_s: float
    day: str
    minute: float = 0.0
    own_ms: int | None = None
    is_vouched: bool = True

    @property
    def witnessed_ms(self) -> int:
        """The time by this computer's own clock."""
        return self.at_ms if self.own_ms is None else self.own_ms

    def day_of(self, at_ms: int) -> str:
        """The date on the wall at another time."""
        midnight_ms = self.at_ms - int(self.minute * 60_000)
        today = date.fromisoformat(self.day).toordinal()
        day = today + (at_ms - midnight_ms) // DAY_MS
        return date.fromordinal(max(day, 1)).isoformat()


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRoom:
    """The room and its agent in this boot; new_id gives ids that nobody gave before."""

    place: Place
    room: str
    boot: str
    beat_s: float
    new_id: Callable[[], str]
