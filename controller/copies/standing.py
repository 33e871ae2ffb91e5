"""This file keeps what is known about copies: where the last one is, and how its test went."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct, structs

from controller.copies.names import CopyName
from protocol.errors import LopHocError
from protocol.folder import OWNER_ONLY, changing, write_whole
from protocol.shapes import from_json
from protocol.unreadable import UNREADABLE
from protocol.words import N_

_FILE: Final = "standing.json"


class Trouble(Struct, frozen=True):
    """Why something did not work, to be said in any language."""

    code: str
    message: str
    hint: str = ""
    values: dict[str, str] = {}


class PlaceStanding(Struct, frozen=True, kw_only=True):
    """The copies in one place; moments in milliseconds since 1970, by the guarded clock.

    number, copy, step: the name of the newest. made_ms: when the database was as that one holds
    it. size: of the newest full copy, in bytes. is_apart: whether it is on another disk than the
    data; None where a version before made it.
    """

    number: int = 0
    copy: str = ""
    step: int = 0
    full_ms: int = 0
    made_ms: int = 0
    size: int = 0
    digest: str = ""
    is_apart: bool | None = None
    trouble: Trouble | None = None

    @property
    def name(self) -> CopyName:
        """The newest copy's name."""
        return CopyName(self.number, self.copy, self.step)


class Rehearsal(Struct, frozen=True, kw_only=True):
    """A restore that was tried: from which file of which place, and what came of it."""

    at_ms: int
    place: str
    file: str = ""
    made_ms: int = 0
    tables: int = 0
    rows: int = 0
    trouble: Trouble | None = None


class Standing(Struct, frozen=True, kw_only=True):
    """What is known about the copies, by place."""

    places: dict[str, PlaceStanding] = {}
    rehearsal: Rehearsal | None = None

    @property
    def newest(self) -> tuple[str, PlaceStanding] | None:
        """The place that holds the newest copy, of those that hold one."""
        held = [(place, each) for place, each in self.places.items() if each.made_ms]
        return max(held, key=lambda pair: pair[1].made_ms, default=None)


def standing_in(folder: Path) -> Standing:
    """What is known; nothing where that cannot be read, for the copies themselves say it."""
    try:
        return from_json((folder / _FILE).read_bytes(), Standing)
    except (OSError, *UNREADABLE):
        return Standing()


def keep_rehearsal(folder: Path, rehearsal: Rehearsal) -> None:
    """Keep how the last one went. Raises OSError."""
    _change(folder, lambda known: structs.replace(known, rehearsal=rehearsal))


def keep_place(folder: Path, place: str, change: Callable[[PlaceStanding], PlaceStanding]) -> None:
    """Keep what is known of one place, made from what was. Raises OSError."""

    def changed(known: Standing) -> Standing:
        standing = change(known.places.get(place, PlaceStanding()))
        return structs.replace(known, places={**known.places, place: standing})

    _change(folder, changed)


def _change(folder: Path, change: Callable[[Standing], Standing]) -> None:
    path = folder / _FILE
    with changing(path):
        write_whole(path, msgspec.json.encode(change(standing_in(folder))), OWNER_ONLY)


def trouble_of(error: Exception) -> Trouble:
    """What went wrong, without anything that only a log may hold."""
    if isinstance(error, LopHocError):
        values = {name: str(value) for name, value in error.values.items()}
        return Trouble(error.code, error.message, error.hint, values)
    if isinstance(error, OSError):
        cause = error.strerror or type(error).__name__
        return Trouble(
            "copy_unwritten",
            N_("The place cannot be written or read: {cause}."),
            N_("Make room, or mend the place; it is tried again by itself."),
            {"cause": cause},
        )
    return Trouble(
        "copy_failed", N_("The copy failed ({cause})."), "", {"cause": type(error).__name__}
    )
