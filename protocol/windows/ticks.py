"""This file is the clock of Windows that nobody sets, and that runs on while it sleeps.

Source: Microsoft, QueryInterruptTime (100 ns), GetTickCount64 (ms, in steps of 10 to 16).
"""

from __future__ import annotations

import sys

assert sys.platform == "win32"  # for mypy: read on Windows alone

import ctypes
from collections.abc import Callable
from functools import cache


def ticked_s() -> float:
    """Seconds since the start, those asleep among them."""
    return _clock()()


@cache
def _clock() -> Callable[[], float]:
    try:
        precise = ctypes.WinDLL("api-ms-win-core-realtime-l1-1-1").QueryInterruptTime
    except (OSError, AttributeError):  # Wine
        coarse = ctypes.WinDLL("kernel32").GetTickCount64
        coarse.restype = ctypes.c_uint64
        return lambda: int(coarse()) / 1000
    ticks = ctypes.c_uint64()

    def read() -> float:
        precise(ctypes.byref(ticks))
        return ticks.value / 10_000_000

    return read
