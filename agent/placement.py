"""This file knows in which room this computer stands, and how it knows. Pure.

A fixed computer is told its room. A roaming one learns it from what it sees: a board whose room
is known, its access point, the one fixed computer near it; else the teacher picks it once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated, Final

import msgspec

from protocol.model import NO_ROOM, Code, RoomCode, is_name

_MOST_HEARD: Final = 500  # a school has some thirty rooms; more is being flooded
_MOST_FIXTURES: Final = 500


class PlacementSource(StrEnum):
    """How the room is known."""

    SETTINGS = "settings"
    PICKED = "picked"
    LEARNT = "learnt"
    UNKNOWN = "unknown"


class Fixture(msgspec.Struct, frozen=True, kw_only=True):
    """Something that stands in rooms: by its key, where it was seen."""

    key: Annotated[str, msgspec.Meta(max_length=400)]
    rooms: tuple[RoomCode, ...]


class SavedPlacement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What outlives a restart: the room, how it is known, and what was seen where."""

    room: RoomCode = NO_ROOM
    how: PlacementSource = PlacementSource.UNKNOWN
    fixtures: tuple[Fixture, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacementEvidence:
    """The keys of what is here and stands in a room: by a cable, and by the air."""

    wired: frozenset[str] = frozenset()
    access_points: frozenset[str] = frozenset()

    @property
    def keys(self) -> frozenset[str]:
        """All of them."""
        return self.wired | self.access_points


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """The room as it is known now. announced: rooms of fixed computers near by, by their agents.

    basis: what was here when a person picked the room; their word holds until that changes.
    """

    room: str
    how: PlacementSource
    seen_in: Mapping[str, tuple[str, ...]]
    announced: Mapping[str, str]
    basis: PlacementEvidence = PlacementEvidence()

    @property
    def roaming(self) -> bool:
        """Whether this computer moves at all."""
        return self.how is not PlacementSource.SETTINGS

    @property
    def saved(self) -> SavedPlacement:
        """What is to be remembered."""
        fixtures = tuple(Fixture(key=key, rooms=rooms) for key, rooms in self.seen_in.items())
        return SavedPlacement(room=self.room, how=self.how, fixtures=fixtures)

    def candidates(self) -> tuple[str, ...]:
        """The rooms that a teacher may pick from, without typing."""
        seen_rooms = {room for rooms in self.seen_in.values() for room in rooms}
        return tuple(sorted({*seen_rooms, *self.announced.values()} - {NO_ROOM}))

    def hear(self, agent: str, room: str, *, present: bool) -> Placement:
        """A fixed computer announced its room, or left."""
        announced = {name: where for name, where in self.announced.items() if name != agent}
        if present and len(announced) < _MOST_HEARD:
            announced[agent] = room
        return replace(self, announced=announced)

    def pick(self, room: str, evidence: PlacementEvidence) -> Placement:
        """The teacher says which room it is, and what is new and plugged in stands there.

        What is known to stand in another room stays there: a wrong word moves nobody's board.
        """
        if not self.roaming:
            return self
        placed = replace(self, room=room, how=PlacementSource.PICKED, basis=evidence)
        return placed.note(evidence)

    def home_of(self, key: str) -> str:
        """The one room in which this has been seen; empty if none, or several."""
        return self._one([key])

    def note(self, evidence: PlacementEvidence) -> Placement:
        """Remember what is seen in this room, where something here shows that it is this room."""
        if not self.roaming or not (self._knows_any(evidence) or self._is_picked(evidence)):
            return self
        seen_in = dict(self.seen_in)
        for key in evidence.keys - self._misplaced(evidence):
            if self.room not in seen_in.get(key, ()):
                seen_in[key] = (*seen_in.get(key, ()), self.room)
        return self if seen_in == self.seen_in else replace(self, seen_in=_within_limit(seen_in))

    def learn(self, evidence: PlacementEvidence) -> Placement:
        """Take the room from what is here, the surest first; without any, stay where it was."""
        if not self.roaming or self._is_picked(evidence):
            return self
        room = self._one(evidence.wired) or self._one(evidence.access_points) or self._one_heard()
        fresh = replace(self, basis=PlacementEvidence())
        if room and room != self.room:
            return replace(fresh, room=room, how=PlacementSource.LEARNT)
        if not room and evidence.access_points and not self._knows_any(evidence):
            # Somewhere else, and nothing tells where: better asked than wrong.
            return replace(fresh, room=NO_ROOM, how=PlacementSource.UNKNOWN)
        return self

    def _is_picked(self, evidence: PlacementEvidence) -> bool:
        """Whether a person picked the room, and nothing has changed since."""
        return self.how is PlacementSource.PICKED and evidence == self.basis

    def _misplaced(self, evidence: PlacementEvidence) -> frozenset[str]:
        """What stands in another room, where a person's word alone says that this is the room."""
        is_sure = any(self.home_of(key) == self.room for key in evidence.keys)
        if is_sure or not self._is_picked(evidence):
            return frozenset()
        return frozenset(key for key in evidence.wired if self.home_of(key))

    def _knows_any(self, evidence: PlacementEvidence) -> bool:
        """Whether anything here has been seen in this room before."""
        return any(self.room in self.seen_in.get(key, ()) for key in evidence.keys)

    def _one(self, keys: Iterable[str]) -> str:
        """The one room that these speak for; empty if none, or several."""
        rooms = {self.seen_in[key][0] for key in keys if len(self.seen_in.get(key, ())) == 1}
        return rooms.pop() if len(rooms) == 1 else ""

    def _one_heard(self) -> str:
        """The one room of all fixed computers near by; it only says where we are if we do not know.

        A school's whole network may be near by, and then it says nothing.
        """
        rooms = set(self.announced.values())
        return rooms.pop() if len(rooms) == 1 and self.how is PlacementSource.UNKNOWN else ""


def placement_at_start(room: str, *, roaming: bool, stay: SavedPlacement) -> Placement:
    """The placement at the start: from the settings, or as it was before."""
    if not roaming:
        return Placement(room=room, how=PlacementSource.SETTINGS, seen_in={}, announced={})
    seen_in = {fixture.key: fixture.rooms for fixture in stay.fixtures}
    if stay.how is PlacementSource.SETTINGS:  # it did not roam before
        stay = SavedPlacement()
    if stay.how is PlacementSource.UNKNOWN and room:
        stay = SavedPlacement(room=room, how=PlacementSource.PICKED)
    return Placement(room=stay.room, how=stay.how, seen_in=seen_in, announced={})


def room_code(text: str) -> Code:
    """A room's code as a person typed it, without what cannot be seen. Raises ValueError."""
    room = " ".join(text.split())
    if not is_name(room):
        raise ValueError(text[:80])
    return room


def _within_limit(seen_in: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    spare = max(0, len(seen_in) - _MOST_FIXTURES)
    return dict(list(seen_in.items())[spare:])
