"""The pictures of a simulated camera: the same by the same seed, living by the frame's number."""

from __future__ import annotations

import numpy as np
import pytest

from simulators.devices.pictures import FAULTS, FULL_HD, HARD, SMALL, frame, jpeg_of


@pytest.mark.parametrize("fault", ["ok", *FAULTS, *HARD])
def test_the_same_call_gives_the_same_bytes(fault: str) -> None:
    """A test that fails can be played again, and the next frame is still another one."""
    first = jpeg_of(3, fault, SMALL, 1)
    assert first == jpeg_of(3, fault, SMALL, 1)
    assert first.startswith(b"\xff\xd8")
    assert first != jpeg_of(3, fault, SMALL, 2)


@pytest.mark.parametrize("size", [FULL_HD, SMALL])
def test_a_frame_has_the_size_that_was_asked_for(size: tuple[int, int]) -> None:
    """Width comes first, as cameras say it."""
    taken = frame(1, size=size)
    assert taken.shape == (size[1], size[0], 3)
    assert taken.dtype == np.uint8


def test_rooms_differ_by_seed() -> None:
    """A fleet of cameras does not show one room."""
    assert np.abs(frame(1, size=SMALL).astype(int) - frame(2, size=SMALL)).mean() > 5


def test_an_unknown_fault_is_refused() -> None:
    """A misspelt fault must not look like a healthy camera."""
    with pytest.raises(ValueError, match="no such fault: blurry"):
        frame(1, "blurry")
