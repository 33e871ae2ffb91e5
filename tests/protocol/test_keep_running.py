"""What is kept running ends when it is told to, whatever becomes of the word on its way."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from protocol.supervision import keep_running


class Deaf:
    """Nobody who needs to know."""

    def note_lost(self, name: str, error: Exception | None, *, again: bool) -> None:
        """Nothing."""

    def note_steady(self, name: str, *, back: bool) -> None:
        """Nothing."""


@pytest.mark.parametrize("error", [RuntimeError("not running"), None], ids=["another error", "end"])
def test_what_makes_something_else_of_the_word_to_end_is_not_started_again(
    error: Exception | None,
) -> None:
    """As zeroconf does, which says that it does not run."""
    starts = 0

    async def start() -> None:
        nonlocal starts
        starts += 1
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        if error:
            raise error

    async def play() -> None:
        task = asyncio.create_task(keep_running("x", start, Deaf(), backoff_first_s=0.0))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task], timeout=5.0)
        assert task.cancelled()
        assert starts == 1

    asyncio.run(play())
