"""This file says whether a room cell holds more than a room: "Trường A - Nhà B - P203"; pure.

Such a cell is never a room's name of itself: two buildings may have a P203, and the school may know
that room by its own name already. What it is, a person says.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from controller.register.choices import RoomOf
from controller.sheets.names import room_key, room_of
from controller.sheets.text import MAX_FIELD, Cause, Cell, RefusedError, Unreadable, clean, folded

# What parts a place from a room in it; a hyphen without blanks is a part of a name: A-203.
_SIGNS: Final = re.compile(r"\s+[-–—/:]\s+|\s*[>|\\;,()\[\]\n»→]\s*")  # noqa: RUF001 - as people write
_PLACE: Final = (
    r"(?:nhà|dãy|dãy nhà|tầng|lầu|khu|khu nhà|toà|tòa|toà nhà|tòa nhà|cơ sở|phân hiệu|điểm trường"
    r"|điểm|block|building|floor|campus|site)"
)
# "P203 Nhà B", "Tầng 2 P203": the place bears a short name of its own.
_BARE_PLACE: Final = re.compile(
    rf"(?<!\w)({_PLACE}\s+(?:[A-Z]?[0-9]{{1,2}}|[A-Z]))(?!\w)", re.IGNORECASE
)
_IS_PLACE: Final = re.compile(
    rf"(?:{_PLACE}|trường|trung tâm|thcs|thpt|th|mn)(?!\w)(?=.*\w)", re.IGNORECASE
)
_NUMBERED: Final = re.compile(
    r"(?:(?:phòng(?: học| số| máy)?|p|ph|room)[\s.:]*)?[0-9]{1,4}[a-z]?[0-9]{0,2}", re.IGNORECASE
)
_HAS_SIGN: Final = re.compile(r"[-–—/:>|\\;,(\[\n»→]")  # noqa: RUF001 - as people write
_EDGES: Final = " \t-–—/:."  # noqa: RUF001 - as people write
_MOST: Final = 16  # parts


def parts_of(text: str) -> list[str]:
    """The parts of a room cell, as it names them."""
    apart = _BARE_PLACE.sub(r"|\1|", text[:MAX_FIELD])
    parts = (part.strip(_EDGES) for part in _SIGNS.split(apart))
    return [part for part in parts if part][:_MOST]


def is_in_parts(text: str) -> bool:
    """Whether the text tells where a room is, or a room and something beside it."""
    text = text[:MAX_FIELD]
    if not (_HAS_SIGN.search(text) or _BARE_PLACE.search(text)):
        return False  # as almost every room
    parts = parts_of(text)
    return len(parts) > 1 and any(map(_is_telling, parts))


def _is_telling(part: str) -> bool:
    return bool(_NUMBERED.fullmatch(part) or _IS_PLACE.match(part))


def room_among(parts: Sequence[str]) -> str:
    """The one part that is a room: the only numbered one, or the only one that is no place.

    Raises RefusedError.
    """
    numbered = [part for part in parts if _NUMBERED.fullmatch(part)]
    others = numbered or [part for part in parts if not _IS_PLACE.match(part)]
    if len(others) != 1:
        raise RefusedError("room_parts")
    return room_of(others[0])


class RoomReader:
    """Reads the room cells of a book as a person has answered; answer: None: nobody was asked."""

    def __init__(self, answer: RoomOf | None) -> None:
        self._answer = answer
        self.asked = ""  # the first cell of which nobody can tell
        self._places: dict[str, set[frozenset[str]]] = {}

    def room_of(self, cell: Cell) -> str:
        """The room. Raises RefusedError, "room_parts" where the cell may hold more than that."""
        is_sure = not (isinstance(cell, Unreadable) and cell.cause is Cause.PARTS)
        text = cell if is_sure else cell.text  # type: ignore[union-attr]  # what is not sure has one
        if self._answer is RoomOf.WHOLE:
            return room_of(text)
        if is_sure and not (isinstance(text, str) and is_in_parts(text)):
            return room_of(text)
        try:
            return self._room_in(clean(text))
        except RefusedError:
            self.asked = self.asked or clean(text)
            raise

    def _room_in(self, text: str) -> str:
        """The room within a place. Raises RefusedError where nobody has said that it is one."""
        if self._answer is None:
            raise RefusedError("room_parts")
        parts = parts_of(text)
        room = room_among(parts)
        around = frozenset(folded(part) for part in parts if room_of(part) != room)
        self._places.setdefault(room_key(room), set()).add(around)
        return room

    @property
    def shared(self) -> frozenset[str]:
        """The keys of rooms that stand in more than one place."""
        return frozenset(key for key, places in self._places.items() if len(places) > 1)
