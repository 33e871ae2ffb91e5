"""This file lets a program that runs for months give its memory back to the machine."""

from __future__ import annotations

import ctypes
import sys
from typing import Final

# malloc.h of glibc, mallopt(3)
_ARENA_MAX: Final = -8
_TRIM_THRESHOLD: Final = -1
_TRIM_BYTES: Final = 128 * 1024


def hold_memory() -> None:
    """Let all threads share one heap, trimmed when something goes; call it before there are any.

    glibc gives each thread that finds the heap in use another one, eight times as many as there are
    cores, and hardly gives any back: with Python's lock there is nothing to be won by it.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return  # another C library
    for parameter, value in ((_ARENA_MAX, 1), (_TRIM_THRESHOLD, _TRIM_BYTES)):
        mallopt(parameter, value)
