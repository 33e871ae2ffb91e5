"""This file hides small counts of people's doings: of fewer than five, one would be recognised."""

from __future__ import annotations

from typing import Final

LEAST: Final = 5


def shown_count(count: int) -> int | None:
    """The count, or None where it is of one to four; nobody at all is nobody's secret."""
    return None if 0 < count < LEAST else count
