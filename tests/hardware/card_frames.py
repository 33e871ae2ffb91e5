"""This file counts what is read of drawn classes; the tests take a few pictures, the bench many."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import dist

import cv2
from cv2.typing import MatLike

from hardware.cards.acceptance import CARDS, Acceptance, Card, Point
from hardware.cards.reader import EVERY, FAST, Profile, profiles_of, read
from simulators.devices.cards import (
    Frame,
    Scene,
    ShownCard,
    Take,
    class_of,
    clutter,
    door,
    foreign,
)

ROSTER = frozenset(range(1, CARDS))
FOLLOWED = Scene(side=(18.0, 60.0))
SINGLE = Scene(side=(30.0, 120.0))

# Sheets as they are printed, as far away as in a classroom, before a camera of 1280 x 720.
_HELD = Scene(size=(1280, 720), side=(18.0, 60.0), printed=True, covered=0.0, shaken=0.3)
CALM = replace(_HELD, motion=(0.0, 4.0))
SMEARED = replace(_HELD, motion=(9.0, 9.0))
GRIPPED = replace(CALM, gripped=1.0)
EDGE_HIDDEN = replace(CALM, gripped=1.0, fingers=(9,))

Look = Callable[[Frame, int], Sequence[Card]]  # a picture and its number from 1, to cards


@dataclass(slots=True)
class Count:
    """How many cards were there, were read, and were read though they were not there."""

    there: int = 0
    read: int = 0
    wrong: int = 0
    cpu_s: float = 0.0

    @property
    def recall(self) -> float:
        return self.read / self.there


def in_one_frame(seeds: Iterable[int], *profiles: Profile, setting: Scene = SINGLE) -> Count:
    """Read one picture of each class; cards with a finger on the marker are not asked for."""
    total = Count()
    for seed in seeds:
        take = class_of(seed, setting)[0]
        cards = read(take.grey, *(profiles or EVERY))
        _count(total, take.cards, cards)
    return total


def as_in_a_scan(grey: Frame, number: int) -> Sequence[Card]:
    return read(grey, *profiles_of(number))


def by_default(grey: Frame, _number: int) -> Sequence[Card]:
    """By OpenCV's detector as it is delivered."""
    corners, ids, _ = _default().detectMarkers(grey)
    pairs = zip(ids.ravel().tolist(), corners, strict=True) if corners else ()
    return [Card(number, corners_of(quad)) for number, quad in pairs]


def corners_of(quad: MatLike) -> tuple[Point, ...]:
    return tuple((float(x), float(y)) for x, y in quad.reshape(4, 2))


def over_ten_frames(
    seeds: Iterable[int], setting: Scene = FOLLOWED, look: Look = as_in_a_scan
) -> Count:
    """Follow each class by the rules of a scan."""
    total = Count()
    for seed in seeds:
        takes = class_of(seed, setting, frames=10)
        acceptance, found = Acceptance(ROSTER), set()
        for number, take in enumerate(takes, 1):
            grey, began = take.grey, time.process_time()
            cards = look(grey, number)
            total.cpu_s += time.process_time() - began
            found |= {each.id for each in acceptance.frame(cards, number * 0.2)}
        there = {each.id for each in takes[0].cards if not each.covered}
        total.there += len(there)
        total.read += len(there & found)
        total.wrong += len(found - {each.id for each in takes[0].cards})
    return total


def without_cards(seeds: Sequence[int]) -> list[Take]:
    """Pictures in which no card is: clutter, tags of other kinds, sheets of QR codes."""
    sheets = [[f"{seed} {number} HTTP://EXAMPLE" for number in range(24)] for seed in seeds]
    return [
        *(clutter(seed) for seed in seeds),
        *(foreign(seed) for seed in seeds),
        *(door(seed, each) for seed, each in zip(seeds, sheets, strict=True)),
    ]


def cost_ratio(rounds: int) -> float:
    """The fast profile's processor time over that of OpenCV's defaults, in turn on one picture."""
    cv2.setNumThreads(1)
    grey = class_of(1)[0].grey
    return statistics.median(
        spent_s(lambda: read(grey, FAST)) / spent_s(lambda: by_default(grey, 1))
        for _ in range(rounds)
    )


def spent_s(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


@lru_cache(maxsize=1)
def _default() -> cv2.aruco.ArucoDetector:
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_5X5_50)
    return cv2.aruco.ArucoDetector(dictionary, cv2.aruco.DetectorParameters())


def _count(total: Count, shown: Sequence[ShownCard], cards: Sequence[Card]) -> None:
    right = [each for each in shown if any(_is(card, each) for card in cards)]
    asked = [each for each in shown if not each.covered]
    total.there += len(asked)
    total.read += sum(each in right for each in asked)
    total.wrong += len(cards) - len(right)


def _is(card: Card, shown: ShownCard) -> bool:
    return card.id == shown.id and dist(card.centre, shown.centre) < max(6.0, 0.3 * shown.side)
