"""This file keeps a log short where others can make it long: like lines are counted."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable
from typing import Final

LINES: Final = 100
EVERY_S: Final = 60.0
MAX_KINDS: Final = 1000  # who makes kinds up shares one
_OTHERS: Final = "other lines"


class RepeatLimiter:
    """Lets so many lines of a kind pass in a while; counts the others."""

    def __init__(
        self,
        lines: int = LINES,
        every_s: float = EVERY_S,
        *,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lines = lines
        self._every_s = every_s
        self._now_s = now_s
        self._passed: dict[str, list[int]] = {}  # by kind: how many passed, how many were held back
        self._began_s = now_s()

    def held_back(self, kind: str) -> int | None:
        """How many like it were held back in the while before; None to hold this one back too."""
        now_s = self._now_s()
        if now_s - self._began_s >= self._every_s:
            self._passed = {name: [0, row[1]] for name, row in self._passed.items() if row[1]}
            self._began_s = now_s
        if kind not in self._passed and len(self._passed) >= MAX_KINDS:
            kind = _OTHERS
        row = self._passed.setdefault(kind, [0, 0])
        if row[0] >= self._lines:
            row[1] += 1
            return None
        row[0] += 1
        held, row[1] = row[1], 0
        return held


class RepeatFilter(logging.Filter):
    """Holds back what a logger says too often by the same template, whatever the values."""

    def __init__(self, limiter: RepeatLimiter | None = None) -> None:
        super().__init__()
        self._limiter = limiter or RepeatLimiter()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to write it; the first one after some that were held back says how many."""
        held = self._limiter.held_back(f"{record.name}:{record.msg}")
        if held:
            record.msg, record.args = with_count(record.getMessage(), held), ()
        return held is not None


class CauseCounter:
    """Counts what goes wrong by its cause, and logs each cause once. template: with one %s for it.

    causes: closed codes, not what a stranger may choose.
    """

    def __init__(self, logger: logging.Logger, template: str) -> None:
        self._logger = logger
        self._template = template
        self.counts: Counter[str] = Counter()

    def note(self, cause: str) -> None:
        """It happened once more."""
        if not self.counts[cause]:
            self._logger.warning(self._template, cause)
        self.counts[cause] += 1


def with_count(line: str, held: int) -> str:
    """The line, and how many like it were not written."""
    return f"{line} (and {held:,} like it)" if held else line


def limit_repeats() -> None:
    """Let no handler of the root logger write like lines without end."""
    for handler in logging.getLogger().handlers:
        handler.addFilter(RepeatFilter())
