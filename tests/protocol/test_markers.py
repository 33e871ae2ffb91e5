"""The patterns of the class cards are OpenCV's own."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from hardware.cards.acceptance import CARDS
from protocol.markers import COUNT, LAST, SIDE, bits
from protocol.plan import MAX_PUPILS


@pytest.mark.parametrize("marker_id", range(COUNT))
def test_a_pattern_is_what_opencv_draws(marker_id: int) -> None:
    """Cell by cell, with its border."""
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_5X5_250)
    drawn = cv2.aruco.generateImageMarker(dictionary, marker_id, SIDE)
    assert [list(row) for row in bits(marker_id)] == (drawn > 0).tolist()


@pytest.mark.parametrize("marker_id", [-1, COUNT])
def test_there_are_no_other_markers(marker_id: int) -> None:
    """The dictionary ends there."""
    with pytest.raises(ValueError, match="no such marker"):
        bits(marker_id)


def test_every_number_of_a_class_has_a_marker_that_is_read() -> None:
    """The printer, the class lists and the reader end at one number."""
    assert (LAST, CARDS) == (MAX_PUPILS, COUNT)


def test_any_two_markers_differ_in_seven_cells() -> None:
    """However one is turned: three cells read wrongly are still no other number."""
    drawn = [np.array(bits(marker_id), np.int8) for marker_id in range(COUNT)]
    flat = np.array([pattern.ravel() for pattern in drawn])
    for turns in range(4):
        turned = np.array([np.rot90(pattern, turns).ravel() for pattern in drawn])
        unlike = (flat[:, np.newaxis] != turned[np.newaxis]).sum(axis=2)
        others = unlike[~np.eye(COUNT, dtype=bool)] if turns == 0 else unlike
        assert others.min() >= 7
