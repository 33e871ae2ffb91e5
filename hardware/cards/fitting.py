"""This file lays cards onto outlines until they fit, and says which fit beyond doubt.

An outline's corners are moved until the picture between them is the best card's, smeared as that
one was. What stays unlike, in all and in the worst cell, decides; a rival that explains the same
nearly as well makes it no card. The limits are from drawn pictures (decision 0086).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from hardware.cards.acceptance import Card
from hardware.cards.patterns import (
    CELLS,
    EDGES,
    PER_CELL,
    SIDE,
    Floats,
    Match,
    Patterns,
    covered,
    covered_roughly,
    rough,
    whole,
)

if TYPE_CHECKING:
    from cv2.typing import MatLike

    from hardware.cards.outlines import Quads

Poses = NDArray[np.float64]  # shape (n, 3, 3): from cells about the marker's middle to px

_HALF: Final = CELLS / 2
_CORNERS: Final = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * _HALF
_OUTWARD: Final = ((0, -1), (1, 0), (0, 1), (-1, 0))  # by edge: top, right, bottom, left
_MOVED_OUT: Final = 1.15  # cells: where an edge is hidden, the outline ends a cell too early
_FINEST: Final = 45.0  # px of a side up to which the picture is sampled as it is
_LEVELS: Final = 4
_OUTSIDE: Final = 30_000.0  # px; OpenCV counts them in 16 bits
_LIKELY: Final = 0.65
_DIMMEST: Final = 0.3  # of white, beside the third whitest side; a smear takes the rest
_WHITE: Final = 0.5  # beside the three
_LIKELY_COVERED: Final = 0.72
_MOST: Final = 80  # outlines of a picture that are fitted
_MOST_COVERED: Final = 40
_SAME: Final = 0.12  # of a side: nearer and as large, two outlines are one
_TAKEN: Final = 0.6  # of a side around a card that was read
_STIFF: Final = np.diag((1, 1, 0.2, 1, 1, 0.2, 3, 3, 0, 0)) * 0.01
_FREE: Final = np.array((0.35, 0.35, 1, 0.35, 0.35, 1, 0.35, 0.35))  # cells, in one step


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When a fit is a card: correlation, share left unexplained, and unlikeness of any cell.

    hopes: the correlation before each fitting below which an outline is given up.
    """

    likeness: float
    doubt: float
    cell: float
    hopes: tuple[float, ...]


WHOLE: Final = Rule(likeness=0.92, doubt=0.27, cell=0.4, hopes=(0.66, 0.68, 0.76, 0.86))
COVERED: Final = Rule(likeness=0.94, doubt=0.18, cell=0.3, hopes=(0.8, 0.88, 0.91))


class Picture:
    """A grey picture, and itself at half the size, and so on. grey: shape (height, width)."""

    def __init__(self, grey: MatLike) -> None:
        levels = [grey]
        for _ in range(_LEVELS - 1):
            half = tuple(max(1, edge // 2) for edge in levels[-1].shape[1::-1])
            levels.append(cv2.resize(levels[-1], half, interpolation=cv2.INTER_AREA))
        self._levels = [level.astype(np.float32) for level in levels]

    def looks(self, poses: Poses) -> Floats:
        """What is there, shape (n, SIDE * SIDE)."""
        laid = poses @ _GRID
        # Points behind the camera, of a pose gone astray, lie outside any picture.
        places = np.clip(laid[:, :2] / np.maximum(laid[:, 2:], 1e-3), -_OUTSIDE, _OUTSIDE)
        sides = CELLS * np.sqrt(np.abs(np.linalg.det(poses[:, :2, :2])))
        levels = np.clip(np.ceil(np.log2(np.maximum(sides, 1) / _FINEST)), 0, _LEVELS - 1)
        looks = np.empty((len(poses), SIDE * SIDE), np.float32)
        for level in set(levels.astype(int).tolist()):
            here = levels == level
            at = (places[here] + 0.5) / 2**level - 0.5
            looks[here] = cv2.remap(
                self._levels[level],
                np.ascontiguousarray(at[:, 0], np.float32),
                np.ascontiguousarray(at[:, 1], np.float32),
                cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_REPLICATE,
            )
        return looks


class _Fits(NamedTuple):
    poses: Poses
    looks: Floats
    match: Match

    def of(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> _Fits:
        match = self.match
        match = Match(
            match.pattern[chosen],
            match.smear[chosen],
            match.likeness[chosen],
            match.rival[chosen],
        )
        return _Fits(self.poses[chosen], self.looks[chosen], match)


def fit_whole(picture: Picture, poses: Poses) -> list[Card]:
    """The cards there that are seen whole."""
    return _settled(whole(), picture, poses, WHOLE)


def candidates(picture: Picture, quads: Quads) -> Poses:
    """The outlines that look most like cards, each once, as poses."""
    if not len(quads):
        return np.empty((0, 3, 3))
    poses = _poses(quads)
    likeness = rough().match(picture.looks(poses)).likeness
    best = np.argsort(-likeness)[:_MOST]
    return poses[_apart(quads, best[likeness[best] > _LIKELY])]


def fit_covered(picture: Picture, poses: Poses) -> list[Card]:
    """The cards there of which one edge is hidden."""
    if not len(poses):
        return []
    trials = [
        (edge, where, patterns.match(picture.looks(where)).likeness)
        for edge, patterns in enumerate(covered_roughly())
        for where in (poses, _moved_out(poses, edge))
    ]
    least = np.sort(np.concatenate([likeness for _, _, likeness in trials]))[-_MOST_COVERED:][0]
    cards: list[Card] = []
    for edge, patterns in enumerate(covered()):
        likely = [
            where[likeness >= max(least, _LIKELY_COVERED)]
            for number, where, likeness in trials
            if number == edge
        ]
        cards += _settled(patterns, picture, np.concatenate(likely), COVERED)
    return cards


def left_over(middles: NDArray[np.float64], cards: list[Card]) -> NDArray[np.bool_]:
    """Which places are not at any of these cards. middles: shape (n, 2) [px]."""
    free = np.ones(len(middles), np.bool_)
    for card in cards:
        free &= np.hypot(*(middles - card.centre).T) > _TAKEN * card.side
    return free


def _settled(patterns: Patterns, picture: Picture, poses: Poses, rule: Rule) -> list[Card]:
    """The cards there, each fitted until it is sure or unlikely to be one."""
    cards: list[Card] = []
    if not len(poses):
        return cards
    fits = _fits(patterns, picture, poses)
    for hope in rule.hopes:
        fits = fits.of(fits.match.likeness > hope)
        if not len(fits.poses):
            break
        fits = _fits(patterns, picture, _moved(patterns, fits))
        sure = _sure(patterns, fits, rule)
        cards += _cards(fits.of(sure))
        fits = fits.of(~sure)
    return cards


def _sure(patterns: Patterns, fits: _Fits, rule: Rule) -> NDArray[np.bool_]:
    match = fits.match
    rims = patterns.rims(fits.looks, match)
    sure = (match.likeness > rule.likeness) & (match.doubt < rule.doubt)
    sure &= (rims[:, 0] > _DIMMEST) & (rims.mean(axis=1) > _WHITE)
    return np.asarray(sure & (patterns.worst_cells(fits.looks, match) < rule.cell), np.bool_)


def _cards(fits: _Fits) -> list[Card]:
    corners = _turned(_laid(fits.poses, _CORNERS), fits.match.pattern % EDGES)
    ids = fits.match.ids.tolist()
    return [
        Card(number, tuple((round(x, 2), round(y, 2)) for x, y in quad.tolist()))
        for number, quad in zip(ids, corners, strict=True)
    ]


def _fits(patterns: Patterns, picture: Picture, poses: Poses) -> _Fits:
    looks = picture.looks(poses)
    return _Fits(poses, looks, patterns.match(looks))


def _moved(patterns: Patterns, fits: _Fits) -> Poses:
    """The poses, moved so that each look is nearer to its card, by least squares.

    The look is taken for gain * (card, a little shifted) + offset: linear in all ten unknowns.
    """
    drawn = patterns.drawn(fits.match)
    down, right = _slope(drawn, 1), _slope(drawn, 2)
    x, y = _GRID[0], _GRID[1]
    away = -(right * x + down * y) / CELLS
    ways = (right * x, right * y, right, down * x, down * y, down, away * x, away * y)
    unknowns = np.stack((*ways, drawn, np.ones_like(drawn)), axis=2)
    weighed = (unknowns * patterns.weights[:, np.newaxis]).transpose(0, 2, 1)
    squares = weighed @ unknowns
    stiff = (squares[:, 2, 2] + squares[:, 5, 5])[:, np.newaxis, np.newaxis] * _STIFF
    found = np.linalg.solve(squares + stiff, weighed @ fits.looks[:, :, np.newaxis])[:, :, 0]
    step = np.clip(found[:, :8] / np.maximum(found[:, 8:9], 1e-3), -_FREE, _FREE)
    shift = np.zeros((len(drawn), 9))
    shift[:, :6], shift[:, 6:8] = step[:, :6], step[:, 6:] / CELLS
    poses = fits.poses @ np.linalg.inv(shift.reshape(-1, 3, 3) + np.eye(3))
    return np.asarray(poses / poses[:, 2:, 2:], np.float64)


def _slope(looks: Floats, axis: int) -> Floats:
    """How much brighter it gets in a cell, down (1) or to the right (2)."""
    square = looks.reshape(-1, SIDE, SIDE)
    slope = np.asarray(np.gradient(square, axis=axis), np.float32)
    return slope.reshape(looks.shape) * np.float32(PER_CELL)


def _poses(quads: Quads) -> Poses:
    """The perspective that lays a marker's corners onto each quad."""
    equations = np.zeros((len(quads), 8, 8))
    for corner, (x, y) in enumerate(_CORNERS):
        for axis in (0, 1):
            row = equations[:, 2 * corner + axis]
            row[:, 3 * axis : 3 * axis + 3] = x, y, 1
            row[:, 6:] = -quads[:, corner, axis, np.newaxis] * (x, y)
    solved = np.linalg.solve(equations, quads.reshape(-1, 8, 1))[:, :, 0]
    return np.concatenate((solved, np.ones((len(quads), 1))), axis=1).reshape(-1, 3, 3)


def _moved_out(poses: Poses, edge: int) -> Poses:
    """Poses of which that edge lies a cell farther out."""
    outward = np.array(_OUTWARD[edge])
    corners = _CORNERS + np.where(_CORNERS @ outward > 0, _MOVED_OUT, 0)[:, np.newaxis] * outward
    return _poses(_laid(poses, corners))


def _laid(poses: Poses, points: NDArray[np.float64]) -> Quads:
    """Where points of the marker lie in the picture [px]."""
    laid = poses @ np.concatenate((points.T, np.ones((1, len(points)))))
    return np.asarray((laid[:, :2] / laid[:, 2:]).transpose(0, 2, 1), np.float64)


def _turned(quads: Quads, turns: NDArray[np.int64]) -> Quads:
    """The corners from the marker's own top left on; turns: quarter turns of the pattern."""
    order = (np.arange(4) - turns[:, np.newaxis]) % 4
    return np.take_along_axis(quads, order[:, :, np.newaxis], axis=1)


def _apart(quads: Quads, ranked: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of outlines that are nearly one, the first."""
    middles = quads.mean(axis=1)
    sides = np.linalg.norm(quads - np.roll(quads, 1, axis=1), axis=2).mean(axis=1)
    chosen: list[int] = []
    for number in ranked.tolist():
        near = np.hypot(*(middles[chosen] - middles[number]).T) < _SAME * sides[number]
        alike = np.abs(sides[chosen] - sides[number]) < _SAME * sides[number]
        if not (near & alike).any():
            chosen.append(number)
    return np.array(chosen, np.int64)


def _grid() -> NDArray[np.float64]:
    """Where a look is sampled, in cells about the marker's middle; rows x, y and ones."""
    along = (np.arange(SIDE) + 0.5) / PER_CELL - (CELLS + 1) / 2
    x, y = np.meshgrid(along, along)
    return np.stack((x.ravel(), y.ravel(), np.ones(SIDE * SIDE)))


_GRID: Final = _grid()
