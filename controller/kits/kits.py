"""This file says what a room should have: by its own type, else by that of all rooms; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from controller.sheets.names import room_code
from controller.sheets.text import clean
from protocol.errors import ActionError
from protocol.kit import KIT_FIELDS, KitTemplate, lines_of
from protocol.messages import KitLine
from protocol.words import N_

ALL_ROOMS: Final = ""  # as a room's code: those without a choice of their own
MAX_NAME: Final = 40
MAX_TYPES: Final = 50
_MAX_SOFTWARE: Final = 400
_MAX_COUNT: Final = 400


class RoomType(msgspec.Struct, frozen=True, kw_only=True):
    """A type of room and what it should have, such as a computer room."""

    name: str
    kit: KitTemplate


class TypeOfRoom(msgspec.Struct, frozen=True, kw_only=True):
    """Which type a room is; empty: nothing is asked of it, whatever is of all rooms.

    room: its code; label: as it is written.
    """

    room: str
    label: str = ""
    type: str = ""


class Kits(msgspec.Struct, frozen=True, kw_only=True):
    """All that a school asks for: its types by name, and its rooms' choices by code."""

    types: Mapping[str, RoomType] = {}
    rooms: Mapping[str, TypeOfRoom] = {}

    def type_of(self, room: str) -> str | None:
        """The type of a room by its code; None where nobody has chosen."""
        choice = self.rooms.get(room_code(room)) or self.rooms.get(ALL_ROOMS)
        return choice.type if choice and (not choice.type or choice.type in self.types) else None

    def lines_of(self, room: str) -> tuple[KitLine, ...] | None:
        """What a room should have; None where nobody has chosen."""
        name = self.type_of(room)
        if name is None:
            return None
        return lines_of(self.types[name].kit) if name else ()


def kits_of(types: Iterable[RoomType], rooms: Iterable[TypeOfRoom]) -> Kits:
    """The choices, found by name and code."""
    return Kits(types={one.name: one for one in types}, rooms={one.room: one for one in rooms})


def type_from(fields: Mapping[str, str]) -> RoomType:
    """A type as a form tells it. Raises ActionError."""
    name = clean(fields.get("name", ""))[:MAX_NAME]
    if not name:
        raise ActionError(
            "type_nameless", N_("What is this type of room called?"), N_("Such as: computer room.")
        )
    counts = {field: _count(fields.get(field, "")) for field in KIT_FIELDS.values()}
    software = clean(fields.get("software", ""))[:_MAX_SOFTWARE]
    return RoomType(name=name, kit=KitTemplate(**counts, software=software))


def _count(text: str) -> int:
    text = text.strip() or "0"
    if not text.isdecimal() or int(text[:9]) > _MAX_COUNT:
        raise ActionError(
            "count_wrong",
            N_("This is no number of things: {text}."),
            N_("Write 0 to 400."),
            text=text[:20],
        )
    return int(text)
