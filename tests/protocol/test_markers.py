"""The patterns of the class cards are OpenCV's own."""

from __future__ import annotations

import cv2
import pytest

from protocol.markers import COUNT, SIDE, bits


@pytest.mark.parametrize("marker_id", range(COUNT))
def test_a_pattern_is_what_opencv_draws(marker_id: int) -> None:
    """Cell by cell, with its border."""
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_5X5_50)
    drawn = cv2.aruco.generateImageMarker(dictionary, marker_id, SIDE)
    assert [list(row) for row in bits(marker_id)] == (drawn > 0).tolist()


@pytest.mark.parametrize("marker_id", [-1, COUNT])
def test_there_are_no_other_markers(marker_id: int) -> None:
    """The dictionary ends there."""
    with pytest.raises(ValueError, match="no such marker"):
        bits(marker_id)
