"""This file waits for what another program, thread or task does: one limit, and what came last.

A promised time is counted on a clock that stands still while the machine has too little to give.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, TypeVar

LIMIT_S: Final = 120.0  # many times what a busy machine needs; costs nothing while all is well
LOOK_S: Final = 0.02
SELDOM_S: Final = 0.1
PATIENCE: Final = 0.1  # a look comes late by at most this part of the wait

_PRESSURE: Final = Path("/proc/pressure/cpu")

Value = TypeVar("Value")


def calm_s() -> float:
    """Seconds of a clock without those in which something waited for a core.

    The second figure is Linux's PSI, Documentation/accounting/psi.rst; elsewhere all seconds count.
    """
    try:
        starved_us = int(_PRESSURE.read_text().splitlines()[0].rpartition("total=")[2])
    except OSError:
        starved_us = 0
    return time.monotonic() - starved_us / 1_000_000


def until(
    look: Callable[[], Value],
    what: str = "",
    *,
    holds: Callable[[Value], object] = bool,
    limit_s: float = LIMIT_S,
) -> Value:
    """Look until it holds; returns what was seen then. Raises AssertionError at the limit.

    limit_s: where a time is promised, or a second way is tried after it.
    """
    check = _Check(limit_s, what)
    while not holds(value := look()):
        time.sleep(check.look(value))
    return value


async def eventually(
    look: Callable[[], Value | Awaitable[Value]],
    what: str = "",
    *,
    holds: Callable[[Value], object] = bool,
    limit_s: float = LIMIT_S,
) -> Value:
    """Look until it holds, as `until` does, and let the loop's other tasks go on."""
    check = _Check(limit_s, what)
    while not holds(value := await _looked(look)):
        await asyncio.sleep(check.look(value))
    return value


async def unstarved(
    play: Callable[[], Awaitable[Value]], is_starved: Callable[[Value], object]
) -> Value:
    """Play it; again, up to three times, where what came may be this machine's own slowness.

    That is believed only of a play in which something waited for a core half of the time.
    """
    for _ in range(3):
        began_s, began_calm_s = time.monotonic(), calm_s()
        value = await play()
        is_busy = calm_s() - began_calm_s < (time.monotonic() - began_s) / 2
        if not (is_busy and is_starved(value)):
            return value
    return await play()


async def _looked(look: Callable[[], Value | Awaitable[Value]]) -> Value:
    value = look()
    return await value if inspect.isawaitable(value) else value


class _Check:
    """A limit that runs from now, calm where a time is promised."""

    def __init__(self, limit_s: float, what: str) -> None:
        self.limit_s, self.what = limit_s, what
        self.began_s, self.began_calm_s = time.monotonic(), calm_s()

    def look(self, value: object) -> float:
        """How long until the next look: it is asked seldom of what takes long.

        Raises AssertionError with the last sight, in at most a screenful, once time is up.
        """
        elapsed_s = time.monotonic() - self.began_s
        over = elapsed_s > max(self.limit_s, LIMIT_S)
        if over or calm_s() - self.began_calm_s > self.limit_s:
            raise AssertionError(
                f"not within {self.limit_s:g} s: {self.what}; seen last: {value!r:.2000}"
            )
        return min(max(LOOK_S, elapsed_s * PATIENCE), SELDOM_S)
