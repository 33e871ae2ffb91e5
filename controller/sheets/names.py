"""This file says how a room, a tag, a serial, a class is written, compared and sorted; pure.

A key is what two writings of one name have in common: it is compared and stored, never shown. The
key of a key is itself. Whoever changes a key brings a migration that makes the stored ones anew.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import groupby
from typing import Final

from controller.sheets.text import (
    BLANKS,
    CELL_MESSAGES,
    EXACT,
    Cell,
    RefusedError,
    clean,
    folded,
    text_of,
)
from protocol.model import NO_ROOM
from protocol.names import text_key
from protocol.words import N_

MAX_CODE: Final = 64
MESSAGES: Final[dict[str, str]] = {
    **CELL_MESSAGES,
    "code_too_long": N_("This is longer than 64 characters."),
    "code_scientific": N_("Excel has shortened the number: format the column as text."),
    "code_rounded": N_("Excel has rounded the number: format the column as text."),
}

# Hyphens and dashes of typesetters, and the minus that spreadsheets write for a hyphen.
_DASHES: Final = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")
_SCIENTIFIC: Final = re.compile(r"^[0-9](?:[.,][0-9]+[eE]\+?|[eE]\+)[0-9]+$")
_CUT: Final = re.compile(r"^[1-9][0-9]{14}0+$")  # Excel keeps 15 digits of a number
# What makers and people write where no serial is: one sign over and over, or words without digits.
_NO_SERIAL: Final = re.compile(r"^(.)\1*$")
_SERIAL_LEAD: Final = re.compile(r"^(s/?n|serial( number)?|số sê-ri)\s*[:#]\s*", re.IGNORECASE)
_ROOM_LEAD: Final = re.compile(
    r"^((?:phòng|phong|ph?\.) ?(?:học|hoc|số|so)|phòng|phong|room|ph\.|p\.)[\s.:_-]*"
    r"(?=p?[\s.-]?[0-9])",
    re.IGNORECASE,
)
_NUMBERED: Final = re.compile(r"^p?[\s._-]*([0-9][0-9a-z./]*)$", re.IGNORECASE)
_SHORT_ROOM: Final = re.compile(r"^P\. ?(?=[^\W\d_]{2})", re.IGNORECASE)  # "P. Tin 1"
_PART_OF_ROOM: Final = re.compile(r"^[0-9]{3}[A-Za-z]$")
_ROOM_WORDS: Final = re.compile(
    r"^(?:(?:ph[òo]ng(?: h[ọo]c)?|(?:class)?room|ph|p)(?: |(?=[0-9])))+"
)
_CLASS_WORDS: Final = re.compile(r"^(?:(?:l[ớo]p(?: h[ọo]c)?|class)(?: |(?=[0-9])))+")
_CHANGE: Final = re.compile(r"(?<=[0-9]) (?=[^0-9])|(?<=[^0-9]) (?=[0-9])")
_DIGITS: Final = re.compile(r"([0-9]+)")

NaturalKey = tuple[bool, tuple[tuple[bool, int, str], ...], str]


def tag_of(cell: Cell) -> str:
    """An asset tag, letter for letter. Raises RefusedError."""
    if isinstance(cell, float | int) and cell >= EXACT:
        raise RefusedError("code_rounded")
    text = text_of(cell)
    if _SCIENTIFIC.match(text):
        raise RefusedError("code_scientific")
    if _CUT.match(text):
        raise RefusedError("code_rounded")
    if len(text) > MAX_CODE:
        raise RefusedError("code_too_long")
    return text


def serial_of(cell: Cell) -> str:
    """A serial as text, zeros kept, never as a number. Raises RefusedError."""
    text = _SERIAL_LEAD.sub("", tag_of(cell))
    return "" if text and _says_no_serial(text) else text


def _says_no_serial(text: str) -> bool:
    """Whether this stands for none: "0000", "xxx", "Mờ số", "To be filled by O.E.M."."""
    signs = "".join(char for char in text if char.isalnum())
    has_digit = any(map(str.isdigit, text))
    is_one_sign = bool(_NO_SERIAL.match(signs.casefold())) and len(signs) > 1
    return not signs.strip("0") or is_one_sign or (not has_digit and " " in text)


def room_of(cell: Cell) -> str:
    """The room in one writing: "P 203", "p.203", "Phòng 203" are P203; other names stay.

    Raises RefusedError for a day and for what cannot be read.
    """
    text = _DASHES.sub("-", text_of(cell)[:MAX_CODE]).rstrip(" .,;")
    numbered = _NUMBERED.match(_ROOM_LEAD.sub("", text))
    if numbered and _is_room_of_p(text):
        return f"P{numbered[1].upper()}"
    return _SHORT_ROOM.sub("Phòng ", text)


def _is_room_of_p(text: str) -> bool:
    """Whether a P belongs before the number: 6A1 is a room by that name, 203 and 203A are not."""
    return not text[:1].isdigit() or text.isdecimal() or bool(_PART_OF_ROOM.match(text))


@lru_cache(maxsize=4096)  # a school names few rooms, each on many lines
def room_key(room: str) -> str:
    """The room as it is compared; empty where it is not known.

    Neither case, blanks and signs count, nor the word for a room: 203, "P.203", "Phòng học 203"
    are p203. Numbers that a sign parts stay two: "3/2" is not 32.
    """
    key = _ROOM_WORDS.sub("", _squeezed(room))
    if folded(key) in BLANKS:
        return ""
    return f"p{key}" if key[:1].isdigit() else key


def room_code(room: str) -> str:
    """What the room is known by: its key, or itself where it has none, as NO_ROOM."""
    return room_key(room) or room


@lru_cache(maxsize=4096)
def class_key(code: str) -> str:
    """The class as it is compared: "Lớp 10A1", "10 a1" are 10a1; "3/2" is not 32."""
    return _CLASS_WORDS.sub("", _squeezed(code))


def serial_key(serial: str) -> str:
    """The serial as it is compared: without case, spaces and hyphens; 0012345 is not 12345."""
    if serial.isascii() and serial.isalnum():  # almost every serial
        return serial.casefold()
    plain = "".join(char for char in _plain(serial) if unicodedata.category(char) != "Pd")
    return _together(plain.replace("\u2212", ""))


def tag_key(tag: str) -> str:
    """The asset tag as it is compared: without case and spaces; a dash is a hyphen, and counts."""
    return _together(_DASHES.sub("-", _plain(tag)))


def natural(name: str) -> NaturalKey:
    """A sorting key in which 7A2 stands before 10A1; what has no name, or no room yet, is last."""
    parts = (part for part in _DIGITS.split(name) if part)
    return name in {"", NO_ROOM}, tuple(map(_in_order, parts)), name


def spelling(names: Iterable[str], key: Callable[[str], str]) -> Callable[[str], str]:
    """Answers a name as these names write it: itself if it is among them or none has its key."""
    own = dict.fromkeys(names)
    by_key = {key(name) or name: name for name in reversed(own)}
    return lambda name: name if name in own else by_key.get(key(name) or name, name)


def without_agent(rooms: Iterable[str], answering: Iterable[str]) -> list[str]:
    """The rooms that are none of the answering ones, each once, in order."""
    present = {room_key(room) for room in answering} - {""}
    first = {room_code(room): room for room in reversed([*rooms]) if room}
    return sorted((room for key, room in first.items() if key not in present), key=natural)


def _in_order(part: str) -> tuple[bool, int, str]:
    """Digits by their value, however many they are, before letters in the order of the alphabet."""
    if part[0] not in "0123456789":
        return True, 0, text_key(part)
    digits = part.lstrip("0")
    return False, len(digits), digits


def _plain(text: str) -> str:
    """One writing of each letter, wide or narrow, large or small; no unseen characters."""
    if text.isascii() and text.isprintable():  # almost every name
        return " ".join(text.casefold().split())
    folds = unicodedata.normalize("NFKC", clean(text)).casefold()
    return clean(unicodedata.normalize("NFKC", folds))


def _together(text: str) -> str:
    """Without blanks; a mark that stood alone joins the letter before it."""
    return unicodedata.normalize("NFC", "".join(text.split()))


def _squeezed(text: str) -> str:
    """The numbers and words of a name; a blank parts two numbers or two words, and no others."""
    runs = ("".join(run) for kind, run in groupby(_plain(text), _kind) if kind)
    return _CHANGE.sub("", " ".join(run for run in runs if any(map(str.isalnum, run))))


def _kind(char: str) -> str:
    """Whether it is part of a number (0), of a word (a), or of neither."""
    if char in "0123456789":
        return "0"
    return "a" if unicodedata.category(char)[0] in "LMN" else ""
