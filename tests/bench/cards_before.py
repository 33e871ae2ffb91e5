"""This file reads cards as it was done before decision 0086, to be measured against in one run."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import cv2
from cv2.typing import MatLike

from hardware.cards.acceptance import Card, apart
from simulators.devices.cards import Frame
from tests.hardware.card_frames import corners_of

_FAST = (13, 13, 7.0, 0.03, 1)
_FULL = (9, 21, 4.0, 0.05, 1)
_FINE = (25, 25, 4.0, 0.05, 2)

_Profile = tuple[int, int, float, float, int]  # windows, constant, slack, times enlarged


def as_before(grey: Frame, number: int) -> Sequence[Card]:
    """By the fast and the fine profile, and every third time by the full one."""
    cards: list[Card] = []
    for profile in (_FAST, _FINE, _FULL) if number % 3 == 0 else (_FAST, _FINE):
        for card in _detect(grey, profile):
            if all(card.id != other.id or apart(card, other) for other in cards):
                cards.append(card)
    return cards


def _detect(grey: Frame, profile: _Profile) -> list[Card]:
    times = profile[4]
    corners, ids, _ = _detector(profile).detectMarkers(_enlarged(grey, times))
    pairs = zip(ids.ravel().tolist(), corners, strict=True) if corners else ()
    return [Card(number, corners_of(quad / times)) for number, quad in pairs]


def _enlarged(grey: MatLike, times: int) -> MatLike:
    if times == 1:
        return grey
    large = cv2.resize(grey, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC)
    return cv2.addWeighted(large, 2.3, cv2.GaussianBlur(large, (0, 0), float(times)), -1.3, 0)


@lru_cache(maxsize=3)
def _detector(profile: _Profile) -> cv2.aruco.ArucoDetector:
    smallest, largest, constant, slack, _ = profile
    parameters = cv2.aruco.DetectorParameters()
    parameters.adaptiveThreshWinSizeMin = smallest
    parameters.adaptiveThreshWinSizeMax = largest
    parameters.adaptiveThreshWinSizeStep = 12
    parameters.adaptiveThreshConstant = constant
    parameters.polygonalApproxAccuracyRate = slack
    parameters.minMarkerPerimeterRate = 0.015
    parameters.perspectiveRemovePixelPerCell = 8
    parameters.errorCorrectionRate = 0.6
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_5X5_50)
    return cv2.aruco.ArucoDetector(dictionary, parameters)
