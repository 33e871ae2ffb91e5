"""This file remembers what browsers were asked to sign: each for one answer, for some minutes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from protocol.clock import steady_s

CHALLENGE_S: Final = 300.0  # as long as a person may look for their telephone
MOST: Final = 500
MOST_OF_ADDRESS: Final = 50  # a school may stand behind one address


class Pending(NamedTuple):
    """What a browser was asked. address: from where; state: what its answer is held against."""

    address: str
    at_s: float
    state: Any


class Challenges:
    """The latest question to each browser or session, by a key that others do not know."""

    def __init__(self, running_s: Callable[[], float] = steady_s) -> None:
        self._running_s = running_s
        self._pending: dict[str, Pending] = {}  # the oldest first

    def put(self, key: str, address: str, state: Any) -> None:
        """Keep a question in the place of the one before; of too many the oldest goes."""
        self._pending.pop(key, None)
        self._pending[key] = Pending(address, self._running_s(), state)
        self._drop_old()
        if Counter(each.address for each in self._pending.values())[address] > MOST_OF_ADDRESS:
            self._drop_oldest(address)
        if len(self._pending) > MOST:
            self._drop_oldest(None)

    def take(self, key: str) -> Any:
        """What the browser was asked, once; None where that is nothing, or too long ago."""
        self._drop_old()
        pending = self._pending.pop(key, None)
        return pending.state if pending else None

    def _drop_old(self) -> None:
        last_s = self._running_s() - CHALLENGE_S
        for key in [key for key, pending in self._pending.items() if pending.at_s <= last_s]:
            del self._pending[key]

    def _drop_oldest(self, address: str | None) -> None:
        pending = self._pending.items()
        del self._pending[next(key for key, one in pending if address in {None, one.address})]
