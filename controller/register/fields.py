"""This file judges one cell of an equipment book: tag, serial, room, year, money; pure."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from controller.register.vocabulary import condition_of, maker_of, type_of
from controller.roster.columns import folded
from controller.roster.plan import room_key as plain_room_key
from controller.roster.rules import EXACT, Cell, Day, RefusedError, clean
from protocol.words import N_

MAX_FIELD: Final = 200
MAX_CODE: Final = 64
MAX_COST_VND: Final = 10**15

_QUOTED: Final = re.compile(r'^="(.*)"$')
_SERIAL_LEAD: Final = re.compile(r"^(s/?n|serial( number)?|số sê-ri)\s*[:#]\s*", re.IGNORECASE)
_SCIENTIFIC: Final = re.compile(r"^[0-9]([.,][0-9]+)?[eE]\+[0-9]+$")
_YEAR: Final = re.compile(r"(?<![0-9])(19[5-9][0-9]|20[0-9]{2})(?![0-9])")
_CURRENCY: Final = re.compile(r"(vnđ|vnd|đồng|dong|đ|d|₫)\.?$")
_GROUPS: Final = re.compile(r"^[0-9]{1,3}(?:([.,])[0-9]{3})(?:\1[0-9]{3})*$")
_DECIMAL: Final = re.compile(r"^([0-9]+|[0-9]{1,3}(?:\.[0-9]{3})+),([0-9]{1,2})$")
_DECIMAL_EN: Final = re.compile(r"^([0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)\.([0-9]{1,2})$")
_PERCENT: Final = re.compile(r"^[0-9]{1,3}([.,][0-9]+)? ?%$")
_ROOM_LEAD: Final = re.compile(
    r"^(phòng học|phong hoc|phòng|phong|room|ph\.|p\.)[\s.:_-]*(?=p?[\s.-]?[0-9])",
    re.IGNORECASE,
)
_NUMBERED: Final = re.compile(r"^p?[\s._-]*([0-9][0-9a-z./]*)$", re.IGNORECASE)
_BLANKS: Final = frozenset(
    {"khong", "khong co", "khong ro", "chua co", "chua ro", "n a", "na", "none", "null", "nil"}
)

MESSAGES: Final[dict[str, str]] = {
    "code_too_long": N_("This is longer than 64 characters."),
    "code_is_date": N_("Excel has made a date of it: format the column as text."),
    "code_scientific": N_("Excel has shortened the number: format the column as text."),
    "code_rounded": N_("Excel has rounded the number: format the column as text."),
    "tag_twice": N_("This asset tag stands on another line already."),
    "year_invalid": N_("There is no year in this."),
    "cost_invalid": N_("This is no amount of money in đồng."),
    "condition_unknown": N_("This condition is not known."),
}


def text_of(cell: Cell) -> str:
    """The cell as text; empty where it says that there is nothing, such as "-" or "không có"."""
    text = clean(cell) if not isinstance(cell, float) or math.isfinite(cell) else ""
    quoted = _QUOTED.match(text)
    text = (quoted[1] if quoted else text.lstrip("'")).strip()
    blank = not any(each.isalnum() for each in text) or folded(text) in _BLANKS
    return "" if blank else text[:MAX_FIELD]


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


def year_of(cell: Cell) -> int | None:
    """The year in a year, a date or a school year. Raises RefusedError."""
    if isinstance(cell, Day):
        return cell.year
    text = text_of(cell)
    if not text:
        return None
    found = _YEAR.search(text)
    if not found:
        raise RefusedError("year_invalid")
    return int(found[1])


def money_of(cell: Cell, times: int = 1) -> int | None:
    """An amount in đồng: 98.500.000, 1.850.000,00, 98500000. Raises RefusedError.

    times: what the heading counts in, such as 1000. A point or comma before three digits parts
    thousands, before one or two it parts a fraction; of a fraction of a đồng nothing is guessed.
    """
    if isinstance(cell, Day) or cell is None or isinstance(cell, bool):
        raise RefusedError("cost_invalid")
    if isinstance(cell, float | int):
        if not (math.isfinite(cell) and 0 <= cell * times < MAX_COST_VND):
            raise RefusedError("cost_invalid")
        return round(cell * times)
    text = text_of(cell).casefold()
    if not text:
        return None
    digits = _CURRENCY.sub("", "".join(text.split()))
    whole, fraction = _parted(digits)
    amount = int(whole) * times
    part = int(fraction.ljust(2, "0")) * times
    if part % 100 or amount + part // 100 >= MAX_COST_VND:
        raise RefusedError("cost_invalid")
    return amount + part // 100


def _parted(digits: str) -> tuple[str, str]:
    """The whole đồng and the hundredths. Raises RefusedError."""
    if digits.isascii() and digits.isdecimal():
        return digits[:20], "0"
    if _GROUPS.match(digits):
        return re.sub(r"[.,]", "", digits), "0"
    for shape in (_DECIMAL, _DECIMAL_EN):
        if found := shape.match(digits):
            return re.sub(r"[.,]", "", found[1]), found[2]
    raise RefusedError("cost_invalid")


def condition_in(cell: Cell) -> str:
    """The condition's code; empty for a quality in percent. Raises RefusedError."""
    text = text_of(cell)
    if not text or isinstance(cell, float) or _PERCENT.match(text):
        return ""
    found = condition_of(text)
    if found is None:
        raise RefusedError("condition_unknown")
    return found.value


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


JUDGES: Final[dict[str, Callable[[Cell], object]]] = {
    "asset_tag": tag_of,
    "type": lambda cell: type_of(text_of(cell)),
    "name": text_of,
    "maker": lambda cell: maker_of(text_of(cell)),
    "model": text_of,
    "serial": serial_of,
    "room": room_of,
    "year": year_of,
    "cost_vnd": money_of,
    "funding": text_of,
    "condition": condition_in,
}
