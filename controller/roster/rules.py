"""This file judges one cell: which ids, class codes, numbers and names may be kept; pure."""

from __future__ import annotations

import re
from typing import Final

from controller.sheets.text import (
    EXACT,
    FORMULA_STARTS,
    PERSONAL_DIGITS,
    Cell,
    RefusedError,
    clean,
    is_personal,
)
from protocol.plan import MAX_PUPILS
from protocol.words import N_

MAX_ID: Final = 32
MAX_NAME: Final = 100

_WHOLE: Final = re.compile(r"^([0-9]+)[.,]0+$")
_SCIENTIFIC: Final = re.compile(r"^[0-9]+([.,][0-9]+)?[eE]\+?[0-9]+$")

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
    if text[0] in FORMULA_STARTS or " " in text:
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
    if len(text) > MAX_ID or text[0] in FORMULA_STARTS or is_personal(text):
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
    text = clean(cell).lstrip(FORMULA_STARTS + "'").strip()
    return "" if is_personal(text) else text[:MAX_NAME]
