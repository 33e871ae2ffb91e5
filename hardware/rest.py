"""This file lets what waits for news of this program hear of it, instead of looking at a clock."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Final

POLL_S: Final = 1.0

# Waits so many seconds, or until something that is asked about may be otherwise.
Rest = Callable[[float], Awaitable[None]]


async def polling(seconds: float) -> None:
    """Rest where nobody rings: whoever waits looks by itself, every second."""
    await asyncio.sleep(min(seconds, POLL_S))


class Bell:
    """Wakes whoever rests, all in one turn of the loop; to be used in the loop's own thread.

    Look first and rest then, without waiting between the two: nothing is missed.
    """

    def __init__(self) -> None:
        self._resting: set[asyncio.Future[None]] = set()

    def ring(self) -> None:
        """Something that is asked about may be otherwise."""
        resting, self._resting = self._resting, set()
        for one in resting:
            if not one.done():
                one.set_result(None)

    async def rest(self, seconds: float) -> None:
        """Wait until it rings, at most so many seconds."""
        rung = asyncio.get_running_loop().create_future()
        self._resting.add(rung)
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await rung
        finally:
            self._resting.discard(rung)
