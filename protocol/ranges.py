"""This file counts one agent's events of one boot: which arrived, which are missing. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from protocol.shapes import from_json

END: Final = 1 << 53  # no number of a message is so large


class Stream:
    """The sequence numbers that arrived, as inclusive ranges; numbering begins at 1.

    What is missing is the last number less how many arrived, so a late one heals the count.
    """

    def __init__(self, ranges: list[list[int]] | None = None) -> None:
        self.ranges = ranges or []
        self._count = sum(high - low + 1 for low, high in self.ranges)

    @classmethod
    def from_text(cls, text: str) -> Stream:
        """Read what `to_text` wrote."""
        return cls(from_json(text, list[list[int]]))

    def to_text(self) -> str:
        """The ranges as JSON."""
        return msgspec.json.encode(self.ranges).decode()

    @property
    def missing(self) -> int:
        """How many numbers below the newest have not arrived."""
        return self.ranges[-1][1] - self._count if self.ranges else 0

    def add(self, number: int) -> bool:
        """Note a number; False if it had arrived before."""
        ranges = self.ranges
        if ranges and number == ranges[-1][1] + 1:  # the ordinary case: the next one
            ranges[-1][1] = number
            self._count += 1
            return True
        place = bisect_right(ranges, number, key=lambda bounds: bounds[0])
        if place and ranges[place - 1][1] >= number:
            return False
        self._count += 1
        ranges.insert(place, [number, number])
        self._join(place)
        return True

    def _join(self, place: int) -> None:
        """Melt the range at `place` with the neighbours that it touches."""
        ranges = self.ranges
        if place + 1 < len(ranges) and ranges[place][1] + 1 == ranges[place + 1][0]:
            ranges[place][1] = ranges.pop(place + 1)[1]
        if place and ranges[place - 1][1] + 1 == ranges[place][0]:
            ranges[place - 1][1] = ranges.pop(place)[1]


def ranges_of(numbers: list[int]) -> tuple[tuple[int, int], ...]:
    """The numbers as the fewest inclusive ranges."""
    stream = Stream()
    for number in sorted(numbers):
        stream.add(number)
    return tuple((low, high) for low, high in stream.ranges)


def gaps_of(ranges: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The numbers from 1 on that are in none of these inclusive ranges, as such ranges."""
    low = 1
    for first, last in sorted(ranges):
        if first > low:
            yield low, first - 1
        low = max(low, last + 1)
    if low < END:
        yield low, END - 1
