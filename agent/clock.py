"""This file tells the present moment by each clock: the wall's, and the steady one."""

from __future__ import annotations

from agent.room import Moment
from protocol.clock import steady_s, wall_ms
from protocol.model import instant


def now() -> Moment:
    """This instant by each clock; the day and minute of the computer's own time zone."""
    at_ms = wall_ms()
    at = instant(at_ms).astimezone()
    minute = at.hour * 60 + at.minute + at.second / 60
    return Moment(at_ms, steady_s(), at.date().isoformat(), minute)
