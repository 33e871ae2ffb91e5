"""This file judges one cell: which ids, class codes, numbers and names may be kept; pure."""

from __future__ import annotations

import re
from enum import StrEnum
from itertools import takewhile
from typing import Final

from controller.sheets.text import (
    CELL_MESSAGES,
    EXACT,
    FORMULA_STARTS,
    PERSONAL_DIGITS,
    Cell,
    Day,
    RefusedError,
    Unreadable,
    clean,
    display_of,
    folded,
    is_personal,
)
from protocol.plan import MAX_PUPILS
from protocol.words import N_

MAX_ID: Final = 32
MAX_NAME: Final = 100

_WHOLE: Final = re.compile(r"^([0-9]+)[.,]0+$")
_SCIENTIFIC: Final = re.compile(r"^[0-9]+([.,][0-9]+)?[eE]\+?[0-9]+$")

# Who is so called by a list's column of states is not in the class any more.
_LEFT: Final = re.compile(
    r"^(da |xin |tu )?(chuyen (truong|di)|thoi hoc|bo hoc|nghi hoc|bao luu|tot nghiep|ra truong"
    r"|qua doi|mat)\b|^(left|withdrawn|transferred|graduated|inactive|dropped out)\b"
)
_THERE: Final = re.compile(
    r"^$|^(dang |con )?hoc\b|^chuyen den\b|^(moi|binh thuong|co mat|active|enrolled|present)\b"
)
_TITLE: Final = re.compile(r"\bl[ớo]p(?: h[ọo]c)?\b[\s:]*(.*)", re.IGNORECASE)
_TITLE_ENDS: Final = re.compile(r"[:,;|()\[\]\u2013\u2014]|(?:^|\s)-+(?=\s|$)")
# Words of a title behind a class's name, or in its place.
_TITLE_WORDS: Final = frozenset(
    {"nam", "si", "gvcn", "gv", "giao", "hoc", "khoi", "truong", "co", "thay", "hk", "ky", "phong",
     "chu", "niem", "tong", "so", "ban"}
)  # fmt: skip

MESSAGES: Final[dict[str, str]] = {
    **CELL_MESSAGES,
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
    if isinstance(cell, Day | Unreadable):
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
    if isinstance(cell, Day | Unreadable):
        raise RefusedError("class_invalid")
    text = clean(cell).lstrip("'")
    if not text:
        raise RefusedError("missing_class")
    if len(text) > MAX_ID or text[0] in FORMULA_STARTS or is_personal(text):
        raise RefusedError("class_invalid")
    return text


def class_in(title: str) -> str:
    """The class in a title such as "LỚP 12 CHUYÊN TOÁN - NĂM HỌC 2026-2027"; else empty."""
    match = _TITLE.search(clean(title))
    behind = _TITLE_ENDS.split(match[1])[0] if match else ""
    words = list(takewhile(lambda word: folded(word) not in _TITLE_WORDS, behind.split()))
    code = " ".join(words).strip(" .-")
    named = any(char.isdigit() for char in code) and len(code) <= MAX_ID and not is_personal(code)
    return code if named else ""


class Standing(StrEnum):
    """What a list's column of states says of a pupil."""

    THERE = "there"
    LEFT = "left"
    UNKNOWN = "unknown"


def standing_of(cell: Cell) -> Standing:
    """Whether the pupil is still in the class."""
    plain = folded(display_of(cell))
    if _LEFT.search(plain):
        return Standing.LEFT
    return Standing.THERE if _THERE.search(plain) else Standing.UNKNOWN


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
