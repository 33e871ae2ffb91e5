"""This file judges one cell: which ids, class codes, numbers and names may be kept; pure."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import msgspec

from protocol.plan import MAX_PUPILS
from protocol.words import N_


class Day(msgspec.Struct, frozen=True):
    """A cell that a workbook holds as a date."""

    year: int
    month: int = 1
    day: int = 1


# None: a time or an error, or a date where no day is asked for, which no id or class is.
Cell = str | float | bool | Day | None
MAX_ID: Final = 32
MAX_NAME: Final = 100
PERSONAL_DIGITS: Final = 12
EXACT: Final = 1e15  # beyond it Excel has rounded

_SEPARATORS: Final = re.compile(r"[^0-9A-Za-z]+")
_WHOLE: Final = re.compile(r"^([0-9]+)[.,]0+$")
_SCIENTIFIC: Final = re.compile(r"^[0-9]+([.,][0-9]+)?[eE]\+?[0-9]+$")
_FORMULA: Final = "=+-@"

MESSAGES: Final[dict[str, str]] = {
    "missing_id": N_("This pupil has no id."),
    "missing_class": N_("This pupil has no class."),
    "personal_number": N_(
        "The id is 12 digits like a personal number, which is no key: use the ministry's id."
    ),
    "id_scientific": N_("Excel has shortened the id: format the column as text."),
    "id_rounded": N_("Excel has rounded the id: format the column as text."),
    "id_invalid": N_("This cannot be an id."),
    "id_too_long": N_("The id is longer than 32 characters."),
    "class_invalid": N_("This cannot be a class: Excel may have made a date of it; use text."),
    "class_full": N_("The class has more than 120 pupils."),
    "duplicate": N_("This pupil is in the file more than once."),
}


class RefusedError(ValueError):
    """A cell that cannot be kept; its argument is a code of MESSAGES."""


def clean(cell: Cell) -> str:
    """The cell as text: one writing of each letter (NFC), no unseen characters, single spaces."""
    if cell is None or isinstance(cell, bool | Day):
        return ""
    if isinstance(cell, float | int):
        return str(int(cell)) if cell == int(cell) else repr(cell)
    text = unicodedata.normalize("NFC", cell)
    if text.isprintable():  # so nothing is unseen, and a space is the only space: almost every cell
        return " ".join(text.split())
    seen = "".join(" " if each.isspace() else each for each in text)
    return " ".join("".join(each for each in seen if unicodedata.category(each)[0] != "C").split())


def is_personal(text: str) -> bool:
    """Whether this is 12 digits, however they are written or parted."""
    digits = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text))
    return len(digits) == PERSONAL_DIGITS and digits.isdecimal()


def id_of(cell: Cell) -> str:
    """A pupil's id, letter for letter, zeros kept. Raises RefusedError."""
    if cell is None or isinstance(cell, bool):
        raise RefusedError("id_invalid")
    if isinstance(cell, float | int):
        return _of_number(cell)
    text = clean(cell).lstrip("'")
    if whole := _WHOLE.match(text):
        text = whole[1]
    if not text:
        raise RefusedError("missing_id")
    if is_personal(text):
        raise RefusedError("personal_number")
    if _SCIENTIFIC.match(text):
        raise RefusedError("id_scientific")
    if len(text) > MAX_ID:
        raise RefusedError("id_too_long")
    if text[0] in _FORMULA or " " in text:
        raise RefusedError("id_invalid")
    return text


def _of_number(value: float) -> str:
    if value >= EXACT:
        raise RefusedError("id_rounded")
    if value < 0 or value != int(value):
        raise RefusedError("id_invalid")
    text = str(int(value))
    if len(text) == PERSONAL_DIGITS:
        raise RefusedError("personal_number")
    return text


def class_of(cell: Cell) -> str:
    """A class's code, such as 10A1 or 3/2. Raises RefusedError."""
    if cell is None or isinstance(cell, bool):
        raise RefusedError("class_invalid")
    text = clean(cell).lstrip("'")
    if not text:
        raise RefusedError("missing_class")
    if len(text) > MAX_ID or text[0] in _FORMULA or is_personal(text):
        raise RefusedError("class_invalid")
    return text


def number_of(cell: Cell) -> int | None:
    """A number in the class's book; None where the cell holds none."""
    text = clean(cell)
    whole = _WHOLE.match(text)
    text = whole[1] if whole else text
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(MAX_PUPILS))):
        return None
    return int(text) if 1 <= int(text) <= MAX_PUPILS else None


def name_of(cell: Cell) -> str:
    """A name; empty where the cell holds none that a person bears."""
    text = clean(cell).lstrip(_FORMULA + "'").strip()
    return "" if is_personal(text) else text[:MAX_NAME]
