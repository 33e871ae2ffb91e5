"""This file is what everything that looks through a camera passes: closed, no camera is opened.

A process that looks gets its order only through an open shutter, and is ended once it closes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Final, NamedTuple

from hardware.readings import clean


class CameraUse(StrEnum):
    """What a picture is looked at for."""

    CHECK = "check"  # whether the camera is well
    CARDS = "cards"  # a class's cards
    DOOR = "door"  # cards at the door
    COMMAND = "command"  # somebody at this computer asked how the camera is


class CameraLook(NamedTuple):
    """A picture that is looked at now. key: of the camera's sighting. since_ms: on the wall."""

    key: str
    use: CameraUse
    since_ms: int


class Shutter:
    """The room's cameras may be looked through, or not.

    is_closed: asked before each look, and four times a second during it. now_ms: the wall's clock.
    changed: called where a look begins and where it ends.
    """

    def __init__(
        self,
        is_closed: Callable[[], bool],
        now_ms: Callable[[], int] = int,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._is_closed = is_closed
        self._now_ms = now_ms
        self._changed = changed
        self._looks: list[CameraLook] = []

    def is_open(self) -> bool:
        """Whether a camera may be opened now."""
        return not self._is_closed()

    @property
    def looks(self) -> tuple[CameraLook, ...]:
        """What is looked at now, in the order of its beginning."""
        return tuple(self._looks)

    def view(self, key: str, use: CameraUse) -> View:
        """The way through this shutter to one camera."""
        return View(self, clean(key), use)

    @contextmanager
    def note(self, key: str, use: CameraUse) -> Iterator[None]:
        """Show a look for as long as it lasts."""
        look = CameraLook(key, use, self._now_ms())
        self._looks.append(look)
        self._changed()
        try:
            yield
        finally:
            self._looks.remove(look)
            self._changed()


class View(NamedTuple):
    """One camera behind a shutter, and what it is looked at for."""

    shutter: Shutter
    key: str
    use: CameraUse

    def is_open(self) -> bool:
        """Whether it may be opened, or may stay so."""
        return self.shutter.is_open()


# A picture in a file is behind no shutter: no camera is opened for it.
FILE_VIEW: Final = View(Shutter(lambda: False), "", CameraUse.COMMAND)
