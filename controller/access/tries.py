"""This file rations who may try a password, by running time: no clock that is set locks anyone out.

A browser in which this account logged in before has a count of its own, so strangers who try the
account, or come from the same address, cannot lock its person out. All others share three: one of
the account, one of the address, one of everybody.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable
from typing import Final

from protocol.clock import steady_s

TRIES: Final = 5  # of one account, one address or one known browser, within TRIES_S
ALL_TRIES: Final = 40  # of all strangers together
TRIES_S: Final = 300.0
_EVERYBODY: Final = ("all",)


class Tries:
    """Counts tries; `is_allowed` counts one more if there is room for it."""

    def __init__(self, running_s: Callable[[], float] = steady_s) -> None:
        self._running_s = running_s
        self._tries: dict[Hashable, deque[float]] = {}

    def is_allowed(self, account: str, address: str, device: str = "") -> bool:
        """Whether a try may be made now. device: of a browser that the account has used before."""
        if device:
            return self._take(("device", account, device))
        return self._take(*_strangers(account, address))

    def forget(self, account: str, address: str, device: str = "") -> None:
        """The right password was given: this try counts no more, nor this browser's before it.

        So a whole staff comes in from one address on one morning.
        """
        if device:
            self._tries.pop(("device", account, device), None)
            return
        for source in _strangers(account, address):
            if tries := self._tries.get(source):
                tries.pop()

    def _take(self, *sources: tuple[str, ...]) -> bool:
        now_s = self._running_s()
        self._drop_old(now_s)
        counts = [self._tries.setdefault(source, deque()) for source in sources]
        if any(len(tries) >= _most(source) for source, tries in zip(sources, counts, strict=True)):
            return False
        for tries in counts:
            tries.append(now_s)
        return True

    def _drop_old(self, now_s: float) -> None:
        for source, tries in [*self._tries.items()]:
            while tries and tries[0] <= now_s - TRIES_S:
                tries.popleft()
            if not tries:
                del self._tries[source]


def _strangers(account: str, address: str) -> tuple[tuple[str, ...], ...]:
    return ("account", account), ("address", address), _EVERYBODY


def _most(source: tuple[str, ...]) -> int:
    return ALL_TRIES if source is _EVERYBODY else TRIES
