"""This file writes copies into a place that may be full, torn away or absent, and reads them."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from typing import Final

from controller.copies.errors import CopyError
from controller.copies.names import CopyName, names_in, to_let_go
from controller.copies.pagewise import blocks_of
from controller.copies.sealed import BLOCK, HashedFile, damaged
from protocol.folder import OWNER_ONLY, whole_file
from protocol.model import Place
from protocol.topics import level_of
from protocol.words import N_

_NO_FOLDER: Final = frozenset({errno.ENOENT, errno.ENOTDIR})


class SchoolShelf:
    """One school's copies in a place, in a folder of their own there.

    The folder is made once, when a person names the place: a stick's mount point without the stick
    lacks it, and nothing is written onto the system's disk instead.
    """

    def __init__(self, place: Path, school: Place) -> None:
        self.place = str(place)
        self.folder = place / f"lophoc-{level_of(school.province)}-{level_of(school.school)}"

    def is_apart(self, data: Path) -> bool:
        """Whether the place is on another disk than the data. Raises CopyError, OSError."""
        try:
            return Path(self.place).stat().st_dev != data.stat().st_dev
        except OSError as error:
            if error.errno in _NO_FOLDER:
                raise absent(self.place) from error
            raise

    def prepare(self, data: Path) -> None:
        """Make the folder, in a place that is there, for whom the data belongs to.

        Raises CopyError, OSError.
        """
        try:
            self.folder.mkdir(mode=0o700, exist_ok=True)
            if hasattr(os, "geteuid") and os.geteuid() == 0:
                owner = data.stat()
                with suppress(PermissionError):  # a stick's folders are whose the stick is
                    os.chown(self.folder, owner.st_uid, owner.st_gid)
        except OSError as error:
            if error.errno in _NO_FOLDER:
                raise absent(self.place) from error
            raise

    def names(self) -> list[CopyName]:
        """The copies that are there, the oldest first. Raises CopyError, OSError."""
        try:
            return names_in(path.name for path in self.folder.iterdir())
        except OSError as error:
            if error.errno in _NO_FOLDER:
                raise absent(self.place) from error
            raise

    def path_of(self, name: CopyName) -> Path:
        """Where the copy of this name stands."""
        return self.folder / name.file

    def size_of(self, name: CopyName) -> int:
        """How many bytes a copy has. Raises OSError."""
        return self.path_of(name).stat().st_size

    def beginning(self, name: CopyName) -> bytes:
        """A copy's first bytes. Raises OSError."""
        with self.path_of(name).open("rb") as file:
            return file.read(BLOCK)

    @contextmanager
    def within_reach(self) -> Iterator[Path]:
        """The folder itself."""
        yield self.folder

    @contextmanager
    def fresh(self, name: CopyName) -> Iterator[HashedFile]:
        """A new copy, which stands there whole when the block ends, and was read back.

        Raises CopyError, OSError; then what was there before stays.
        """
        with whole_file(self.path_of(name), OWNER_ONLY) as file:
            hashed = HashedFile(file)
            yield hashed
            file.flush()
            os.fsync(file.fileno())
            if digest_on_disk(Path(file.name)) != hashed.digest:
                raise damaged(Path(file.name).name)

    def rotate(self, fulls: int) -> None:
        """Let old copies go. Raises OSError."""
        for name in to_let_go(self.names(), fulls):
            self.path_of(name).unlink(missing_ok=True)


def absent(place: str) -> CopyError:
    """What is said of a place that is not there."""
    return CopyError(
        "place_absent",
        N_("The place for copies, {place}, is not there, or was never prepared."),
        N_("Plug it in; a new one is prepared by: lophoc-controller backup --to {place}"),
        place=place,
    )


def digest_on_disk(path: Path) -> bytes:
    """The hash of what was written, read from the disk and not from memory. Raises OSError."""
    read = blake2b()
    with path.open("rb") as file:
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        for block in blocks_of(file, BLOCK):
            read.update(block)
    return read.digest()
