"""This file keeps a program's parts running: what fails is started again, and the rest goes on."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from protocol.backoff import Backoff

Start = Callable[[], Awaitable[None]]

BACKOFF_FIRST_S: Final = 2.0
BACKOFF_CAP_S: Final = 300.0
STEADY_S: Final = 5.0  # what has worked for so long is back


class Watcher(Protocol):
    """Whoever is to know what runs and what does not."""

    def note_lost(self, name: str, error: Exception | None, *, again: bool) -> None:
        """It ended, by a fault or by itself; again: it had not been back since it was lost."""

    def note_steady(self, name: str, *, back: bool) -> None:
        """It has worked for a while; back: it was lost before."""


async def keep_running(
    name: str,
    start: Start,
    watcher: Watcher,
    *,
    backoff_first_s: float = BACKOFF_FIRST_S,
    backoff_cap_s: float = BACKOFF_CAP_S,
    steady_s: float = STEADY_S,
    jitter: Callable[[], float] = random.random,
) -> None:
    """Start something again and again until cancelled.

    jitter: numbers from 0 to 1; rooms that lost power together must not come back in step.
    """
    backoff, lost = Backoff(backoff_first_s, backoff_cap_s, jitter), False

    def note_steady() -> None:
        nonlocal lost
        watcher.note_steady(name, back=lost)
        backoff.reset()
        lost = False

    while True:
        steady = asyncio.get_running_loop().call_later(steady_s, note_steady)
        fault: Exception | None = None
        try:
            await start()
        except Exception as error:  # noqa: BLE001 - the one place where any fault is survived
            fault = error
        finally:
            steady.cancel()
        if (task := asyncio.current_task()) and task.cancelling():
            raise asyncio.CancelledError from fault  # what it began may make another error of it
        watcher.note_lost(name, fault, again=lost)
        lost = True
        await asyncio.sleep(backoff.next_s())
