"""This file bounds what a room's computer gets beyond its own room and timetable, day by day. Pure.

A computer says itself where it is and which class it has: nobody else vouches for that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from controller.sheets.names import class_key, room_key
from protocol.model import Place

OTHER_CLASSES: Final = 2  # a day, of a computer and of a room: a substitute's lesson, a swap
UNPLANNED_CLASSES: Final = 12  # the same while the school has no timetable: a day's periods
OTHER_ROOMS: Final = 8  # a day: a laptop that is carried from lesson to lesson
MAX_REFUSALS: Final = 20  # noted of one computer a day, however often it asks


class Opening(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a computer asked for beyond its plan, and whether it was given.

    place: the computer's. class_code: empty where it asks for the lists of another room.
    home: the room where its day began.
    """

    place: Place
    room: str
    home: str
    class_code: str = ""
    allowed: bool


_Claim = tuple[Place, str, str]


@dataclass(slots=True)
class Openings:
    """What was opened and refused on one local day, in its order."""

    day: str = ""
    lines: tuple[Opening, ...] = ()
    _homes: dict[Place, str] = field(default_factory=dict)
    _verdicts: dict[_Claim, bool] = field(default_factory=dict)

    def begin(self, day: str, lines: Iterable[Opening], rooms: Mapping[Place, str]) -> None:
        """Take a day as it is stored; rooms: where the computers are, of which it says nothing."""
        self.day, self.lines = day, tuple(lines)
        self._verdicts = {_key(line): line.allowed for line in self.lines}
        homes = {line.place: line.home for line in self.lines}
        self._homes = {place: room for place, room in rooms.items() if room_key(room)} | homes

    def meet(self, place: Place, room: str) -> None:
        """Where a computer is that was not here before is its own room."""
        if room_key(room):
            self._homes.setdefault(place, room)

    def judge(
        self, place: Place, room: str, classes: Iterable[str], class_limit: int
    ) -> Iterator[Opening]:
        """What it asks for and was not judged today; from now on it counts.

        classes: those of its lesson that its room's timetable does not have.
        """
        self.meet(place, room)
        if not self._is_home(place, room):
            yield from self._judged(place, room, "", OTHER_ROOMS)
        if self.has_room(place, room):
            for class_code in classes:
                yield from self._judged(place, room, class_code, class_limit)

    def has_room(self, place: Place, room: str) -> bool:
        """Whether the computer may hold the lists of the room in which it says that it is."""
        return self._is_home(place, room) or self.has_opened(place, room, "")

    def has_opened(self, place: Place, room: str, class_code: str) -> bool:
        """Whether it was given this beyond its plan."""
        return self._verdicts.get((place, room_key(room), class_key(class_code)), False)

    def has_refused(self, place: Place, room: str, class_code: str = "") -> bool:
        """Whether it was asked for today and not given; without a class: the room's lists."""
        claim = place, room_key(room), class_key(class_code)
        return self._verdicts.get(claim) is False

    def in_room(self, room: str) -> list[Opening]:
        """What was asked for in a room."""
        return [line for line in self.lines if room_key(line.room) == room_key(room)]

    def _is_home(self, place: Place, room: str) -> bool:
        key = room_key(room)
        return not key or key == room_key(self._homes.get(place, ""))

    def _judged(self, place: Place, room: str, class_code: str, limit: int) -> Iterator[Opening]:
        home = self._homes.get(place, "")
        claim = Opening(place=place, room=room, home=home, class_code=class_code, allowed=True)
        if _key(claim) in self._verdicts:
            return
        if not is_within(limit, self.lines, claim):
            claim = msgspec.structs.replace(claim, allowed=False)
            if sum(line.place == place and not line.allowed for line in self.lines) >= MAX_REFUSALS:
                return
        self.lines += (claim,)
        self._verdicts[_key(claim)] = claim.allowed
        yield claim


def _key(claim: Opening) -> _Claim:
    """What is judged once a day, however it is written."""
    return claim.place, room_key(claim.room), class_key(claim.class_code)


def is_within(limit: int, lines: Collection[Opening], claim: Opening) -> bool:
    """Whether a claim stays within the limit: of its computer and, for a class, of its room."""
    if not claim.class_code:
        rooms = {room_key(line.room) for line in _given(lines, claim) if not line.class_code}
        return len(rooms | {room_key(claim.room)}) <= limit
    classes = {class_key(line.class_code) for line in _given(lines, claim) if line.class_code}
    return len(classes | {class_key(claim.class_code)}) <= limit


def _given(lines: Iterable[Opening], claim: Opening) -> Iterator[Opening]:
    """What was given to the claim's computer, or for a class in its room."""
    key = room_key(claim.room) if claim.class_code else ""
    for line in lines:
        if line.allowed and (line.place == claim.place or (key and room_key(line.room) == key)):
            yield line
