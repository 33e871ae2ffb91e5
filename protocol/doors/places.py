"""This file gives out a few places for long answers: who reads slowly keeps none for ever.

A place is its holder's own for one turn. After that he keeps it until somebody waits for one: then
he whose turn has been over for longest gives way, whatever he moved meanwhile. Time in which the
answer is still being made is nobody's.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Final

from protocol.guard import Scope

TURN_S: Final = 120.0  # a version of 60 MB at 0.5 MB/s
_CUT: Final = "lophoc.cut"


class HeldPlace:
    """A place that is held, from now on. give_way: ends what holds it; from any thread."""

    def __init__(
        self, peer: str, turn_s: float, give_way: Callable[[], object], now_s: Callable[[], float]
    ) -> None:
        self.peer, self.give_way = peer, give_way
        self._left_s, self._now_s = turn_s, now_s
        self._since_s: float | None = now_s()

    @property
    def until_s(self) -> float:
        """When its turn is over; never while it rests."""
        return math.inf if self._since_s is None else self._since_s + self._left_s

    def rest(self) -> None:
        """Its reader is owed something: this time is not his."""
        if self._since_s is not None:
            self._left_s -= self._now_s() - self._since_s
            self._since_s = None

    def go_on(self) -> None:
        """Its reader is waited for again."""
        if self._since_s is None:
            self._since_s = self._now_s()


class Places:
    """So many places; any thread may ask. of_one_peer: how many of them one peer may have."""

    def __init__(
        self,
        count: int,
        *,
        of_one_peer: int | None = None,
        turn_s: float = TURN_S,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._count = count
        self._of_one_peer = count if of_one_peer is None else of_one_peer
        self._turn_s, self._now_s = turn_s, now_s
        self._held: list[HeldPlace] = []
        self._lock = threading.RLock()  # a collected answer leaves in whatever thread that happens

    def take(
        self, peer: str = "", give_way: Callable[[], object] = lambda: None
    ) -> HeldPlace | None:
        """A place, if there is one or somebody's turn is over; he gives way."""
        with self._lock:
            own = [place for place in self._held if place.peer == peer]
            crowd = own if len(own) >= self._of_one_peer else self._held
            if len(own) >= self._of_one_peer or len(self._held) >= self._count:
                oldest = min(crowd, key=lambda place: place.until_s, default=None)
                if oldest is None or oldest.until_s > self._now_s():
                    return None
                self._held.remove(oldest)
                oldest.give_way()
            fresh = HeldPlace(peer, self._turn_s, give_way, self._now_s)
            self._held.append(fresh)
            return fresh

    def leave(self, place: HeldPlace) -> None:
        """It is free again; one that was given up is another's already."""
        with self._lock:
            if place in self._held:
                self._held.remove(place)


def note_cut(scope: Scope, cut: Callable[[], object]) -> None:
    """Have whoever answers a request know how its line is cut, from any thread."""
    scope[_CUT] = cut


def cut_of(scope: Scope) -> Callable[[], object]:
    """What cuts the line of a request; nothing where it came by none, as within the program."""
    cut: Callable[[], object] = scope.get(_CUT, lambda: None)
    return cut
