"""This file judges by probes whether the network's devices are there; pure."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from hardware.readings import Kind, Sighting

PERIOD_S: Final = 5.0
# Many agents that were switched on together must not ask in step.
_JITTER: Final = 0.1
# So many misses in a row, and it is gone.
_MISSES: Final = 2
# One long gone is asked more rarely, and one that never answered hardly ever.
_GONE_S: Final = 10.0
_UNANSWERED_S: Final = 30.0
_OFTEN_MISSES: Final = 12
# All together at most so many probes in a second: with more devices the period stretches.
BUDGET_PER_S: Final = 3.0
# Sums of times are not exact.
_AT_ONCE_S: Final = 1e-6
# What is asked because somebody heard it again is asked no oftener.
_SOON_S: Final = 1.0
# More than any room has; those beyond are told by their finders alone.
_LIMIT: Final = 1000

Key = tuple[str, str]
Random = Callable[[], float]
_Turn = tuple[float, int, Key]


@dataclass(slots=True)
class ProbeTarget:
    """A device to probe, and what is known of it. due: when to ask next, None while asked."""

    sighting: Sighting
    answered: bool = False
    misses: int = 0
    gone: bool = False
    due: float | None = None
    asked_at: float = float("-inf")
    turn: int = 0

    @property
    def where(self) -> tuple[str, int]:
        """The address and port to ask."""
        return self.sighting.address, self.sighting.port


class PresenceJudge:
    """Which devices are there. Time (steady, in seconds) and chance (0 to 1) are handed in.

    Finders tell what they heard, probes what answered; both give what to report. A repeat by
    a finder does not bring back what the probes have judged gone: caches repeat for hours.
    """

    def __init__(self, random: Random) -> None:
        self._random = random
        self._targets: dict[Key, ProbeTarget] = {}
        # Those in doubt come before the others, however many those are.
        self._doubtful: list[_Turn] = []
        self._routine: list[_Turn] = []
        self._turns = 0
        self._free_at = float("-inf")

    def __len__(self) -> int:
        return len(self._targets)

    def hear(self, sighting: Sighting, now: float) -> list[Sighting]:
        """Take in what a finder heard. Gives what to report."""
        key = sighting.source, sighting.key
        if not sighting.present:
            return self._leave(key, sighting)
        if sighting.kind is Kind.TABLET:
            # It sleeps most of the day, and answers nobody: its finder alone tells of it.
            return [sighting]
        target = self._targets.get(key)
        if target is None:
            self._begin(key, sighting, now)
            return [sighting]
        if not (sighting.address and sighting.port):
            return self._unreachable(key, target, sighting)
        if (sighting.address, sighting.port) != target.where:
            # What is gone stays so until it answers; what is there begins anew.
            target.answered, target.misses = target.gone, 0
        target.sighting = sighting
        self._hasten(key, target, now)
        return [] if target.gone else [sighting]

    def next_in_s(self, now: float) -> float | None:
        """How long to wait until the next probe is due, by turn and by budget; None if none is."""
        turns = [queue[0] for queue in (self._doubtful, self._routine) if self._tidy(queue)]
        return max(min(turns)[0] - now, self._free_at - now, 0.0) if turns else None

    def take(self, now: float) -> tuple[Key, tuple[str, int]] | None:
        """Give a probe to make now: whose, and where to; None if none is due."""
        wait_s = self.next_in_s(now)
        if wait_s is None or wait_s > _AT_ONCE_S:
            return None
        doubtful = bool(self._doubtful) and self._doubtful[0][0] <= now + _AT_ONCE_S
        _, _, key = heapq.heappop(self._doubtful if doubtful else self._routine)
        target = self._targets[key]
        target.due, target.asked_at = None, now
        self._free_at = max(self._free_at, now - 1.0) + 1.0 / BUDGET_PER_S
        return key, target.where

    def beside(self, key: Key, now: float) -> list[Key]:
        """Give what is asked by the same probe: all that is due soon at its address and port."""
        asked = self._targets[key]
        keys = [
            other
            for other, target in self._targets.items()
            if target.where == asked.where
            and target.due is not None
            and target.due < now + PERIOD_S
        ]
        for other in keys:
            self._targets[other].due, self._targets[other].asked_at = None, now
        return keys

    def answer(self, key: Key, where: tuple[str, int], now: float) -> list[Sighting]:
        """Take in that an address answered. Gives the device if it had been gone."""
        target = self._probed_target(key, where, now)
        if target is None:
            return []
        was_gone, target.gone = target.gone, False
        target.answered, target.misses = True, 0
        self._plan(key, target, target.asked_at + PERIOD_S * self._jitter())
        return [target.sighting] if was_gone else []

    def miss(self, key: Key, where: tuple[str, int], now: float) -> list[Sighting]:
        """Take in that an address did not answer. Gives the device if that makes it gone."""
        target = self._probed_target(key, where, now)
        if target is None:
            return []
        target.misses += 1
        period_s = PERIOD_S
        if target.misses > 1 and not target.answered:
            period_s = _UNANSWERED_S
        elif target.misses > _OFTEN_MISSES:
            period_s = _GONE_S
        self._plan(key, target, target.asked_at + period_s * self._jitter())
        if target.gone or not target.answered or target.misses < _MISSES:
            return []
        target.gone = True
        return [replace(target.sighting, present=False, reason="no_answer")]

    def pass_over(self, key: Key, where: tuple[str, int], now: float) -> None:
        """Take in that nobody could have answered, for our own network was away."""
        target = self._probed_target(key, where, now)
        if target is not None:
            target.misses = 0
            self._plan(key, target, target.asked_at + PERIOD_S * self._jitter())

    def sighting(self, key: Key) -> Sighting | None:
        """Give what was heard last of a device that is probed."""
        target = self._targets.get(key)
        return None if target is None else target.sighting

    def _begin(self, key: Key, sighting: Sighting, now: float) -> None:
        if sighting.address and sighting.port and len(self._targets) < _LIMIT:
            target = self._targets[key] = ProbeTarget(sighting)
            self._plan(key, target, now + PERIOD_S * self._random())

    def _leave(self, key: Key, sighting: Sighting) -> list[Sighting]:
        target = self._targets.pop(key, None)
        if target is not None and target.gone:
            return []  # that it is gone has been told
        asleep = sighting.kind is Kind.TABLET and sighting.source == "mdns"
        return [replace(sighting, reason="sleeping") if asleep else sighting]

    def _hasten(self, key: Key, target: ProbeTarget, now: float) -> None:
        """Ask soon, where news makes it likely that the answer has changed."""
        if target.due is not None and (target.gone or not target.answered):
            soon = max(now, target.asked_at + _SOON_S)
            if soon < target.due:
                self._plan(key, target, soon)

    def _probed_target(self, key: Key, where: tuple[str, int], now: float) -> ProbeTarget | None:
        """Give the target of a probe that has ended, unless it left or moved meanwhile."""
        target = self._targets.get(key)
        if target is None or target.due is not None:
            return None
        if target.where == where:
            return target
        self._plan(key, target, now)
        return None

    def _unreachable(self, key: Key, target: ProbeTarget, sighting: Sighting) -> list[Sighting]:
        if target.gone:
            return []
        del self._targets[key]
        return [sighting]

    def _plan(self, key: Key, target: ProbeTarget, due: float) -> None:
        self._turns += 1
        target.due, target.turn = due, self._turns
        in_doubt = target.answered and not target.gone and target.misses
        heapq.heappush(self._doubtful if in_doubt else self._routine, (due, self._turns, key))

    def _tidy(self, queue: list[_Turn]) -> bool:
        """Drop turns that were planned anew, or whose device left. Gives whether any is left."""
        while queue:
            _, turn, key = queue[0]
            target = self._targets.get(key)
            if target is not None and target.turn == turn and target.due is not None:
                return True
            heapq.heappop(queue)
        return False

    def _jitter(self) -> float:
        return 1.0 - _JITTER + 2 * _JITTER * self._random()
