"""This file says how the icon is drawn: a board on which the state's symbol stands. Pure: no Qt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from math import hypot
from typing import Final

from agent.tray.view import LOOKS

SIDE: Final = 64.0
RUNNING: Final = "#0b3d91"
Line = tuple[tuple[float, float], ...]
# Drawn, not written: for one letter the font's stand-ins would be looked for and kept in memory.
LINES: Final[Mapping[str, tuple[Line, ...]]] = {
    "✕": (((21, 21), (43, 43)), ((43, 21), (21, 43))),
    "!": (((32, 17), (32, 35)), ((32, 46), (32, 46.1))),
    "?": (
        ((24, 25), (26, 19), (32, 16.5), (38, 19), (40, 24), (37, 29), (32, 32.5), (32, 37)),
        ((32, 47), (32, 47.1)),
    ),
    "✓": (((19, 33), (28, 42), (45, 22)),),
}
_INK_PX: Final = 4.5
_BOARD: Final = 28.0  # half of its side
_FRAME_PX: Final = 6.0
_CORNER: Final = 12.0


def pixels_of(state: str, *, running: bool, side: int) -> bytes:
    """The icon of a state, framed while a lesson runs: side * side pixels, blue first, then alpha.

    From the top, line by line.
    """
    symbol, ink, ground = LOOKS[state]
    frame = RUNNING if running else ink
    colours = {name: _colour(name) for name in (ink, ground, frame)}
    return b"".join(
        colours.get(_name_at(x, y, symbol, (ink, ground, frame)), bytes(4))
        for x, y in _points(side)
    )


def _points(side: int) -> Iterator[tuple[float, float]]:
    scale = SIDE / side
    for row in range(side):
        for column in range(side):
            yield (column + 0.5) * scale, (row + 0.5) * scale


def _name_at(x: float, y: float, symbol: str, names: tuple[str, str, str]) -> str:
    """The colour there, "" outside of the board."""
    ink, ground, frame = names
    middle = SIDE / 2
    over_x, over_y = (max(0.0, abs(at - middle) - _BOARD + _CORNER) for at in (x, y))
    inside = _CORNER - hypot(over_x, over_y)
    if inside < 0:
        return ""
    if any(_distance(x, y, *ends) < _INK_PX for line in LINES[symbol] for ends in pairwise(line)):
        return ink
    edge = _BOARD - max(abs(x - middle), abs(y - middle))
    return frame if min(edge, inside) < _FRAME_PX else ground


def _distance(x: float, y: float, start: tuple[float, float], end: tuple[float, float]) -> float:
    """How far a point is from the line between two others."""
    across, down = end[0] - start[0], end[1] - start[1]
    along = ((x - start[0]) * across + (y - start[1]) * down) / (across**2 + down**2)
    share = min(1.0, max(0.0, along))
    return hypot(x - start[0] - share * across, y - start[1] - share * down)


def _colour(name: str) -> bytes:
    red, green, blue = bytes.fromhex(name.removeprefix("#"))
    return bytes((blue, green, red, 255))
