"""This file finds cards in a picture: ArUco markers of 5x5_50, and door cards' QR codes by ZXing.

Three profiles: FAST is cheap; FINE looks at the picture enlarged and sharpened, for small cards
out of focus; FULL also finds half-covered ones.
Only calls that OpenCV 4.10 and 5.0 both have.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Final

import cv2

from hardware.cards.acceptance import Card, Point, apart
from hardware.cards.words import CARDS_LIMIT, TEXT_LIMIT, TEXTS_LIMIT
from hardware.readings import clean

if TYPE_CHECKING:
    from cv2.typing import MatLike

_SMALLEST_SIDE: Final = 32  # px of a picture that can hold a card
_LEAST_SIDE: Final = 10.0  # px; what is smaller and reads as a card is noise
_SHARPENED: Final = 1.3
_LARGEST_ENLARGED: Final = 2048  # px; a finer picture needs it not, and four times 4K is slow
_FULL_EVERY: Final = 3  # frames


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How to look. windows: the smallest and the largest of the threshold [px], and the step.

    constant: taken from the window's mean [grey levels]. slack: how far a side may be from
    straight, as a share of the perimeter. enlarged: how many times, with the edges sharpened.
    """

    windows: tuple[int, int, int]
    constant: float = 7.0
    slack: float = 0.03
    enlarged: int = 1


FAST: Final = Profile(windows=(13, 13, 10))
FULL: Final = Profile(windows=(9, 21, 12), constant=4.0, slack=0.05)
FINE: Final = Profile(windows=(25, 25, 10), constant=4.0, slack=0.05, enlarged=2)


def profiles_of(frame: int) -> tuple[Profile, ...]:
    """How to look at this frame of a scan; the first is 1."""
    return (FAST, FINE, FULL) if frame % _FULL_EVERY == 0 else (FAST, FINE)


def read(grey: MatLike, *profiles: Profile) -> tuple[Card, ...]:
    """The cards in a picture, by id; what several profiles find in one place is one card.

    grey: shape (height, width), 8 bits. An id can come more than once, at several places.
    """
    if min(grey.shape[:2]) < _SMALLEST_SIDE:
        return ()
    by_id: dict[int, list[Card]] = {}
    for card in chain.from_iterable(_detect(grey, profile) for profile in profiles):
        cards = by_id.setdefault(card.id, [])
        if all(apart(card, other) for other in cards):
            cards.append(card)
    return tuple(chain.from_iterable(by_id[card_id] for card_id in sorted(by_id)))[:CARDS_LIMIT]


def read_door(grey: MatLike) -> tuple[str, ...]:
    """The texts of the QR codes in a picture, cleaned and bounded, each once, in order.

    grey: shape (height, width), 8 bits.
    """
    import zxingcpp  # noqa: PLC0415 - a class's cards are read without it too

    one = zxingcpp.BarcodeFormat.QRCode
    codes = zxingcpp.read_barcodes(grey, formats=one)  # type: ignore[arg-type] # taken as several
    texts = (clean(code.text, TEXT_LIMIT) for code in codes if code.valid)
    return tuple(dict.fromkeys(text for text in texts if text))[:TEXTS_LIMIT]


def _detect(grey: MatLike, profile: Profile) -> list[Card]:
    times = profile.enlarged if max(grey.shape[:2]) <= _LARGEST_ENLARGED else 1
    corners, ids, _ = _detector(profile).detectMarkers(_enlarge(grey, times))
    # Without any, the ids are no array at all.
    pairs = zip(ids.ravel().tolist(), corners, strict=True) if corners else ()
    cards = (Card(int(number), _corners(quad, times)) for number, quad in pairs)
    return [card for card in cards if card.side >= _LEAST_SIDE]


def _enlarge(grey: MatLike, times: int) -> MatLike:
    """The picture enlarged, with an unsharp mask: a cell out of focus gets its edges back."""
    if times == 1:
        return grey
    large = cv2.resize(grey, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC)
    soft = cv2.GaussianBlur(large, (0, 0), float(times))
    return cv2.addWeighted(large, 1 + _SHARPENED, soft, -_SHARPENED, 0)


def _corners(quad: MatLike, times: int) -> tuple[Point, ...]:
    points = quad.reshape(4, 2) / times
    return tuple((round(float(x), 2), round(float(y), 2)) for x, y in points)


@lru_cache(maxsize=4)
def _detector(profile: Profile) -> cv2.aruco.ArucoDetector:
    parameters = cv2.aruco.DetectorParameters()
    smallest, largest, step = profile.windows
    parameters.adaptiveThreshWinSizeMin = smallest
    parameters.adaptiveThreshWinSizeMax = largest
    parameters.adaptiveThreshWinSizeStep = step
    parameters.adaptiveThreshConstant = profile.constant
    parameters.polygonalApproxAccuracyRate = profile.slack
    # The default drops what is smaller than 14 px in a full-HD picture.
    parameters.minMarkerPerimeterRate = 0.015
    parameters.perspectiveRemovePixelPerCell = 8
    # More bits mended would be wrong ids read from QR codes and foreign tags.
    parameters.errorCorrectionRate = 0.6
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_5X5_50)
    return cv2.aruco.ArucoDetector(dictionary, parameters)
