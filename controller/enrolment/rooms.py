"""This file reads the rooms that a person wants codes for, such as "P101-P110, 6A1"; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from controller.sheets.names import room_code
from protocol.errors import ActionError
from protocol.log import plain
from protocol.model import is_name
from protocol.words import N_

MAX_ROOMS: Final = 120
_PARTED: Final = re.compile(r"[,;\n\r\t]+")
_RANGE: Final = re.compile(r"(\D*?)(\d{1,4})\s*[-\u2010-\u2013]\s*(\D*?)(\d{1,4})")


def rooms_in(text: str) -> list[str]:
    """The rooms, each once, in the order in which they were typed. Raises ActionError."""
    rooms: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in _PARTED.split(text))):
        for room in _rooms_of(part):
            rooms.setdefault(room_code(room), room)
            if len(rooms) > MAX_ROOMS:
                raise ActionError(
                    "rooms_many",
                    N_("These are more than {most} rooms."),
                    N_("Do them in several goes."),
                    most=MAX_ROOMS,
                )
    if not rooms:
        raise ActionError("room_missing", N_("Which room? Give its code, such as 6A1."))
    if odd := next((room for room in rooms.values() if not is_name(room)), ""):
        raise ActionError(
            "room_odd",
            N_("This cannot be a room's code: {room}"),
            N_("It has 1 to 64 visible characters. Part rooms by commas."),
            room=plain(odd)[:24],
        )
    return [*rooms.values()]


def _rooms_of(part: str) -> Iterator[str]:
    """The rooms from the first to the last of a range; itself where it is none.

    P101-P103 and P101-103 are ranges; P-101, A2-1 and B1-02 are the names of rooms.
    """
    found = _RANGE.fullmatch(part)
    if not found:
        yield part
        return
    head, first, again, last = found.groups()
    is_range = again.strip() in {"", head.strip()} and int(first) < int(last)
    is_padded = first.startswith("0") or last.startswith("0")
    if not is_range or (is_padded and len(first) != len(last)):
        yield part
        return
    for number in range(int(first), min(int(last), int(first) + MAX_ROOMS) + 1):
        yield f"{head}{number:0{len(first)}}"
