"""This file reads the clocks: the wall's, and the steady one that also runs while we sleep."""

from __future__ import annotations

import time
from datetime import datetime

from agent.room import Moment


def now() -> Moment:
    """This instant by each clock."""
    at = datetime.now().astimezone()
    minute = at.hour * 60 + at.minute + at.second / 60
    return Moment(int(at.timestamp() * 1000), _steady_s(), at.date().isoformat(), minute)


def _steady_s() -> float:
    """Seconds that also pass while the computer sleeps, where the system can tell."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)
