"""This file draws the inside of a classroom as a camera on its wall sees it; one room a seed."""

from __future__ import annotations

from random import Random
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Light = NDArray[np.float32]

WIDTH: Final = 1920
HEIGHT: Final = 1080

_Canvas = NDArray[np.uint8]
_Colour = tuple[int, int, int]  # BGR

_WALLS: Final[tuple[_Colour, ...]] = ((150, 205, 215), (190, 205, 200), (175, 190, 150))
_BOARDS: Final[tuple[_Colour, ...]] = ((70, 95, 45), (45, 60, 40), (235, 238, 236))
_SKIN: Final[tuple[_Colour, ...]] = ((120, 160, 205), (95, 135, 185), (140, 180, 220))
_SHIRTS: Final[tuple[_Colour, ...]] = ((185, 190, 190), (140, 105, 80), (90, 95, 160))
_HAIR: Final[_Colour] = (45, 48, 55)
_WOOD: Final[_Colour] = (75, 120, 170)
_FLOOR: Final[_Colour] = (95, 110, 120)
_JOINT: Final[_Colour] = (86, 100, 110)
_BRIGHT: Final = 400  # of three colours together
_HORIZON_PX: Final = 600  # where the wall meets the floor
_ROWS: Final = ((650, 0.7), (800, 1.0), (990, 1.5))  # of desks: their top, and how near


def interior(seed: int) -> Light:
    """The light of one room: BGR, shape (1080, 1920, 3), about 0 to 255, a little lens blur."""
    random = Random(seed)  # noqa: S311 - a play, not a secret
    canvas: _Canvas = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    _shell(canvas, random)
    _windows(canvas, random)
    _board(canvas, random)
    for _ in range(random.randint(3, 6)):
        _poster(canvas, random)
    for top, near in _ROWS:
        _desks(canvas, random, top, near)
    light = canvas.astype(np.float32) * _texture(seed) * _lamps(random)
    return cv2.GaussianBlur(light, (0, 0), 0.8).astype(np.float32)


def _shell(canvas: _Canvas, random: Random) -> None:
    """A floor of tiles, walls with a skirting and a pipe."""
    canvas[:] = _FLOOR
    vanish = random.randint(700, 1200)
    for x in range(-3000, 5000, 160):
        cv2.line(canvas, (vanish, 420), (x, HEIGHT), _JOINT, 3, cv2.LINE_AA)
    for step in range(9):
        y = _HORIZON_PX + 6 * step * (step + 1)
        cv2.line(canvas, (0, y), (WIDTH, y), _JOINT, 3)
    canvas[:_HORIZON_PX] = random.choice(_WALLS)
    cv2.rectangle(canvas, (0, _HORIZON_PX - 20), (WIDTH, _HORIZON_PX), (60, 80, 95), -1)
    pipe = random.randint(20, 60)
    cv2.line(canvas, (0, pipe), (WIDTH, pipe + 10), (110, 115, 110), 12)


def _windows(canvas: _Canvas, random: Random) -> None:
    """Two or three windows with bars; blinds in some."""
    x = random.randint(20, 80)
    for _ in range(random.randint(2, 3)):
        glass = (245, 240, random.randint(215, 240))
        cv2.rectangle(canvas, (x, 110), (x + 170, 430), glass, -1)
        cv2.rectangle(canvas, (x, 110), (x + 170, 430), (90, 100, 105), 10)
        for bar in range(x + 28, x + 170, 28):
            cv2.line(canvas, (bar, 110), (bar, 430), (175, 180, 180), 5)
        for slat in range(120, random.choice((120, 260, 420)), 16):
            cv2.line(canvas, (x + 8, slat), (x + 162, slat), (200, 210, 212), 4)
        x += 205


def _board(canvas: _Canvas, random: Random) -> None:
    """A board, green or white, full of writing."""
    colour = random.choice(_BOARDS)
    ink = (225, 235, 235) if sum(colour) < _BRIGHT else (40, 30, 120)
    left, right = 720, 1420
    cv2.rectangle(canvas, (left, 130), (right, 470), colour, -1)
    cv2.rectangle(canvas, (left, 130), (right, 470), (70, 110, 150), 12)
    for line in range(random.randint(5, 7)):
        text = "".join(random.choice("abdeghik lmnopqstuvxy ") for _ in range(34))
        place = (left + 30, 185 + 45 * line)
        cv2.putText(canvas, text, place, cv2.FONT_HERSHEY_SIMPLEX, 1.05, ink, 3, cv2.LINE_AA)


def _poster(canvas: _Canvas, random: Random) -> None:
    """A poster, chart or shelf of books on the wall."""
    x, y = random.randint(1450, 1800), random.randint(80, 460)
    width, height = random.randint(70, 150), random.randint(60, 130)
    paper = _any_colour(random, 120)
    cv2.rectangle(canvas, (x, y), (x + width, y + height), paper, -1)
    for _ in range(5):
        left, top = x + random.randint(0, width), y + random.randint(0, height)
        size = random.randint(6, 30)
        cv2.rectangle(canvas, (left, top), (left + size, top + 6), _any_colour(random, 0), -1)
    cv2.rectangle(canvas, (x, y), (x + width, y + height), (60, 60, 70), 4)


def _desks(canvas: _Canvas, random: Random, top: int, near: float) -> None:
    """One row: a desk every so often, pupils at most of them, books on them."""
    pitch = int(235 * near)
    for x in range(random.randint(-80, 0), WIDTH, pitch):
        if random.choice((True, True, True, False)):
            _pupil(canvas, random, x + pitch // 2, top, near)
        right, low = x + int(200 * near), top + int(34 * near)
        cv2.rectangle(canvas, (x, top), (right, low), _WOOD, -1)
        cv2.rectangle(canvas, (x, low), (right, low + 6), (60, 95, 135), -1)
        for leg in (x + 10, right - 10):
            cv2.line(canvas, (leg, low), (leg, low + int(110 * near)), (80, 90, 98), 5)
        for _ in range(2):
            book = x + random.randint(5, int(150 * near))
            size = (int(34 * near), int(20 * near))
            cv2.rectangle(canvas, (book, top + 4, *size), _any_colour(random, 60), -1)


def _pupil(canvas: _Canvas, random: Random, x: int, top: int, near: float) -> None:
    """A head with hair over a shirt, striped or plain."""
    shirt, skin = random.choice(_SHIRTS), random.choice(_SKIN)
    wide, head = int(52 * near), int(27 * near)
    shoulder = top - int(58 * near)
    cv2.rectangle(canvas, (x - wide, shoulder), (x + wide, top + 10), shirt, -1)
    if random.choice((True, False)):
        for stripe in range(x - wide, x + wide, max(9, int(18 * near))):
            cv2.line(
                canvas, (stripe, shoulder), (stripe, top), tuple(part - 30 for part in shirt), 4
            )
    centre = (x, shoulder - head)
    cv2.ellipse(canvas, centre, (head, int(head * 1.25)), 0, 0, 360, skin, -1, cv2.LINE_AA)
    cv2.ellipse(canvas, centre, (head, int(head * 1.25)), 0, 180, 360, _HAIR, -1, cv2.LINE_AA)
    for eye in (x - head // 3, x + head // 3):
        cv2.circle(canvas, (eye, shoulder - head + 4), max(2, head // 9), (30, 30, 40), -1)


def _any_colour(random: Random, least: int) -> _Colour:
    return random.randint(least, 255), random.randint(least, 255), random.randint(least, 255)


def _texture(seed: int) -> Light:
    """What cloth, plaster and dust do to light: from fine to coarse, about 1.0."""
    random = np.random.default_rng(seed)
    texture = np.ones((HEIGHT, WIDTH), np.float32)
    for step, strength in ((2, 0.04), (8, 0.022), (60, 0.04)):
        coarse = random.standard_normal((HEIGHT // step, WIDTH // step), np.float32)
        texture += strength * cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    return texture[..., np.newaxis]


def _lamps(random: Random) -> Light:
    """Light that falls off from one side to the other, and to the back."""
    across = np.linspace(random.uniform(0.75, 1.0), random.uniform(0.75, 1.0), WIDTH)
    down = np.linspace(random.uniform(0.9, 1.0), random.uniform(0.7, 0.95), HEIGHT)
    return (down[:, np.newaxis] * across).astype(np.float32)[..., np.newaxis]
