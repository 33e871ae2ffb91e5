"""This file bounds wrong tries: by tablet, by address, and for all together. Pure."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Final

MINUTE_S: Final = 60.0
A_TABLET: Final = 5  # a minute
AN_ADDRESS: Final = 15  # a minute: a tablet that throws its cookie away
AN_ADDRESS_A_LESSON: Final = 40
ALL: Final = 60  # a minute
ALL_A_LESSON: Final = 300  # 300 of 4 digits with 2 right: a guess lands once in 17 lessons

_WATCHED: Final = 512  # tablets, and addresses; beyond that ALL alone bounds


@dataclass(slots=True)
class _Count:
    """The latest wrong tries of one, and how many in the whole lesson."""

    at_s: deque[float] = field(default_factory=lambda: deque(maxlen=ALL))
    total: int = 0

    def add(self, now_s: float) -> None:
        self.at_s.append(now_s)
        self.total += 1

    def within(self, now_s: float) -> int:
        while self.at_s and now_s - self.at_s[0] >= MINUTE_S:
            self.at_s.popleft()
        return len(self.at_s)


class Tries:
    """One lesson's wrong tries."""

    def __init__(self) -> None:
        self._tablets = OrderedDict[str, _Count]()
        self._addresses = OrderedDict[str, _Count]()
        self._all = _Count()

    def is_out(self, address: str) -> bool:
        """Whether whoever comes from there may try no more in this lesson."""
        return self._addresses.get(address, _Count()).total >= AN_ADDRESS_A_LESSON

    def must_wait(self, tablet: str, address: str, now_s: float) -> bool:
        """Whether this one must wait, whatever code it has: a minute, unless it is out."""
        return (
            self._tablets.get(tablet, _Count()).within(now_s) >= A_TABLET
            or self._addresses.get(address, _Count()).within(now_s) >= AN_ADDRESS
            or self.is_out(address)
        )

    def must_all_wait(self, now_s: float) -> bool:
        """Whether so much was guessed that digits count for nothing now; the QR code still does."""
        return self._all.within(now_s) >= ALL or self._all.total >= ALL_A_LESSON

    def fail(self, tablet: str, address: str, now_s: float) -> None:
        """Count a wrong try."""
        _count_of(self._tablets, tablet).add(now_s)
        _count_of(self._addresses, address).add(now_s)
        self._all.add(now_s)


def _count_of(counts: OrderedDict[str, _Count], name: str) -> _Count:
    count = counts.setdefault(name, _Count())
    counts.move_to_end(name)
    if len(counts) > _WATCHED:
        counts.popitem(last=False)
    return count
