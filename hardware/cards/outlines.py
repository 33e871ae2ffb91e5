"""This file finds what may be a card's outline: dark patches that have four corners, or nearly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from cv2.typing import MatLike

Quads = NDArray[np.float64]  # shape (n, 4, 2): clockwise as seen [px]
Threshold = tuple[int, float]  # the window [px], and how much darker than its mean [grey levels]

_SOFT: Final = 1.0  # px; without it noise alone makes ten times as many patches
_LEAST: Final = 12  # px of the longer side
_LEAST_NARROW: Final = 6  # px of the shorter
_LEAST_AREA: Final = 80.0
_LEAST_POINTS: Final = 6  # of a patch's outline; noise has fewer
_LARGEST: Final = 0.4  # of the picture's lower side
_LEAST_BEND: Final = 0.1  # of the widest corner: twice a triangle's area
_SLACKS: Final = (0.04, 0.06, 0.08, 0.1)  # of the perimeter


def outlines(grey: MatLike, thresholds: Sequence[Threshold]) -> Quads:
    """The outlines in a picture, by each threshold."""
    soft = cv2.GaussianBlur(grey, (0, 0), _SOFT)
    largest = _LARGEST * min(grey.shape[:2])
    quads = [_corners(hull) for level in thresholds for hull in _patches(soft, level, largest)]
    return _upright(_clockwise(np.array(quads, np.float64).reshape(-1, 4, 2)))


def _patches(soft: MatLike, threshold: Threshold, largest: float) -> Iterator[MatLike]:
    """The hulls of the dark patches of a size that cards have."""
    window, darker = threshold
    kinds = cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV
    dark = cv2.adaptiveThreshold(soft, 255, *kinds, window, darker)
    patches, _ = cv2.findContours(dark, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    for patch in patches:
        if len(patch) < _LEAST_POINTS:
            continue
        _, _, wide, high = cv2.boundingRect(patch)
        if not (_LEAST <= max(wide, high) <= largest and min(wide, high) >= _LEAST_NARROW):
            continue
        hull = cv2.convexHull(patch)
        if cv2.contourArea(hull) >= _LEAST_AREA:
            yield hull


def _corners(hull: MatLike) -> MatLike:
    """Four corners: the hull's own, or those of the rectangle about it."""
    around = cv2.arcLength(hull, closed=True)
    for slack in _SLACKS:
        corners = cv2.approxPolyDP(hull, slack * around, closed=True)
        if len(corners) <= 4:  # noqa: PLR2004 - corners
            break
    return corners.reshape(4, 2) if len(corners) == 4 else cv2.boxPoints(cv2.minAreaRect(hull))  # noqa: PLR2004


def _upright(quads: Quads) -> Quads:
    """The quads without those that are nearly triangles or lines; no perspective lays a card so."""
    sides = np.roll(quads, -1, axis=1) - quads
    before = np.roll(sides, 1, axis=1)
    bends = before[..., 0] * sides[..., 1] - before[..., 1] * sides[..., 0]
    return np.asarray(quads[bends.min(axis=1) > _LEAST_BEND * bends.max(axis=1)], np.float64)


def _clockwise(quads: Quads) -> Quads:
    one, two = quads[:, 1] - quads[:, 0], quads[:, 2] - quads[:, 1]
    against = one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0] < 0
    quads[against] = quads[against][:, ::-1]
    return quads
