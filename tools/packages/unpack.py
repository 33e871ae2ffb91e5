"""This file unpacks wheels into a folder as an installer would, with modes that never vary."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path, PurePosixPath
from typing import Final

FILE_MODE: Final = 0o644
PROGRAM_MODE: Final = 0o755
FOLDER_MODE: Final = 0o755
PROGRAMS: Final = "bin"
_LIBRARIES: Final = frozenset({"purelib", "platlib"})
_LEFT_OUT: Final = frozenset({"headers", "data"})  # for compilers, and for a whole system


class WheelError(Exception):
    """A wheel holds what no wheel of ours should; the message names it."""


def unpack(wheel: Path, folder: Path, *, without: frozenset[str] = frozenset()) -> None:
    """Put what a wheel holds into the folder: modules as they lie, programs under bin.

    without: packages of the wheel that are left out. Two wheels may share a folder, never a file.
    Raises WheelError.
    """
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            place = None if entry.is_dir() else place_of(entry.filename)
            if place is None or place.parts[0] in without:
                continue
            path = folder / place
            if path.exists():
                raise WheelError(f"{wheel.name}: {place} is there already")
            make_folder(path.parent)
            path.write_bytes(archive.read(entry))
            path.chmod(PROGRAM_MODE if place.parts[0] == PROGRAMS else FILE_MODE)


def place_of(name: str) -> PurePosixPath | None:
    """Where an entry of a wheel goes; None where it is left out. Raises WheelError."""
    place = PurePosixPath(name)
    if place.is_absolute() or ".." in place.parts or "\\" in name or not place.parts:
        raise WheelError(f"a place outside: {name!r}")
    head, *rest = place.parts
    if not re.fullmatch(r"[^/]+-[^/]+\.data", head):
        return place
    match rest:
        case [kind, *more] if kind in _LIBRARIES and more:
            return PurePosixPath(*more)
        case ["scripts", *more] if more:
            return PurePosixPath(PROGRAMS, *more)
        case [kind, *_] if kind in _LEFT_OUT:
            return None
        case _:
            raise WheelError(f"no place for {name!r}")


def make_folder(folder: Path) -> None:
    """Make the folder and those around it, with one mode whatever the umask says."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir()
        folder.chmod(FOLDER_MODE)
