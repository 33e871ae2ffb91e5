"""This file finds class cards in a picture: ArUco markers of the dictionary 5x5_50.

Two profiles: FAST for every frame, FULL for some: it also finds small and half-covered cards.
Only calls that OpenCV 4.10 and 5.0 both have.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Final

import cv2

from hardware.cards.acceptance import Card, Point, apart
from hardware.cards.words import CARDS_LIMIT

if TYPE_CHECKING:
    from cv2.typing import MatLike

_SMALLEST_SIDE: Final = 32  # px of a picture that can hold a card


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How to look. windows: the smallest and the largest of the threshold [px], and the step.

    constant: taken from the window's mean [grey levels]. slack: how far a side may be from
    straight, as a share of the perimeter.
    """

    windows: tuple[int, int, int]
    constant: float = 7.0
    slack: float = 0.03


FAST: Final = Profile(windows=(13, 13, 10))
FULL: Final = Profile(windows=(9, 21, 12), constant=4.0, slack=0.05)


def read(grey: MatLike, *profiles: Profile) -> tuple[Card, ...]:
    """The cards in a picture, by id; what several profiles find in one place is one card.

    grey: shape (height, width), 8 bits. An id can come more than once, at several places.
    """
    if min(grey.shape[:2]) < _SMALLEST_SIDE:
        return ()
    kept: dict[int, list[Card]] = {}
    for card in chain.from_iterable(_found(grey, each) for each in profiles):
        others = kept.setdefault(card.id, [])
        if all(apart(card, other) for other in others):
            others.append(card)
    return tuple(chain.from_iterable(kept[each] for each in sorted(kept)))[:CARDS_LIMIT]


def _found(grey: MatLike, profile: Profile) -> list[Card]:
    corners, ids, _ = _detector(profile).detectMarkers(grey)
    # Without any, the ids are no array at all.
    found = zip(ids.ravel().tolist(), corners, strict=True) if corners else ()
    return [Card(int(number), _corners(quad)) for number, quad in found]


def _corners(quad: MatLike) -> tuple[Point, ...]:
    return tuple((round(float(x), 2), round(float(y), 2)) for x, y in quad.reshape(4, 2))


@lru_cache(maxsize=4)
def _detector(profile: Profile) -> cv2.aruco.ArucoDetector:
    found = cv2.aruco.DetectorParameters()
    smallest, largest, step = profile.windows
    found.adaptiveThreshWinSizeMin = smallest
    found.adaptiveThreshWinSizeMax = largest
    found.adaptiveThreshWinSizeStep = step
    found.adaptiveThreshConstant = profile.constant
    found.polygonalApproxAccuracyRate = profile.slack
    # The default drops what is smaller than 14 px in a full-HD picture.
    found.minMarkerPerimeterRate = 0.015
    found.perspectiveRemovePixelPerCell = 8
    # More bits mended would be wrong ids read from QR codes and foreign tags.
    found.errorCorrectionRate = 0.6
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_5X5_50)
    return cv2.aruco.ArucoDetector(dictionary, found)
