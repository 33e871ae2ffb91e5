"""What cards look like when they are smeared, held against pictures moved by hand."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from hardware.cards import patterns
from hardware.cards.acceptance import CARDS
from hardware.cards.patterns import CELLS, PER_CELL, SIDE, Floats, Patterns
from protocol.markers import bits

_PX = 12  # of a cell, where the cards are drawn


def look(card: int, turns: int, smear: tuple[float, float]) -> Floats:
    """A card on white, the mean of what is seen along the smear [cells]; by another way."""
    white = np.pad(np.array(bits(card), np.float32), 4, constant_values=1)
    large = np.kron(np.rot90(white, turns), np.ones((_PX, _PX))).astype(np.float32)
    edge = large.shape[0]
    shifts = [np.float32([[1, 0, x], [0, 1, y]]) for x, y in _way(smear)]
    moved = [cv2.warpAffine(large, shift, (edge, edge), borderValue=1) for shift in shifts]
    seen = np.mean(moved, axis=0)
    start, wide = 4 * _PX - _PX // 2, (CELLS + 1) * _PX
    window = seen[start : start + wide, start : start + wide]
    size = (SIDE, SIDE)
    small = cv2.resize(window.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return np.asarray(small.reshape(1, -1), np.float32)


def _way(smear: tuple[float, float]) -> list[tuple[float, float]]:
    shares = np.linspace(-0.5, 0.5, 25)
    return [(smear[0] * _PX * share, smear[1] * _PX * share) for share in shares]


@pytest.mark.parametrize("smear", [(0, 0), (1.6, 0), (0, 1.6), (1.1, 1.1), (-1.4, 1.4)])
def test_a_card_is_known_in_every_smear(smear: tuple[float, float]) -> None:
    """By its id and its turn, beyond doubt."""
    for card in range(0, CARDS, 10):
        match = patterns.whole().match(140 * look(card, card % 4, smear) + 30)
        assert (int(match.ids[0]), int(match.pattern[0]) % 4) == (card, card % 4)
        assert match.likeness[0] > 0.93
        assert match.doubt[0] < 0.3


@pytest.mark.parametrize("edge", range(4), ids=["top", "right", "bottom", "left"])
def test_a_card_is_known_without_one_edge(edge: int) -> None:
    """Whatever lies over it."""
    for card in range(0, CARDS, 10):
        hidden = look(card, 1, (0, 0)).reshape(SIDE, SIDE)
        np.rot90(hidden, edge)[: 2 * PER_CELL] = 0.6
        match = patterns.covered()[edge].match(hidden.reshape(1, -1))
        assert int(match.ids[0]) == card
        assert match.likeness[0] > 0.95


def test_a_dark_frame_about_one_hole_is_no_card() -> None:
    """A letter o, a window: a card like it has as good a rival."""
    for rows, columns in ((slice(2, 5), slice(2, 5)), (slice(3, 4), slice(1, 6))):
        frame = np.pad(np.zeros((CELLS, CELLS), np.float32), 1, constant_values=1)
        frame[1:-1, 1:-1][rows, columns] = 1
        half = np.kron(frame, np.ones((PER_CELL, PER_CELL)))[1:-1, 1:-1]
        match = patterns.whole().match(half.astype(np.float32).reshape(1, -1))
        assert match.doubt[0] > 1


def test_white_is_seen_only_where_paper_is() -> None:
    """The sides but the darkest; a hidden one is none of them."""
    paper = look(7, 0, (0, 0))
    for known in (patterns.whole(), patterns.covered()[2]):
        assert _rims(known, paper).min() > 0.85
    dark = paper.reshape(SIDE, SIDE).copy()
    dark[:, 0] = dark[0] = 0
    assert _rims(patterns.whole(), dark.reshape(1, -1))[0] < 0.2


def _rims(known: Patterns, seen: Floats) -> Floats:
    return known.rims(seen, known.match(seen))[0]
