"""This file says whether a wait that was stored still goes on; pure."""

from __future__ import annotations

from typing import Final

SET_BACK_MS: Final = 60_000  # a time service sets a clock back by no more, while it is right


def goes_on(until_ms: int, now_ms: int, longest_ms: int) -> bool:
    """Whether a wait that ends then is not over; longest_ms: as how long any is begun.

    One that would last longer was begun by a clock that was ahead, and has been set back since.
    """
    return now_ms < until_ms <= now_ms + longest_ms
