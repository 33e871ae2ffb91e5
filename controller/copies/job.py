"""This file says what is due for a place: a full copy, a step, or a test of restoring."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from controller.copies.standing import PlaceStanding, Rehearsal

STEP_EVERY_MS: Final = 15 * 60_000
FULL_EVERY_MS: Final = 24 * 3_600_000
REHEARSE_EVERY_MS: Final = 30 * 24 * 3_600_000
REHEARSE_AGAIN_MS: Final = 24 * 3_600_000


class Deed(StrEnum):
    """What a worker is told to do."""

    FULL = "full"
    STEP = "step"
    REHEARSE = "rehearse"


def copy_due(standing: PlaceStanding, now_ms: int, *, has_steps: bool) -> Deed | None:
    """Which copy is due in a place; None while the newest is fresh.

    has_steps: whether changes alone can be copied, which a server's database does not let us.
    """
    if not _is_within(standing.full_ms, now_ms, FULL_EVERY_MS):
        return Deed.FULL
    is_fresh = not has_steps or _is_within(standing.made_ms, now_ms, STEP_EVERY_MS)
    return None if is_fresh else Deed.STEP


def rehearsal_due(rehearsal: Rehearsal | None, now_ms: int) -> bool:
    """Whether a restore is to be tried; a failed one soon again."""
    if rehearsal is None:
        return True
    every_ms = REHEARSE_AGAIN_MS if rehearsal.trouble else REHEARSE_EVERY_MS
    return not _is_within(rehearsal.at_ms, now_ms, every_ms)


def _is_within(at_ms: int, now_ms: int, term_ms: int) -> bool:
    """Whether it was less than a term ago; never, or in a time to come, is not."""
    return bool(at_ms) and 0 <= now_ms - at_ms < term_ms
