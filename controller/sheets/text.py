"""This file says what a cell is, and makes clean or folded text of it; pure."""

from __future__ import annotations

import math
import re
import unicodedata
from typing import Final

import msgspec


class Day(msgspec.Struct, frozen=True):
    """A cell that a workbook holds as a date."""

    year: int
    month: int = 1
    day: int = 1


# None: a time or an error, or a date where no day is asked for, which no id or class is.
Cell = str | float | bool | Day | None
PERSONAL_DIGITS: Final = 12
EXACT: Final = 1e15  # beyond it Excel has rounded
MAX_FIELD: Final = 200
# What people write where there is nothing.
BLANKS: Final = frozenset(
    {"khong", "khong co", "khong ro", "chua co", "chua ro", "n a", "na", "none", "null", "nil"}
)
FORMULA_STARTS: Final = "=+-@\t\r"  # a spreadsheet runs what begins so (OWASP, CSV injection)

_SEPARATORS: Final = re.compile(r"[^0-9A-Za-z]+")
_BRACKETS: Final = re.compile(r"\([^)]*\)")
_OTHERS: Final = re.compile(r"[^a-z0-9]+")
_QUOTED: Final = re.compile(r'^="(.*)"$')


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
    visible = "".join(" " if char.isspace() else char for char in text)
    return " ".join(
        "".join(char for char in visible if unicodedata.category(char)[0] != "C").split()
    )


def is_personal(text: str) -> bool:
    """Whether this is 12 digits, however they are written or parted."""
    digits = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text))
    return len(digits) == PERSONAL_DIGITS and digits.isdecimal()


def folded(head: Cell) -> str:
    """A heading without marks, brackets, signs and case: "Mã định danh (*)" -> "ma dinh danh"."""
    text = _BRACKETS.sub(" ", clean(head)).casefold().replace("đ", "d")
    if not text.isascii():
        parted = unicodedata.normalize("NFD", text)
        text = "".join(char for char in parted if not unicodedata.combining(char))
    return " ".join(_OTHERS.sub(" ", text).split())


def text_of(cell: Cell) -> str:
    """The cell as text; empty where it says that there is nothing, such as "-" or "không có"."""
    text = clean(cell) if not isinstance(cell, float) or math.isfinite(cell) else ""
    quoted = _QUOTED.match(text)
    text = (quoted[1] if quoted else text.lstrip("'")).strip()
    blank = not any(char.isalnum() for char in text) or folded(text) in BLANKS
    return "" if blank else text[:MAX_FIELD]
