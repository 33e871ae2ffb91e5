"""This file takes the pictures of a simulated camera: a classroom, and what can go wrong with it.

The room depends on the seed alone, the sensor's noise on the frame's number too: the same call
gives the same bytes. With interior.py the only file of the simulators that loads OpenCV.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from random import Random
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from simulators.devices.interior import WIDTH, Light, interior

Frame = NDArray[np.uint8]
Size = tuple[int, int]  # width, height

FULL_HD: Final[Size] = (1920, 1080)
SMALL: Final[Size] = (640, 360)

_JPEG_QUALITY: Final = 85
_READ_NOISE: Final = 1.5  # grey levels of a sensor in the dark
_SHOT_NOISE: Final = 0.22  # times the root of the light
_CASTS: Final = (
    (1.4, 0.35, 0.35), (0.3, 1.3, 0.4), (0.3, 0.4, 1.5), (1.25, 0.3, 1.25), (0.3, 1.2, 1.2),
)  # fmt: skip
_SLACK: Final = 64  # how much larger than a frame the sheet of noise is


def frame(seed: int, fault: str = "ok", size: Size = FULL_HD, number: int = 0) -> Frame:
    """One frame of a camera. fault: of FAULTS or HARD, else "ok". number: counts the frames.

    Returns BGR, shape (height, width, 3). Raises ValueError for a fault it does not know.
    """
    light, spread = _expose(seed, fault, size)
    random = Random(f"{seed} {number}")  # noqa: S311 - a play, not a secret
    # A crop of a larger sheet is as good as new noise for every frame, and 20 times cheaper.
    left, top = random.randrange(_SLACK), random.randrange(_SLACK)
    noise = _noise(size)[top : top + size[1], left : left + size[0]]
    noisy = np.maximum(light + noise * spread, np.float32(0))
    return cv2.convertScaleAbs(noisy).astype(np.uint8, copy=False)


def jpeg(picture: Frame) -> bytes:
    """The frame as a camera sends it."""
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    return data.tobytes()


def jpeg_of(seed: int, fault: str, size: Size, number: int) -> bytes:
    """Frame number so-and-so of a camera, as it sends it."""
    return jpeg(frame(seed, fault, size, number))


@lru_cache(maxsize=4)
def _expose(seed: int, fault: str, size: Size) -> tuple[Light, Light]:
    """The light on the sensor, and how far its noise spreads."""
    if fault not in _SPOIL:
        raise ValueError(f"no such fault: {fault}")
    spoilt = _SPOIL[fault](_room(seed), Random(f"{seed} {fault}"))  # noqa: S311 - a play
    resized = cv2.resize(np.clip(spoilt, 0, 400), size, interpolation=cv2.INTER_AREA)
    light = resized.astype(np.float32, copy=False)
    return light, (_READ_NOISE + _SHOT_NOISE * np.sqrt(light)).astype(np.float32)


@lru_cache(maxsize=2)
def _room(seed: int) -> Light:
    return interior(seed)


@lru_cache(maxsize=2)
def _noise(size: Size) -> Light:
    random = np.random.default_rng(7)
    return random.standard_normal((size[1] + _SLACK, size[0] + _SLACK, 3), np.float32)


def _drawn(random: Random, least: float, most: float) -> np.float32:
    return np.float32(random.uniform(least, most))


def _black(light: Light, random: Random) -> Light:
    """A cap on the lens; light leaks in at one side of some."""
    leak = np.linspace(random.choice((0.0, 11.0)), 0.0, WIDTH, dtype=np.float32)
    return light * np.float32(0.008) + leak[np.newaxis, :, np.newaxis]


def _cover(light: Light, random: Random) -> Light:
    """A hand or a cloth right before the lens: a colour, a little darker to one side."""
    colour = [random.uniform(25, 90), random.uniform(35, 110), random.uniform(50, 150)]
    shade = np.linspace(random.uniform(0.6, 1.0), 1.0, WIDTH, dtype=np.float32)
    cloth = np.asarray(colour, np.float32) * shade[np.newaxis, :, np.newaxis]
    return (cloth + light * np.float32(0.01)).astype(np.float32)


def _colour_cast(light: Light, random: Random) -> Light:
    """A broken wire or a lost white balance: one or two of three colours are nearly gone."""
    return light * np.asarray(random.choice(_CASTS), np.float32)


def _partly_covered(light: Light, random: Random) -> Light:
    """Something out of focus hides most of the picture, from one side."""
    share = random.uniform(0.82, 0.92)
    from_side = np.linspace(*random.choice(((0, 1), (1, 0))), WIDTH, dtype=np.float32)
    hidden: Light = np.clip((share - from_side) * 12 + 0.5, 0, 1)[np.newaxis, :, np.newaxis]
    cloth = np.asarray([random.uniform(20, 90) for _ in range(3)], np.float32)
    return (light + (cloth - light) * hidden).astype(np.float32)


def _projector(light: Light, random: Random) -> Light:
    """The lights are low and a screen is bright."""
    dark = light * _drawn(random, 0.35, 0.5)
    dark[130:470, 720:1420] = light[130:470, 720:1420] * np.float32(0.9) + np.float32(110)
    return dark


def _warm_lamp(light: Light, random: Random) -> Light:
    warmth = random.uniform(0.5, 1.0)
    return light * np.asarray([1 - 0.4 * warmth, 1 - 0.1 * warmth, 1 + 0.15 * warmth], np.float32)


_SPOIL: Final[Mapping[str, Callable[[Light, Random], Light]]] = {
    "ok": lambda light, _random: light,
    "black": _black,
    "overexposed": lambda light, random: light * _drawn(random, 2.5, 5) + _drawn(random, 60, 120),
    "covered": _cover,
    "colour_cast": _colour_cast,
    "partly_covered": _partly_covered,
    "blurred": lambda light, random: np.asarray(
        cv2.GaussianBlur(light, (0, 0), random.uniform(4, 9)), np.float32
    ),
    "dim": lambda light, random: light * _drawn(random, 0.19, 0.3),
    "projector": _projector,
    "warm_lamp": _warm_lamp,
}
HARD: Final = ("dim", "projector", "warm_lamp")  # good pictures that do not look it
FAULTS: Final = tuple(name for name in _SPOIL if name not in {"ok", *HARD})
