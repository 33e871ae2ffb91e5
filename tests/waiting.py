"""This file waits for what another program, thread or task does: one limit, and what came last."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

LIMIT_S: Final = 120.0  # many times what a busy machine needs; costs nothing while all is well
LOOK_S: Final = 0.02

Value = TypeVar("Value")


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
    began_s = time.monotonic()
    while not holds(value := look()):
        _check(began_s, limit_s, what, value)
        time.sleep(LOOK_S)
    return value


async def eventually(
    look: Callable[[], Value | Awaitable[Value]],
    what: str = "",
    *,
    holds: Callable[[Value], object] = bool,
) -> Value:
    """Look until it holds, as `until` does, and let the loop's other tasks go on."""
    began_s = time.monotonic()
    while not holds(value := await _looked(look)):
        _check(began_s, LIMIT_S, what, value)
        await asyncio.sleep(LOOK_S)
    return value


async def _looked(look: Callable[[], Value | Awaitable[Value]]) -> Value:
    value = look()
    return await value if inspect.isawaitable(value) else value


def _check(began_s: float, limit_s: float, what: str, value: object) -> None:
    """Raises AssertionError with the last sight, in at most a screenful, once time is up."""
    if time.monotonic() - began_s > limit_s:
        raise AssertionError(f"not within {limit_s:g} s: {what}; seen last: {value!r:.2000}")
