"""This file erases a pupil here for good: the database, its files and plain copies; agents follow.

Encrypted copies elsewhere are not changed: they are listed, and go in their turn.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from controller.cli.folder import data_folder, operator
from controller.copies.content import COPIES
from controller.copies.errors import CopyError
from controller.copies.place import SchoolShelf
from controller.copies.standing import standing_in
from controller.database.clock import now_in
from controller.database.store import Store
from controller.database.upkeep import Copies, copies_in
from controller.students.store import Erasure, data_of_pupil, erase, erasures_of
from protocol.leftovers import let_go_aside
from protocol.model import Place

BACKUPS: Final = "backups"
_BROKER: Final = "broker"  # the running controller empties its store


class ErasedHere(NamedTuple):
    """What an erasure did on this computer. left: files that still name the pupil."""

    erasure: str
    records: int
    left: Sequence[Path]


def erase_everywhere(
    options: argparse.Namespace, store: Store, school: Place, student: str
) -> ErasedHere:
    """Erase a pupil for a command. Raises StoreError, OSError."""
    now_ms = store.read(now_in)
    return erase_here(store, data_folder(options), school, student, actor=operator(), now_ms=now_ms)


def erase_here(
    store: Store, data: Path, school: Place, student: str, *, actor: str, now_ms: int
) -> ErasedHere:
    """Erase a pupil and leave nothing in the files of this computer. Raises StoreError, OSError."""
    names = store.read(data_of_pupil, school, student).names
    copies = sealed_copies(data, school)
    erasure = store.write(erase, school, student, actor=actor, copies=copies, now_ms=now_ms)
    store.scrub()
    _renew_plain_copies(store, data / BACKUPS, now_ms)
    left = [
        path
        for path in let_go_aside(data, {student, *names})
        if path.relative_to(data).parts[0] != _BROKER
    ]
    records = next(one.records for one in store.read(erasures_of, school) if one.erasure == erasure)
    return ErasedHere(erasure, records, left)


def sealed_copies(data: Path, school: Place) -> dict[str, list[str]]:
    """The encrypted copies that exist now, by place; of a place that is away, the newest known."""
    return {
        place: _names_at(Path(place), school) or [standing.name.file]
        for place, standing in standing_in(data / COPIES).places.items()
        if standing.made_ms
    }


def still_there(erasure: Erasure, school: Place) -> Mapping[str, Sequence[str]]:
    """The copies of before an erasure that hold the pupil yet; a place that is away counts."""
    holding = {place: _staying(place, names, school) for place, names in erasure.copies.items()}
    return {place: names for place, names in holding.items() if names}


def _staying(place: str, names: Sequence[str], school: Place) -> Sequence[str]:
    present = _names_at(Path(place), school)
    return names if present is None else [name for name in names if name in present]


def _names_at(place: Path, school: Place) -> list[str] | None:
    """The copies in a place; None where it is away."""
    try:
        return [name.file for name in SchoolShelf(place, school).names()]
    except (CopyError, OSError):
        return None


def _renew_plain_copies(store: Store, folder: Path, now_ms: int) -> None:
    """Put a fresh daily copy in the place of those that still hold the pupil."""
    if copies_in(folder):
        Copies(store, folder, 1).make(now_ms)
