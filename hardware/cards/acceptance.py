"""This file decides which cards of a scan count, from what each frame showed. Pure.

A card counts after two sightings, in different frames within five seconds, at one seat. An id
at two places of one frame is a copy: it counts nowhere. Two cards that one hand moves count,
and a person is asked to check them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from enum import StrEnum
from itertools import combinations
from math import dist
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta

CARDS: Final = 121  # markers that are cards, by id from 0
WITHIN_S: Final = 5.0

_SEAT_SIDES: Final = 3.0  # how far a card that is held up moves between two sightings
_SAME_SIDES: Final = 0.5  # nearer than this, two finds of one id are one card
_HAND_SIDES: Final = 2.5  # how far apart one hand can hold two cards
_MOVED_SIDES: Final = 0.25  # in one step, against the class: a hand's, not the camera's
_RIGID_SIDES: Final = 0.12  # how little one hand changes between its two cards
_STEPS: Final = 3
_SIGHTINGS_LIMIT: Final = 8  # sightings of a card

Point = tuple[float, float]
CardId = Annotated[int, Meta(ge=0, lt=CARDS)]


class CardFlag(StrEnum):
    """What a person should look at."""

    COPIED = "copied"
    CHECK = "check"


class Card(NamedTuple):
    """A card in a frame. corners: four, clockwise from the marker's own top left [px]."""

    id: CardId
    corners: Annotated[tuple[Point, ...], Meta(min_length=4, max_length=4)]

    @property
    def centre(self) -> Point:
        """The mean of the corners [px]."""
        xs, ys = zip(*self.corners, strict=True)
        return sum(xs) / len(xs), sum(ys) / len(ys)

    @property
    def side(self) -> float:
        """The longest side [px]: a tilt shortens the others."""
        following = self.corners[1:] + self.corners[:1]
        return max(dist(one, other) for one, other in zip(self.corners, following, strict=True))


class FoundCard(msgspec.Struct, frozen=True, tag=True):
    """A card that counts; or, with a flag, one that a person should look at.

    One that is COPIED does not count, even if it did before.
    """

    id: CardId
    flag: CardFlag | None = None


class _Sighting(NamedTuple):
    at: float
    centre: Point
    side: float


class Acceptance:
    """What was seen so far in one scan. allowed: the ids on the class's list."""

    def __init__(self, allowed: frozenset[int]) -> None:
        self._allowed = allowed
        self._tracks: dict[int, deque[_Sighting]] = {}
        self._reported: set[FoundCard] = set()
        self._steps: dict[tuple[int, int], int] = {}

    @property
    def is_complete(self) -> bool:
        """Whether every card of the list was found."""
        return all(FoundCard(marker) in self._reported for marker in self._allowed)

    def frame(self, cards: Iterable[Card], at: float) -> tuple[FoundCard, ...]:
        """What a frame tells that was not told before. at: of a steady clock [s]."""
        listed = [card for card in cards if card.id in self._allowed]
        copied = {one.id for one, two in combinations(listed, 2) if one.id == two.id}
        copied = {marker for marker in copied if _is_at_two_places(marker, listed)}
        now = {
            card.id: _Sighting(at, card.centre, card.side)
            for card in listed
            if card.id not in copied | self._ids_flagged(CardFlag.COPIED)
        }
        findings = [FoundCard(marker, CardFlag.COPIED) for marker in sorted(copied)]
        findings += [
            FoundCard(marker) for marker in now if self._is_seen_again(marker, now[marker])
        ]
        findings += [
            FoundCard(marker, CardFlag.CHECK) for marker in sorted(self._held_together(now))
        ]
        for marker, sighting in now.items():
            self._tracks.setdefault(marker, deque(maxlen=_SIGHTINGS_LIMIT)).append(sighting)
        new = tuple(finding for finding in findings if finding not in self._reported)
        self._reported.update(new)
        return new

    def _ids_flagged(self, flag: CardFlag) -> set[int]:
        return {finding.id for finding in self._reported if finding.flag is flag}

    def _is_seen_again(self, marker_id: int, now: _Sighting) -> bool:
        return any(
            0 < now.at - before.at <= WITHIN_S and _is_one_seat(before, now)
            for before in self._tracks.get(marker_id, ())
        )

    def _held_together(self, now: dict[int, _Sighting]) -> Iterator[int]:
        """The ids of pairs that moved as one, against the class, in enough frames."""
        moves = {
            marker: _move(self._tracks[marker][-1], now[marker])
            for marker in now
            if marker in self._tracks
        }
        if not moves:
            return
        from statistics import median  # noqa: PLC0415 - of 220 KiB, and only a scan needs it

        drift = (median(x for x, _ in moves.values()), median(y for _, y in moves.values()))
        for pair in combinations(sorted(moves), 2):
            one, other = pair
            side = max(now[one].side, now[other].side)
            near = dist(now[one].centre, now[other].centre) <= _HAND_SIDES * side
            if not near or dist(moves[one], moves[other]) > _RIGID_SIDES * side:
                self._steps.pop(pair, None)
            elif dist(moves[one], drift) > _MOVED_SIDES * side:
                self._steps[pair] = self._steps.get(pair, 0) + 1
            if self._steps.get(pair, 0) >= _STEPS:
                yield from pair


def apart(one: Card, other: Card) -> bool:
    """Whether two finds of one id are at two places."""
    return dist(one.centre, other.centre) > _SAME_SIDES * max(one.side, other.side)


def _is_at_two_places(marker_id: int, cards: list[Card]) -> bool:
    same = [card for card in cards if card.id == marker_id]
    return any(apart(one, other) for one, other in combinations(same, 2))


def _is_one_seat(before: _Sighting, now: _Sighting) -> bool:
    return dist(before.centre, now.centre) <= _SEAT_SIDES * max(before.side, now.side)


def _move(before: _Sighting, now: _Sighting) -> Point:
    return now.centre[0] - before.centre[0], now.centre[1] - before.centre[1]
