"""This file measures one frame: a picture goes in, numbers come out. Pure; needs OpenCV."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from hardware.camera.features import Features

if TYPE_CHECKING:
    from cv2.typing import MatLike

Grey = NDArray[np.uint8]

_HALF = (960, 540)
_SMALL = (320, 180)
_BLOCKS = (16, 9)
_BLOCK_PX = 20
_EDGE = 60
_FLAT_SD = 4.0
_SATURATED = 250
_DARK = 16
_SHARP_SHARE = 0.99


def features_of(frame: MatLike) -> Features:
    """Measure a frame: BGR, shape (height, width, 3)."""
    return measure(frame)[0]


def measure(frame: MatLike) -> tuple[Features, Grey]:
    """The features of a frame, and its small grey picture to compare with the next.

    All but sharpness is measured on the area-averaged 320 x 180.
    """
    half = cv2.resize(frame, _HALF, interpolation=cv2.INTER_AREA)
    small = cv2.resize(half, _SMALL, interpolation=cv2.INTER_AREA)
    grey = _grey(small)
    features = Features(
        mean=float(grey.mean()),
        sd=float(grey.std()),
        sat=_share(grey >= _SATURATED),
        dark=_share(grey <= _DARK),
        ed=_edges(grey),
        flat=_flat(grey),
        foc=_focus(_grey(half)),
        cast=_cast(small),
        digest=zlib.crc32(grey.tobytes()),
    )
    return features, grey


def change_of(before: Grey, now: Grey) -> float:
    """How far two small pictures differ: mean levels of grey."""
    return float(cv2.mean(cv2.absdiff(before, now))[0])


def _grey(picture: MatLike) -> Grey:
    return cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)


def _share(mask: NDArray[np.bool_]) -> float:
    return float(np.count_nonzero(mask)) / mask.size


def _edges(grey: Grey) -> float:
    across = cv2.convertScaleAbs(cv2.Sobel(grey, cv2.CV_16S, 1, 0))
    down = cv2.convertScaleAbs(cv2.Sobel(grey, cv2.CV_16S, 0, 1))
    # Saturating addition: 255 and above are edges all the same.
    return _share(cv2.add(across, down) > _EDGE)


def _flat(grey: Grey) -> float:
    across, down = _BLOCKS
    blocks = grey.reshape(down, _BLOCK_PX, across, _BLOCK_PX).astype(np.float32)
    return _share(blocks.std(axis=(1, 3)) < _FLAT_SD)


def _focus(grey: Grey) -> float:
    """How much sharpness one more blur takes away: much of a sharp picture, little of a soft one.

    Crete, Dolmiere, Ladret, Nicolas: The blur effect (SPIE 6492, 2007) blurs again likewise.
    """
    smooth = cv2.GaussianBlur(grey, (3, 3), 0)
    again = cv2.GaussianBlur(smooth, (9, 9), 0)
    return _steepest(smooth) / max(_steepest(again), 1.0)


def _steepest(grey: MatLike) -> float:
    """The 99th percentile of the slope from side to side, counted instead of sorted."""
    slope = cv2.Sobel(grey, cv2.CV_16S, 1, 0)
    counts = np.bincount(np.abs(slope).ravel())
    return float(np.searchsorted(np.cumsum(counts), _SHARP_SHARE * slope.size))


def _cast(picture: MatLike) -> float:
    blue, green, red, _ = cv2.mean(picture)
    middle = (blue + green + red) / 3
    return (max(blue, green, red) - min(blue, green, red)) / max(middle, 1.0)
