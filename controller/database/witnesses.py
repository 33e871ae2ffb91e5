"""This file weighs what others say of the time against this computer's clock. Pure.

Agents or schools that speak now count one by one: of three or more, what most say outvotes all
else. Of fewer, one must be the system's time service or the department, and none may say otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median, median_low
from typing import Final, NamedTuple

DAY_MS: Final = 86_400_000
AGREED_MS: Final = 3_600_000
QUORUM: Final = 3


class Verdict(NamedTuple):
    """What the witnesses say of a clock. off_ms: how far they are ahead of it, where most agree."""

    agrees: bool = False
    off_ms: int | None = None


@dataclass(slots=True)
class Witnesses:
    """Who said what time it is; each word goes on with running time."""

    _zeros_ms: dict[str, float] = field(default_factory=dict)  # the time when running began
    _trusted: set[str] = field(default_factory=set)
    _middle_ms: float | None = None
    _is_counted: bool = False

    def hear(self, who: str, at_ms: int, now_s: float, *, is_trusted: bool = False) -> None:
        """Take a word for what time it is now. is_trusted: it needs no second one."""
        self._zeros_ms[who] = at_ms - now_s * 1000
        self._is_counted = False
        if is_trusted:
            self._trusted.add(who)

    def verdict(self, wall_ms: int, now_s: float, *, is_synchronized: bool) -> Verdict:
        """What they say of the clock that shows `wall_ms` now."""
        zero_ms = wall_ms - now_s * 1000
        if len(self._zeros_ms) >= QUORUM:
            middle_ms = self._middle()
            if middle_ms is None:
                return Verdict()
            off_ms = round(middle_ms - zero_ms)
            return Verdict(abs(off_ms) < AGREED_MS, off_ms)
        near = [abs(at_ms - zero_ms) < AGREED_MS for at_ms in self._zeros_ms.values()]
        return Verdict((is_synchronized or bool(self._trusted)) and all(near))

    @property
    def has_quorum(self) -> bool:
        """Whether the time service need not be asked."""
        return len(self._zeros_ms) >= QUORUM

    def _middle(self) -> float | None:
        """What most of them say; None where no time is said by more than half."""
        if not self._is_counted:
            said_ms = self._zeros_ms.values()
            middle_ms = median_low(said_ms)  # which lies among the most, where there are such
            near = [at_ms for at_ms in said_ms if abs(at_ms - middle_ms) < AGREED_MS]
            self._middle_ms = median(near) if 2 * len(near) > len(said_ms) else None
            self._is_counted = True
        return self._middle_ms
