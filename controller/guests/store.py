"""This file keeps a guest's copies on this disk: piece by piece, then whole, within its bytes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from controller.copies.names import CopyName, name_from, names_in, to_let_go
from controller.copies.place import digest_on_disk
from controller.copies.remote import PIECE, GuestFile
from controller.guests.registry import Guest, GuestError
from protocol.folder import LEAST_BYTES, OWNER_ONLY
from protocol.words import N_

_ROOM: Final = 16 * LEAST_BYTES  # what this controller itself may need
_PART: Final = ".part"


class FinishedCopy(NamedTuple):
    """A copy that stands whole; size: 0 where it went at once. let_go: the files that have gone."""

    size: int
    let_go: tuple[str, ...]


class GuestShelf:
    """One guest's copies. fulls: how many full ones stay.

    Every method raises GuestError for what cannot be, and OSError.
    """

    def __init__(self, data: Path, guest: Guest, fulls: int) -> None:
        self._folder = guest.folder(data)
        self._limit = guest.limit_bytes
        self._fulls = fulls

    def files(self) -> Sequence[GuestFile]:
        """The whole copies, the oldest first."""
        return [
            GuestFile(name.file, (self._folder / name.file).stat().st_size)
            for name in self._names()
        ]

    def part_size(self, file: str) -> int:
        """How much of an unfinished copy is here."""
        part = self._part(file)
        return part.stat().st_size if part.exists() else 0

    def append(self, file: str, at: int, piece: bytes) -> int:
        """Take the next piece; returns how much is here. At 0 another copy begins."""
        part = self._part(file)
        if at == 0:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # no copy of ours holds it
            self._sweep()
        elif at != self.part_size(file):
            raise GuestError("piece_out_of_place", N_("This piece does not go on from the last."))
        self._check_room(len(piece))
        with open(part, "ab", opener=_owner_only) as target:
            target.write(piece)
        return at + len(piece)

    def finish(self, file: str, digest: str) -> FinishedCopy:
        """Let a copy stand whole if it has this hash. Older ones may go."""
        part = self._part(file)
        if not part.exists():
            raise GuestError("copy_unknown", N_("There is no such copy here."))
        with part.open("rb") as written:
            os.fsync(written.fileno())
        if digest_on_disk(part).hex() != digest:
            part.unlink()
            raise GuestError("copy_broken", N_("The copy did not arrive as it was sent."))
        part.replace(self._folder / file)
        gone = tuple(name.file for name in to_let_go(self._names(), self._fulls))
        for old in gone:
            (self._folder / old).unlink(missing_ok=True)
        size = 0 if file in gone else (self._folder / file).stat().st_size
        return FinishedCopy(size, gone)

    def piece(self, file: str, at: int) -> bytes:
        """What stands in a copy from there on; nothing behind its end."""
        self._part(file)  # whether it is a name of ours
        try:
            with (self._folder / file).open("rb") as copy:
                copy.seek(at)
                return copy.read(PIECE)
        except FileNotFoundError as error:
            raise GuestError("copy_unknown", N_("There is no such copy here.")) from error

    def _names(self) -> list[CopyName]:
        if not self._folder.exists():
            return []
        return names_in(path.name for path in self._folder.iterdir())

    def _part(self, file: str) -> Path:
        if name_from(file) is None:
            raise GuestError("copy_unknown", N_("There is no such copy here."))
        return self._folder / f"{file}{_PART}"

    def _sweep(self) -> None:
        """Only one copy is on its way at a time."""
        for part in self._folder.glob(f"*{_PART}"):
            part.unlink()

    def _check_room(self, more: int) -> None:
        held = sum(path.stat().st_size for path in self._folder.iterdir())
        if held + more > self._limit or shutil.disk_usage(self._folder).free < more + _ROOM:
            raise GuestError("guest_full", N_("There is no room for more copies of this school."))


def _owner_only(path: str, flags: int) -> int:
    return os.open(path, flags, OWNER_ONLY)
