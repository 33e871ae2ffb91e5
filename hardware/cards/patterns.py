"""This file knows how every card looks: sharp, smeared while the shutter was open, an edge hidden.

A card is laid out in cells, its black border's top left corner at (0, 0), and sampled with half a
cell of the white around it. What a smeared card looks like is a sum over its white cells, so that
all cards in all smears are compared with many looks in one product of matrices.
"""

from __future__ import annotations

from functools import lru_cache
from math import cos, floor, pi, sin
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from hardware.cards.acceptance import CARDS

Floats = NDArray[np.float32]
Indices = NDArray[np.int64]

INSIDE: Final = 5  # cells of a side that tell the id
CELLS: Final = INSIDE + 2  # with the border
PER_CELL: Final = 2  # samples of a cell's side
SIDE: Final = (CELLS + 1) * PER_CELL  # samples of a look's side
EDGES: Final = 4  # top, right, bottom, left

_FINE: Final = 6  # px of a cell while a smear is drawn
_ROOM: Final = 3  # cells around the marker while a smear is drawn
_WHITE: Final = 0.58  # cells of white that are surely around a printed marker
_BEYOND: Final = 0.75  # of white: what may be farther out
_HIDDEN: Final = 2.5  # cells, with half a cell of margin: the border and a row of the pattern


class Smear(NamedTuple):
    """How a card moved while the shutter was open, and how soft it is; in cells."""

    x: float
    y: float
    soft: float


class Match(NamedTuple):
    """The card most like each look, as arrays of one length.

    likeness, rival: correlations; rival with the best that is not that card: another card, or a
    dark frame about one hole, which is none.
    """

    pattern: Indices
    smear: Indices
    likeness: Floats
    rival: Floats

    @property
    def ids(self) -> Indices:
        """The cards' ids."""
        return self.pattern // EDGES

    @property
    def doubt(self) -> Floats:
        """What the card leaves unexplained, as a share of what its rival does."""
        return np.asarray((1 - self.likeness**2) / np.maximum(1 - self.rival**2, 1e-6), np.float32)


class Patterns:
    """All cards in these smears. hidden: the edge along which nothing is compared."""

    def __init__(self, smears: tuple[Smear, ...], hidden: int | None = None) -> None:
        self.weights = _weights(hidden)
        self._hidden = hidden
        self._cells, self._frames = _parts(smears)
        self._kinds = np.concatenate((_turned_cards(), _holes()))
        cells = self._cells - (self.weights @ self._cells)[:, np.newaxis]
        frames = self._frames - (self._frames @ self.weights)[:, np.newaxis]
        parts = np.concatenate((cells.transpose(0, 2, 1), frames[:, np.newaxis]), axis=1)
        kinds = np.concatenate((self._kinds, np.ones((len(self._kinds), 1), np.float32)), axis=1)
        squares = (parts * self.weights) @ parts.transpose(0, 2, 1)
        norms = np.sqrt(np.einsum("ti,kij,tj->kt", kinds, squares, kinds, optimize=True))
        flat = (parts * self.weights).reshape(-1, SIDE * SIDE)
        self._project = np.ascontiguousarray(flat.T, np.float32)
        scaled = kinds[np.newaxis] / norms[:, :, np.newaxis]
        self._compare = np.ascontiguousarray(scaled.transpose(0, 2, 1), np.float32)

    def match(self, looks: Floats) -> Match:
        """The best card for each look. looks: shape (n, SIDE * SIDE), grey levels."""
        scores = self._scores(looks)
        every = np.arange(len(looks))
        kinds = scores.max(axis=0)
        cards = kinds[:, : CARDS * EDGES]
        pattern = cards.argmax(axis=1)
        likeness = cards[every, pattern]
        smear = scores[:, every, pattern].argmax(axis=0)
        by_id = cards.reshape(len(looks), CARDS, EDGES).max(axis=2)
        by_id[every, pattern // EDGES] = -1
        rival = np.maximum(by_id.max(axis=1), kinds[:, CARDS * EDGES :].max(axis=1))
        return Match(pattern, smear, likeness, rival)

    def drawn(self, match: Match) -> Floats:
        """How the matched cards look: 0 black, 1 white."""
        cells, kinds = self._cells[match.smear], self._kinds[match.pattern]
        drawn = (cells @ kinds[:, :, np.newaxis])[:, :, 0] + self._frames[match.smear]
        return np.asarray(drawn, np.float32)

    def worst_cells(self, looks: Floats, match: Match) -> Floats:
        """By how much the worst cell differs from what was matched; 1 is black against white."""
        drawn = self.drawn(match)
        unlike = (self._levelled(looks, drawn) - drawn) * (self.weights > 0)
        half, inner = PER_CELL // 2, CELLS * PER_CELL
        square = unlike.reshape(-1, SIDE, SIDE)[:, half : half + inner, half : half + inner]
        means = square.reshape(-1, CELLS, PER_CELL, CELLS, PER_CELL).mean(axis=(2, 4))
        return np.asarray(np.abs(means).max(axis=(1, 2)), np.float32)

    def rims(self, looks: Floats, match: Match) -> Floats:
        """How white it is just outside the three whitest sides, the dimmest first; shape (n, 3).

        A hidden side is none of them. Paper is around every card; a dark square has none.
        """
        square = self._levelled(looks, self.drawn(match)).reshape(-1, SIDE, SIDE)
        turned = (np.rot90(square, edge, axes=(1, 2)) for edge in range(EDGES))
        rims = np.stack([side[:, 0, 2:-2].mean(axis=1) for side in turned], axis=1)
        if self._hidden is not None:
            rims[:, self._hidden] = -np.inf
        return np.asarray(np.sort(rims, axis=1)[:, 1:], np.float32)

    def _levelled(self, looks: Floats, drawn: Floats) -> Floats:
        """The looks in the light of what was drawn: 0 black, 1 white."""
        centred, seen = self._centred(drawn), self._centred(looks)
        gain = (centred * seen) @ self.weights / ((centred * centred) @ self.weights)
        gain = np.maximum(gain, 1e-3)[:, np.newaxis]
        return np.asarray(seen / gain + (drawn @ self.weights)[:, np.newaxis], np.float32)

    def _scores(self, looks: Floats) -> Floats:
        """Correlations, shape (smears, looks, kinds)."""
        seen = self._centred(looks)
        seen /= np.sqrt((seen * seen) @ self.weights)[:, np.newaxis] + 1e-6
        parts = (seen @ self._project).reshape(len(looks), len(self._compare), -1)
        by_smear = np.ascontiguousarray(parts.transpose(1, 0, 2))
        return np.asarray(by_smear @ self._compare, np.float32)

    def _centred(self, looks: Floats) -> Floats:
        return np.asarray(looks - (looks @ self.weights)[:, np.newaxis], np.float32)


@lru_cache(maxsize=1)
def whole() -> Patterns:
    """Cards that are seen whole, in every smear that can be read."""
    sharp = (Smear(0, 0, 0.2), Smear(0, 0, 0.45))
    lengths = (0.6, 1.1, 1.6, 2.1, 2.7)
    return Patterns(sharp + tuple(smear for cells in lengths for smear in _ways(cells, 0.5)))


@lru_cache(maxsize=1)
def rough() -> Patterns:
    """The same in a few smears, to see what is worth a look."""
    return Patterns((Smear(0, 0, 0.3), *_ways(1.5, 0.8)))


@lru_cache(maxsize=1)
def covered() -> tuple[Patterns, ...]:
    """Cards of which one edge is hidden, by the edge."""
    smears = (Smear(0, 0, 0.2), Smear(0, 0, 0.45), *_ways(0.8, 0.4))
    return tuple(Patterns(smears, edge) for edge in range(EDGES))


@lru_cache(maxsize=1)
def covered_roughly() -> tuple[Patterns, ...]:
    """The same in one smear."""
    return tuple(Patterns((Smear(0, 0, 0.3),), edge) for edge in range(EDGES))


def _ways(cells: float, step: float) -> tuple[Smear, ...]:
    """Smears of this length in all directions, about a step apart at their ends [cells]."""
    count = max(3, round(pi * cells / step))
    angles = (pi * number / count for number in range(count))
    return tuple(Smear(cells * cos(angle), cells * sin(angle), 0.25) for angle in angles)


def _weights(hidden: int | None) -> Floats:
    """How much each sample counts: the outermost not at all, nor what is hidden."""
    weights = np.zeros((SIDE, SIDE), np.float32)
    weights[1:-1, 1:-1] = 1
    if hidden is not None:
        rim = round(_HIDDEN * PER_CELL)
        np.rot90(weights, hidden)[:rim] = 0
    return np.asarray(weights.ravel() / weights.sum(), np.float32)


def _turned_cards() -> Floats:
    """The white cells of each card in its four turns, shape (CARDS * 4, 25)."""
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_5X5_250)
    drawn = (cv2.aruco.generateImageMarker(dictionary, card, CELLS) for card in range(CARDS))
    inner = [np.asarray(marker)[1:-1, 1:-1] > 0 for marker in drawn]
    turned = [np.rot90(cells, turns).ravel() for cells in inner for turns in range(EDGES)]
    return np.array(turned, np.float32)


def _holes() -> Floats:
    """What is no card: a dark square, and dark frames about one white rectangle."""
    holes = [np.zeros(INSIDE * INSIDE, np.float32)]
    spans = [(low, high) for low in range(INSIDE) for high in range(low + 1, INSIDE + 1)]
    for top, bottom in spans:
        for left, right in spans:
            hole = np.zeros((INSIDE, INSIDE), np.float32)
            hole[top:bottom, left:right] = 1
            holes.append(hole.ravel())
    return np.array(holes, np.float32)


def _parts(smears: tuple[Smear, ...]) -> tuple[Floats, Floats]:
    """What each white cell adds to a look, and what is there without any, by smear.

    Shapes (smears, SIDE * SIDE, 25) and (smears, SIDE * SIDE).
    """
    size, start = (CELLS + 2 * _ROOM) * _FINE, _ROOM * _FINE
    end, white = start + CELLS * _FINE, round(_WHITE * _FINE)
    frame = np.full((size, size), _BEYOND, np.float32)
    frame[start - white : end + white, start - white : end + white] = 1
    frame[start:end, start:end] = 0
    middle = start + CELLS // 2 * _FINE
    cell = np.zeros((size, size), np.float32)
    cell[middle : middle + _FINE, middle : middle + _FINE] = 1
    cells, frames = [], []
    for smear in smears:
        kernel = _kernel(smear)
        frames.append(_sampled(_blurred(frame, kernel), 0, 0))
        one = _blurred(cell, kernel)
        away = range(INSIDE // 2, -INSIDE // 2, -1)
        cells.append(np.stack([_sampled(one, down, right) for down in away for right in away], 1))
    return np.array(cells, np.float32), np.array(frames, np.float32)


def _sampled(drawn: Floats, down: int, right: int) -> Floats:
    """A look at what was drawn, from so many cells lower and farther right."""
    step, wide = _FINE // PER_CELL, (CELLS + 1) * _FINE
    top, left = ((_ROOM + cells) * _FINE - _FINE // 2 for cells in (down, right))
    seen = drawn[top : top + wide, left : left + wide]
    return np.asarray(seen.reshape(SIDE, step, SIDE, step).mean(axis=(1, 3)).ravel(), np.float32)


def _blurred(drawn: Floats, kernel: Floats) -> Floats:
    return np.asarray(cv2.filter2D(drawn, -1, kernel), np.float32)


def _kernel(smear: Smear) -> Floats:
    """The way of a point while the shutter is open, softened."""
    wide = 2 * _ROOM * _FINE - 1
    kernel = np.zeros((wide, wide), np.float32)
    for share in np.linspace(-0.5, 0.5, 4 * _FINE):
        x, y = (wide // 2 + float(share) * cells * _FINE for cells in (smear.x, smear.y))
        left, top = floor(x), floor(y)
        for column, row in ((0, 0), (1, 0), (0, 1), (1, 1)):
            part = abs(1 - column - (x - left)) * abs(1 - row - (y - top))
            kernel[top + row, left + column] += part
    soft = cv2.GaussianBlur(kernel, (0, 0), smear.soft * _FINE)
    return np.asarray(soft / soft.sum(), np.float32)
