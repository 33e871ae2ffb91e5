"""This file draws a sample that anybody can draw again; pure.

Every unit of the frame has a rank: SHA-256 of the seed, a line feed and the unit's key, in hex. The
units with the lowest ranks are the sample. So the order of the frame does not matter, each unit is
as likely as another, and `sha256sum` draws the same (docs/decisions/0110).
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from protocol.words import N_


class SampleUnit(StrEnum):
    """What is drawn: lines of books, or rooms with all lines of them."""

    ROOMS = "rooms"
    ITEMS = "items"


UNIT_WORDS = {SampleUnit.ROOMS: N_("rooms"), SampleUnit.ITEMS: N_("items")}


class DrawnUnit(NamedTuple):
    """A unit of the sample, and the rank by which it is there."""

    rank: str
    key: str

    @property
    def school(self) -> str:
        """Whose unit it is."""
        return self.key.partition("/")[0]

    @property
    def unit(self) -> str:
        """The room, by its room_key, or the item's id in its school."""
        return self.key.partition("/")[2]


class DrawCheck(NamedTuple):
    """A sample drawn again. only_before, only_again: keys that just one of the draws has."""

    drawn: tuple[DrawnUnit, ...]
    only_before: tuple[str, ...]
    only_again: tuple[str, ...]
    is_frame_same: bool

    @property
    def agrees(self) -> bool:
        """Whether it is the same sample of the same frame."""
        return self.is_frame_same and not self.only_before and not self.only_again


def key_of(school: str, unit: str) -> str:
    """A unit's name in the frame; codes of schools hold no slash on the wire."""
    return f"{school.replace('/', '%2F')}/{unit}"


def rank_of(seed: str, key: str) -> str:
    """By what units are sorted: 64 hex digits."""
    return hashlib.sha256(f"{seed}\n{key}".encode()).hexdigest()


def drawn(seed: str, keys: Iterable[str], size: int) -> tuple[DrawnUnit, ...]:
    """The sample, in its order; all of a frame that is no larger."""
    ranked = sorted(DrawnUnit(rank_of(seed, key), key) for key in {*keys})
    return tuple(ranked[:size])


def frame_text(keys: Iterable[str]) -> str:
    """The frame as a file: a key a line, in the order of their bytes."""
    return "".join(f"{key}\n" for key in sorted({*keys}, key=str.encode))


def digest_of(keys: Iterable[str]) -> str:
    """What `sha256sum` says of that file."""
    return hashlib.sha256(frame_text(keys).encode()).hexdigest()


def checked(
    seed: str, keys: Collection[str], size: int, *, before: Collection[str], digest: str
) -> DrawCheck:
    """Draw again, and compare with what was drawn, and with the frame's digest of then."""
    again = drawn(seed, keys, size)
    own = {unit.key for unit in again}
    return DrawCheck(
        again,
        tuple(sorted({*before} - own)),
        tuple(sorted(own - {*before})),
        digest_of(keys) == digest,
    )


def units_by_school(units: Iterable[DrawnUnit]) -> Mapping[str, list[str]]:
    """The units of the sample by their school, each in the order of the draw."""
    by_school = defaultdict[str, list[str]](list)
    for unit in units:
        by_school[unit.school.replace("%2F", "/")].append(unit.unit)
    return by_school
