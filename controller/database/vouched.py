"""This file keeps when the time was vouched for, and tells how old rows surely are. Pure.

A row that lay there at a vouched moment is at least as old as that moment. So only that is let go
which lay there at one of a term ago: whatever a wrong clock stamped, it is never too young.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from controller.database.witnesses import DAY_MS

Span = tuple[int, int]  # in milliseconds: vouched for at both ends, and a day apart at most between
GAP_MS: Final = DAY_MS


def with_moment(spans: Sequence[Span], now_ms: int) -> tuple[Span, ...]:
    """With a vouched moment more; what was vouched for later, by a time set back since, is not."""
    earlier = [(first, min(last, now_ms)) for first, last in spans if first <= now_ms]
    if earlier and now_ms - earlier[-1][1] <= GAP_MS:
        return (*earlier[:-1], (earlier[-1][0], now_ms))
    return (*earlier, (now_ms, now_ms))


def horizon(spans: Sequence[Span], due_ms: int) -> int:
    """Rows stamped before lay there at a vouched moment that is not after `due_ms`."""
    begun = [(first, last) for first, last in spans if first <= due_ms]
    if not begun:
        return 0
    first, last = begun[-1]
    return last if due_ms >= last else max(first, due_ms - GAP_MS)


def since(spans: Sequence[Span], first_ms: int) -> tuple[Span, ...]:
    """What is still needed where nothing before `first_ms` is of interest."""
    kept = [span for span in spans if span[1] >= first_ms]
    dropped = spans[: len(spans) - len(kept)]
    return (*dropped[-1:], *kept)
