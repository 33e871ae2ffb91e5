"""This file finds cards in a picture: ArUco markers, and door cards' QR codes by ZXing.

Three ways to look: FAST is OpenCV's own detector, for cards that are sharp and whole; SMEARED lays
cards onto outlines that it could not read; COVERED also tries with one edge hidden.
Only calls that OpenCV 4.10 and 5.0 both have.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Final

import cv2

from hardware.cards.acceptance import CARDS, Card, Point, apart
from hardware.cards.fitting import Picture, candidates, fit_covered, fit_whole, left_over
from hardware.cards.outlines import Threshold, outlines
from hardware.cards.words import CARDS_LIMIT, TEXT_LIMIT, TEXTS_LIMIT
from hardware.readings import clean

if TYPE_CHECKING:
    from cv2.typing import MatLike

_SMALLEST_SIDE: Final = 32  # px of a picture that can hold a card
_LEAST_SIDE: Final = 10.0  # px; what is smaller and reads as a card is noise
_LARGEST_FITTED: Final = 2048  # px; a finer picture is halved before cards are fitted
_MENDED: Final = 3  # cells read wrongly that leave a marker nearest to itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How to look. thresholds: for outlines to lay cards onto; none, by OpenCV's detector.

    covered: whether an edge may be hidden.
    """

    thresholds: tuple[Threshold, ...] = ()
    covered: bool = False


FAST: Final = Profile()
SMEARED: Final = Profile(thresholds=((15, 4.0),))
COVERED: Final = Profile(thresholds=((31, 5.0), (15, 12.0)), covered=True)
EVERY: Final = (FAST, SMEARED, COVERED)


def profiles_of(frame: int) -> tuple[Profile, ...]:
    """How to look at this frame of a scan; the first is 1."""
    return (FAST, SMEARED) if frame % 2 else (FAST, COVERED)


def read(grey: MatLike, *profiles: Profile) -> tuple[Card, ...]:
    """The cards in a picture, by id; what several profiles find in one place is one card.

    grey: shape (height, width), 8 bits. An id can come more than once, at several places.
    """
    if min(grey.shape[:2]) < _SMALLEST_SIDE:
        return ()
    cards: list[Card] = []
    for profile in profiles:
        cards += _fit(grey, profile, cards) if profile.thresholds else _detect(grey)
    return _each_once(cards)


def read_door(grey: MatLike) -> tuple[str, ...]:
    """The texts of the QR codes in a picture, cleaned and bounded, each once, in order.

    grey: shape (height, width), 8 bits.
    """
    import zxingcpp  # noqa: PLC0415 - a class's cards are read without it too

    one = zxingcpp.BarcodeFormat.QRCode
    codes = zxingcpp.read_barcodes(grey, formats=one)  # type: ignore[arg-type] # taken as several
    texts = (clean(code.text, TEXT_LIMIT) for code in codes if code.valid)
    return tuple(dict.fromkeys(text for text in texts if text))[:TEXTS_LIMIT]


def _each_once(cards: list[Card]) -> tuple[Card, ...]:
    by_id: dict[int, list[Card]] = {}
    for card in cards:
        same = by_id.setdefault(card.id, [])
        if all(apart(card, other) for other in same):
            same.append(card)
    return tuple(chain.from_iterable(by_id[card_id] for card_id in sorted(by_id)))[:CARDS_LIMIT]


def _detect(grey: MatLike) -> list[Card]:
    """The cards that OpenCV's detector reads."""
    corners, ids, _ = _detector().detectMarkers(grey)
    # Without any, the ids are no array at all.
    pairs = zip(ids.ravel().tolist(), corners, strict=True) if corners else ()
    cards = (Card(int(number), _corners(quad)) for number, quad in pairs)
    return [card for card in cards if card.side >= _LEAST_SIDE]


def _fit(grey: MatLike, profile: Profile, found: list[Card]) -> list[Card]:
    """The cards that fit onto outlines, found ones left out, in a large picture at half its size.

    Where two cards fit onto one place neither is told.
    """
    times = 1
    while max(grey.shape[:2]) > _LARGEST_FITTED:
        grey, times = (
            cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA),
            2 * times,
        )
    known = [_scaled(card, 1 / times) for card in found]
    picture = Picture(grey)
    quads = outlines(grey, profile.thresholds)
    poses = candidates(picture, quads[left_over(quads.mean(axis=1), known)])
    cards = fit_whole(picture, poses)
    if profile.covered:
        cards += fit_covered(picture, poses[left_over(poses[:, :2, 2], cards)])
    sole = (card for card in cards if not any(_contradicts(card, other) for other in cards))
    return [_scaled(card, times) for card in sole if card.side >= _LEAST_SIDE]


def _contradicts(one: Card, other: Card) -> bool:
    return one.id != other.id and not apart(one, other)


def _scaled(card: Card, times: float) -> Card:
    return card._replace(corners=tuple((x * times, y * times) for x, y in card.corners))


def _corners(quad: MatLike) -> tuple[Point, ...]:
    return tuple((round(float(x), 2), round(float(y), 2)) for x, y in quad.reshape(4, 2))


@lru_cache(maxsize=1)
def _detector() -> cv2.aruco.ArucoDetector:
    parameters = cv2.aruco.DetectorParameters()
    parameters.adaptiveThreshWinSizeMin = 13
    parameters.adaptiveThreshWinSizeMax = 13
    # The default drops what is smaller than 14 px in a full-HD picture.
    parameters.minMarkerPerimeterRate = 0.015
    parameters.perspectiveRemovePixelPerCell = 8
    # More bits mended would be wrong ids read from QR codes and foreign tags.
    parameters.errorCorrectionRate = 0.6
    every = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_5X5_250)
    cards = cv2.aruco.Dictionary(every.bytesList[:CARDS], every.markerSize, _MENDED)
    return cv2.aruco.ArucoDetector(cards, parameters)
