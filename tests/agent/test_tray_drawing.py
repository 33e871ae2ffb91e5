"""The icon that Windows is given: a board with the state's symbol, each state another picture."""

from __future__ import annotations

from agent.tray.drawing import pixels_of
from agent.tray.view import LOOKS

SIDE = 32


def test_each_state_is_another_picture_and_a_lesson_frames_it() -> None:
    """Outside of the board nothing is drawn; inside, ink on ground and nothing half."""
    pictures = [pixels_of(s, running=r, side=SIDE) for s in LOOKS for r in (False, True)]
    assert len({*pictures}) == 2 * len(LOOKS)
    for picture in pictures:
        assert len(picture) == 4 * SIDE * SIDE
        assert {*picture[3::4]} == {0, 255}
        assert picture[3] == 0
        assert len({picture[at : at + 4] for at in range(0, len(picture), 4)}) in {3, 4}
