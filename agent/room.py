"""This file says who speaks, and when: the room, its agent's boot, and one moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from protocol.messages import AnyEvent, AnyState
from protocol.model import Place

Messages = list[AnyState | AnyEvent]


class Moment(NamedTuple):
    """One instant by each clock: the wall's, the steady one's, date and minute on the wall.

    steady_s: goes on while the computer sleeps, where the system can tell.
    """

    at_ms: int
    steady_s: float
    day: str
    minute: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRoom:
    """The room and its agent in this boot; new_id gives ids that nobody gave before."""

    place: Place
    room: str
    boot: str
    beat_s: float
    new_id: Callable[[], str]
