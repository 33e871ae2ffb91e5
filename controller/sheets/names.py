"""This file says how a room, a tag, a serial, a class is written, compared and sorted; pure."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

from controller.roster.plan import room_key as plain_room_key
from controller.sheets.text import EXACT, Cell, Day, RefusedError, text_of
from protocol.model import NO_ROOM

MAX_CODE: Final = 64


_SERIAL_LEAD: Final = re.compile(r"^(s/?n|serial( number)?|số sê-ri)\s*[:#]\s*", re.IGNORECASE)
_SCIENTIFIC: Final = re.compile(r"^[0-9]([.,][0-9]+)?[eE]\+[0-9]+$")


_ROOM_LEAD: Final = re.compile(
    r"^(phòng học|phong hoc|phòng|phong|room|ph\.|p\.)[\s.:_-]*(?=p?[\s.-]?[0-9])",
    re.IGNORECASE,
)
_NUMBERED: Final = re.compile(r"^p?[\s._-]*([0-9][0-9a-z./]*)$", re.IGNORECASE)


def tag_of(cell: Cell) -> str:
    """An asset tag, letter for letter. Raises RefusedError."""
    return _code(cell)


def serial_of(cell: Cell) -> str:
    """A serial as text, zeros kept, never as a number. Raises RefusedError."""
    text = _SERIAL_LEAD.sub("", _code(cell))
    return "" if text and not text.strip("0 -") else text


def _code(cell: Cell) -> str:
    if isinstance(cell, Day) or cell is None:
        raise RefusedError("code_is_date")
    if isinstance(cell, float) and not isinstance(cell, bool) and cell >= EXACT:
        raise RefusedError("code_rounded")
    text = text_of(cell)
    if _SCIENTIFIC.match(text):
        raise RefusedError("code_scientific")
    if len(text) > MAX_CODE:
        raise RefusedError("code_too_long")
    return text


def room_of(cell: Cell) -> str:
    """The room in one writing: "P 203", "p.203", "Phòng 203" are P203; other names stay."""
    text = text_of(cell)[:MAX_CODE].rstrip(" .,;")
    numbered = _NUMBERED.match(_ROOM_LEAD.sub("", text))
    return f"P{numbered[1].upper()}" if numbered and _is_room_of_p(text) else text


def _is_room_of_p(text: str) -> bool:
    """Whether a P belongs before the number: 6A1 is a room by that name, 203 is P203."""
    return not text[:1].isdigit() or text.isdecimal()


@lru_cache(maxsize=4096)  # a book names few rooms, each on many lines
def room_key(room: str) -> str:
    """The room as it is compared; empty where it is not known."""
    return plain_room_key(room_of(room))


def serial_key(serial: str) -> str:
    """The serial as it is compared: without case, spaces and hyphens; 0012345 is not 12345."""
    if serial.isascii() and serial.isalnum():  # almost every serial
        return serial.casefold()
    plain = unicodedata.normalize("NFKC", serial).casefold()
    return "".join(
        each
        for each in plain
        if not each.isspace() and unicodedata.category(each) not in {"Pd", "Cf"} and each != "−"  # noqa: RUF001 - a minus that spreadsheets write for a hyphen
    )


def tag_key(tag: str) -> str:
    """The asset tag as it is compared: without case and spaces."""
    return "".join(unicodedata.normalize("NFKC", tag).casefold().split())


_DIGITS: Final = re.compile(r"(\d+)")


def natural(school: str, room: str) -> tuple[str, bool, list[tuple[bool, int, str]], str]:
    """A sorting key in which numbers inside a room's code count as numbers.

    What has no room yet stands behind its school's rooms.
    """
    parts = [
        (False, int(part), part) if part.isdecimal() else (True, 0, part.casefold())
        for part in _DIGITS.split(room)
        if part
    ]
    return school, room == NO_ROOM, parts, room
