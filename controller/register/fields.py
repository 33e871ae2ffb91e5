"""This file judges one cell of an equipment book: tag, serial, room, year, money; pure."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Final

from controller.register.vocabulary import condition_of, maker_of, type_of
from controller.sheets import names
from controller.sheets.names import room_of, serial_of, tag_of
from controller.sheets.text import Cell, Day, RefusedError, text_of
from protocol.words import N_

MAX_COST_VND: Final = 10**15

_YEAR: Final = re.compile(r"(?<![0-9])(19[5-9][0-9]|20[0-9]{2})(?![0-9])")
_CURRENCY: Final = re.compile(r"(vnđ|vnd|đồng|dong|đ|d|₫)\.?$")
_GROUPS: Final = re.compile(r"^[0-9]{1,3}(?:([.,])[0-9]{3})(?:\1[0-9]{3})*$")
_DECIMAL: Final = re.compile(r"^([0-9]+|[0-9]{1,3}(?:\.[0-9]{3})+),([0-9]{1,2})$")
_DECIMAL_EN: Final = re.compile(r"^([0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)\.([0-9]{1,2})$")
_PERCENT: Final = re.compile(r"^[0-9]{1,3}([.,][0-9]+)? ?%$")

MESSAGES: Final[dict[str, str]] = {
    **names.MESSAGES,
    "tag_twice": N_("This asset tag stands on another line already."),
    "year_invalid": N_("There is no year in this."),
    "cost_invalid": N_("This is no amount of money in đồng."),
    "condition_unknown": N_("This condition is not known."),
}


def year_of(cell: Cell) -> int | None:
    """The year in a year, a date or a school year. Raises RefusedError."""
    if isinstance(cell, Day):
        return cell.year
    text = text_of(cell)
    if not text:
        return None
    match = _YEAR.search(text)
    if not match:
        raise RefusedError("year_invalid")
    return int(match[1])


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
        if match := shape.match(digits):
            return re.sub(r"[.,]", "", match[1]), match[2]
    raise RefusedError("cost_invalid")


def condition_in(cell: Cell) -> str:
    """The condition's code; empty for a quality in percent. Raises RefusedError."""
    text = text_of(cell)
    if not text or isinstance(cell, float) or _PERCENT.match(text):
        return ""
    condition = condition_of(text)
    if condition is None:
        raise RefusedError("condition_unknown")
    return condition.value


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
