"""This file says what a cell is, and makes clean or folded text of it; pure."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Final

import msgspec

from protocol.words import N_


class Day(msgspec.Struct, frozen=True, tag="day"):
    """A cell that a workbook holds as a date."""

    year: int
    month: int = 1
    day: int = 1


class Cause(StrEnum):
    """Why a cell that is not empty says nothing that can be kept."""

    ERROR = "error"  # such as #REF!
    FORMULA = "formula"  # without a result
    BOOLEAN = "boolean"
    TIME = "time"
    DATE = "date"  # where no day is asked for
    SHIFTED = "shifted"  # in a row with more cells than its heading
    LETTERS = "letters"  # lost, or in an encoding that is not known
    PARTS = "parts"  # perhaps a room, and where it is
    UNTOLD = "untold"  # in our own file: what it does not tell of the book


class Unreadable(msgspec.Struct, frozen=True, tag="unreadable"):
    """A cell that holds what is no text, number or day; text: as the sheet shows it."""

    cause: Cause
    text: str = ""


Cell = str | float | Day | Unreadable
CELL_MESSAGES: Final[Mapping[str, str]] = {
    "cell_error": N_("The cell holds an error of the sheet, such as #REF!."),
    "cell_formula": N_("The formula has no result: open the file in Excel and save it."),
    "cell_boolean": N_("The cell holds TRUE or FALSE, which is no text."),
    "cell_letters": N_("Letters were lost here when the file was saved: write them anew."),
    "cell_shifted": N_("The row has more cells than the heading: which is which is not known."),
    "room_parts": N_("This may be more than a room: write the room alone."),
    "cell_untold": N_("The file does not tell what the book has here."),
    "code_is_date": N_("Excel has made a date of it: format the column as text."),
}
_CODES: Final = {
    Cause.ERROR: "cell_error",
    Cause.FORMULA: "cell_formula",
    Cause.BOOLEAN: "cell_boolean",
    Cause.TIME: "code_is_date",
    Cause.DATE: "code_is_date",
    Cause.SHIFTED: "cell_shifted",
    Cause.LETTERS: "cell_letters",
    Cause.PARTS: "room_parts",
    Cause.UNTOLD: "cell_untold",
}
PERSONAL_DIGITS: Final = 12
EXACT: Final = 1e15  # beyond it Excel has rounded
MAX_FIELD: Final = 200
_SHORT: Final = 64  # letters of a text that is remembered
# What people write where there is nothing.
BLANKS: Final = frozenset(
    {"khong", "khong co", "khong ro", "chua co", "chua ro", "n a", "na", "none", "null", "nil"}
)
FORMULA_STARTS: Final = "=+-@\t\r"  # a spreadsheet runs what begins so (OWASP, CSV injection)

# What spreadsheets save as text for a cell in error, or for one too narrow for its number.
_ERRORS: Final = re.compile(
    r"^\s*(?:#(?:REF|N/A|VALUE|DIV/0|NAME|NUM|NULL|SPILL|CALC|ERROR|FIELD|BLOCKED|CONNECT|BUSY"
    r"|UNKNOWN|PYTHON|EXTERNAL|TIMEOUT|GETTING_DATA)[!?]?|Err:[0-9]{3}|#{3,})\s*$",
    re.IGNORECASE,
)
_ERRORS_BEGIN: Final = frozenset("#Ee \u00a0\t")  # as few cells do: the others are not matched
_SEPARATORS: Final = re.compile(r"[^0-9A-Za-z]+")
_BRACKETS: Final = re.compile(r"\([^)]*\)")
_OTHERS: Final = re.compile(r"[^a-z0-9]+")
_DIGIT: Final = re.compile("[0-9]")
_QUOTED: Final = re.compile(r'^="(.*)"$')


class RefusedError(ValueError):
    """A cell that cannot be kept; its argument is a code of MESSAGES."""


def clean(cell: Cell) -> str:
    """The cell as text: one writing of each letter (NFC), no unseen characters, single spaces.

    Empty for a day and for what cannot be read; readable refuses them.
    """
    if not isinstance(cell, str):
        if isinstance(cell, Day | Unreadable):
            return ""
        return str(int(cell)) if cell == int(cell) else repr(cell)
    text = cell if cell.isascii() else unicodedata.normalize("NFC", cell)
    if text.isprintable():  # so nothing is unseen, and a space is the only space: almost every cell
        return " ".join(text.split())
    visible = "".join(" " if char.isspace() else char for char in text)
    return " ".join(
        "".join(char for char in visible if unicodedata.category(char)[0] != "C").split()
    )


def cell_of(text: str) -> Cell:
    """The cell of a text, which may be a spreadsheet's word for an error."""
    if text[:1] in _ERRORS_BEGIN and _ERRORS.match(text):
        return Unreadable(Cause.ERROR, text.strip())
    return text


def readable(cell: Cell) -> str | float:
    """The cell, if it is text or a number. Raises RefusedError, whose code CELL_MESSAGES has."""
    if isinstance(cell, Day):
        raise RefusedError("code_is_date")
    if isinstance(cell, Unreadable):
        raise RefusedError(_CODES[cell.cause])
    return cell


def is_empty(cell: Cell) -> bool:
    """Whether nothing is written in the cell; what cannot be read is something."""
    return isinstance(cell, str) and not clean(cell)


def display_of(cell: Cell) -> str:
    """The cell as a person sees it, whatever it holds."""
    if isinstance(cell, str):
        return clean(cell)
    if isinstance(cell, Day):
        return f"{cell.day:02}/{cell.month:02}/{cell.year:04}"
    return clean(cell.text if isinstance(cell, Unreadable) else cell)


def letter_of(place: int) -> str:
    """A column's letters in a spreadsheet: 0 is A, 26 is AA."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def is_personal(text: str) -> bool:
    """Whether this is 12 digits, however they are written or parted."""
    digits = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text))
    return len(digits) == PERSONAL_DIGITS and digits.isdecimal()


def folded(head: Cell) -> str:
    """A heading without marks, brackets, signs and case: "Mã định danh (*)" -> "ma dinh danh"."""
    if isinstance(head, str) and len(head) <= _SHORT:
        return _folded_before(head)
    return _folded(clean(head))


@lru_cache(maxsize=4096)  # a sheet has few words, each in many cells
def _folded_before(head: str) -> str:
    return _folded(clean(head))


def _folded(text: str) -> str:
    closed = text.rfind(")") + 1  # further on no bracket closes: nothing is looked for in vain
    text = (_BRACKETS.sub(" ", text[:closed]) + text[closed:]).casefold().replace("đ", "d")
    if not text.isascii():
        parted = unicodedata.normalize("NFD", text)
        text = "".join(char for char in parted if not unicodedata.combining(char))
    return " ".join(_OTHERS.sub(" ", text).split())


def text_of(cell: Cell) -> str:
    """The cell as text; empty where it says that there is nothing, such as "-" or "không có".

    Raises RefusedError for a day and for what cannot be read.
    """
    value = readable(cell)
    text = clean(value) if not isinstance(value, float) or math.isfinite(value) else ""
    quoted = _QUOTED.match(text)
    text = (quoted[1] if quoted else text.lstrip("'")).strip()
    if _DIGIT.search(text) and "(" not in text:  # as every code; no word for nothing has a digit
        return text[:MAX_FIELD]
    blank = not any(char.isalnum() for char in text) or folded(text) in BLANKS
    return "" if blank else text[:MAX_FIELD]


def searchable(text: str) -> str:
    """A text as it is searched: letters and digits without marks and case, parted by a space."""
    text = text.casefold()
    if not text.isascii():
        parted = unicodedata.normalize("NFKD", text.replace("đ", "d"))
        text = "".join(char for char in parted if not unicodedata.combining(char))
    return " ".join("".join(char if char.isalnum() else " " for char in text).split())
