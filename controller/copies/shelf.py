"""This file says what a place for copies is: a folder here, or another controller's address."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Protocol

from controller.config import ControllerConfig
from controller.copies.content import COPIES
from controller.copies.names import CopyName
from controller.copies.place import SchoolShelf
from controller.copies.remote import RemoteShelf, is_address, keep_token, token_in
from controller.copies.sealed import HashedFile
from protocol.model import Place


class Shelf(Protocol):
    """One school's copies in a place."""

    @property
    def place(self) -> str:
        """The place, as the settings name it."""

    def is_apart(self, data: Path) -> bool:
        """Whether it is another disk's than the data. Raises CopyError, OSError."""

    def prepare(self, data: Path) -> None:
        """Make the school's folder there, where that is ours to do. Raises CopyError, OSError."""

    def names(self) -> list[CopyName]:
        """The copies that are there, the oldest first. Raises CopyError, OSError."""

    def size_of(self, name: CopyName) -> int:
        """How many bytes a copy has. Raises CopyError, OSError."""

    def beginning(self, name: CopyName) -> bytes:
        """A copy's first mebibyte, or all of it. Raises CopyError, OSError."""

    def fresh(self, name: CopyName) -> AbstractContextManager[HashedFile]:
        """A new copy, which stands there whole when the block ends. Raises CopyError, OSError."""

    def rotate(self, fulls: int) -> None:
        """Let old copies go, where that is ours to do. Raises OSError."""

    def within_reach(self) -> AbstractContextManager[Path]:
        """A folder in which the newest copies can be read. Raises CopyError, OSError."""


def shelf_at(config: ControllerConfig, place: str) -> Shelf:
    """The school's copies in the place. Raises CopyError, OSError."""
    if not is_address(place):
        return SchoolShelf(Path(place), Place(config.province, config.school))
    folder = config.data / COPIES
    learned = partial(keep_token, folder, place)
    return RemoteShelf(place, token_in(folder, place), folder, learned)
