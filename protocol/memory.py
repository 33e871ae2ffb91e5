"""This file lets a program that runs for months give its memory back to the machine."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
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
    if mallopt := _of_glibc("mallopt"):
        for parameter, value in ((_ARENA_MAX, 1), (_TRIM_THRESHOLD, _TRIM_BYTES)):
            mallopt(parameter, value)


def give_memory_back() -> None:
    """Hand the machine what was needed for a moment, as while starting: of 10 MiB it takes 1 ms."""
    if trim := _of_glibc("malloc_trim"):
        trim(0)


def _of_glibc(name: str) -> Callable[..., int] | None:
    """A function of glibc; None where another C library runs us."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
