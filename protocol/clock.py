"""This file reads this machine's clocks; nothing else does, but for what senses see."""

from __future__ import annotations

import ctypes
import ctypes.util
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any, Final

_ADJTIMEX_BYTES: Final = 512  # struct timex has 208 of them
_UNSYNCHRONIZED: Final = 5  # TIME_ERROR
_SYNCHRONIZED: Final = Path("/run/systemd/timesync/synchronized")


def wall_ms() -> int:
    """What the machine takes for the time, in milliseconds since 1970 (UTC); it may be far off."""
    return time.time_ns() // 1_000_000


def steady_s() -> float:
    """Seconds that nobody sets; they also pass while it sleeps, where the system can tell."""
    if sys.platform == "win32":
        from protocol.windows.ticks import ticked_s  # noqa: PLC0415 - there are some there alone

        return ticked_s()
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


def is_synchronized() -> bool:
    """Whether a time service keeps the wall clock; False where that cannot be told.

    Linux says so of each of them and takes it back when the clock is set by hand: adjtimex(2).
    """
    if sys.platform == "win32":
        return False
    adjtimex = _adjtimex()
    state = adjtimex(ctypes.create_string_buffer(_ADJTIMEX_BYTES)) if adjtimex else -1
    return 0 <= state < _UNSYNCHRONIZED if state >= 0 else _SYNCHRONIZED.exists()


@cache
def _adjtimex() -> Any:
    """The system's function, None where it has none."""
    library = ctypes.util.find_library("c")
    return getattr(ctypes.CDLL(library), "adjtimex", None) if library else None
