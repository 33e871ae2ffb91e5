"""This file lets many peers wait in one place: drawn by equal shares, answered as they came."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, Generic, NamedTuple, TypeVar

QUIET_S: Final = 1.0

Item = TypeVar("Item")


class Waiting(NamedTuple, Generic[Item]):
    """One item in a queue: its place in the order of arrival, and what it weighs."""

    number: int
    weight: int
    item: Item


def _weighs_one(_item: object) -> int:
    return 1


class FairQueue(Generic[Item]):
    """A bounded queue in which nobody waits for another's crowd; a peer's own order is kept.

    When it overflows, the newest of whoever has most are dropped ("longest queue drop"), but of
    nobody who has no more than `share`, and without one of nobody; then it is full, and whoever
    reads may wait. limit, share: in weights, of which an item has at least one.

    A peer of whom something was dropped is not listened to until it has paused for `quiet_s`: what
    comes then begins anew with the oldest, where anything later would come before what was dropped.
    """

    def __init__(
        self,
        limit: int,
        share: int | None = None,
        *,
        weight_of: Callable[[Item], int] = _weighs_one,
        now_s: Callable[[], float] = time.monotonic,
        quiet_s: float = QUIET_S,
    ) -> None:
        self._limit = limit
        self._share = share
        self._weight_of = weight_of
        self._now_s = now_s
        self._quiet_s = quiet_s
        self._waiting: dict[str, deque[Waiting[Item]]] = {}  # who was served last stands last
        self._weights: dict[str, int] = {}
        self._deaf_to: dict[str, float] = {}  # and when that peer spoke last
        self._length = 0
        self._weight = 0
        self._number = 0

    def __len__(self) -> int:
        return self._length

    def lengths(self) -> Mapping[str, int]:
        """How much of each peer's waits, of those of whom something does."""
        return {peer: len(waiting) for peer, waiting in self._waiting.items()}

    @property
    def is_full(self) -> bool:
        """Whether what comes next had better wait elsewhere."""
        return self._weight >= self._limit

    def put(self, peer: str, item: Item) -> Sequence[Item]:
        """Let a peer's item wait; returns what was dropped for it, perhaps itself."""
        if self._deaf_to and self._is_deaf_to(peer):
            return (item,)
        self._number += 1
        if (waiting := self._waiting.get(peer)) is None:
            waiting = self._waiting[peer] = deque()
        weight = self._weight_of(item)
        waiting.append(Waiting(self._number, weight, item))
        self._weights[peer] = self._weights.get(peer, 0) + weight
        self._weight += weight
        self._length += 1
        if self._weight < self._limit or self._share is None:
            return ()
        return self._shed(self._share)

    def draw(self, limit: int) -> list[Item]:
        """At most so many, by equal shares, in the order in which they came."""
        drawn: list[Waiting[Item]] = []
        while self._waiting and len(drawn) < limit:
            part = max(1, (limit - len(drawn)) // len(self._waiting))
            for peer in [*self._waiting][: limit - len(drawn)]:
                drawn += self._serve(peer, part)
        drawn.sort()  # the numbers differ, so that items are not compared
        return [one.item for one in drawn]

    def clear(self) -> None:
        """Forget all."""
        self._waiting.clear()
        self._weights.clear()
        self._deaf_to.clear()
        self._length = self._weight = 0

    def _note_gone(self, peer: str, weight: int, items: int) -> None:
        self._weights[peer] -= weight
        self._weight -= weight
        self._length -= items
        if not self._weights[peer]:
            del self._weights[peer]

    def _serve(self, peer: str, part: int) -> list[Waiting[Item]]:
        waiting = self._waiting.pop(peer)
        served = [waiting.popleft() for _ in range(min(part, len(waiting)))]
        self._note_gone(peer, sum([one.weight for one in served]), len(served))
        if waiting:
            self._waiting[peer] = waiting
        return served

    def _shed(self, share: int) -> Sequence[Item]:
        """Drop half of what the longest has above its share."""
        longest = max(self._weights, key=self._weights.__getitem__)
        least = (self._weights[longest] + share) // 2
        dropped: list[Item] = []
        while self._weights[longest] > max(least, share):
            one = self._waiting[longest].pop()
            self._note_gone(longest, one.weight, 1)
            dropped.append(one.item)
        if dropped:
            self._deaf_to[longest] = self._now_s()
        if not self._waiting[longest]:
            del self._waiting[longest]
        return dropped

    def _is_deaf_to(self, peer: str) -> bool:
        last_s, now_s = self._deaf_to.get(peer), self._now_s()
        if last_s is None:
            return False
        if now_s - last_s >= self._quiet_s:
            del self._deaf_to[peer]
            return False
        self._deaf_to[peer] = now_s
        return True


class ReceiptOrder(Generic[Item]):
    """Gives back in the order of receipt what is done in any order (MQTT 3.1.1, 4.6)."""

    def __init__(self) -> None:
        self._received = 0
        self._released = 0
        self._done: dict[int, Item] = {}

    def receive(self) -> int:
        """The number of what has just come."""
        self._received += 1
        return self._received

    def release(self, done: Iterable[tuple[int, Item]]) -> Iterator[Item]:
        """These are done, each by its number; returns all before which nothing is left to do."""
        for number, item in done:
            if number != self._released + 1:
                self._done[number] = item
                continue
            self._released = number
            yield item
            while self._done and (later := self._done.pop(self._released + 1, None)) is not None:
                self._released += 1
                yield later
