"""This file judges how many things a line of an equipment book is; pure."""

from __future__ import annotations

import math
import re
from typing import Final

from controller.sheets.text import Cell, Day, RefusedError, readable, text_of

MAX_QUANTITY: Final = 99_999  # more on one line is an amount of money in the wrong column

# What a count may be followed by; pairs, dozens and measures are another number of things.
_UNIT: Final = re.compile(
    r"\s*(?:cái|chiếc|bộ|máy|quyển|cuốn|tập|tấm|tờ|con|cây|thùng|hộp|tủ|bàn|ghế|quả|bình|thiết bị"
    r"|sets?|pcs|pieces?|units?|items?)\.?$",
    re.IGNORECASE,
)
_COUNT: Final = re.compile(r"([0-9]{1,9})(?:[.,]0{1,2})?")
_GROUPED: Final = re.compile(r"[0-9]{1,3}([.,][0-9]{3})+")
_FRACTION: Final = re.compile(r"[0-9]+(?:[.,][0-9]+|/[0-9]+)")


def quantity_of(cell: Cell) -> int | None:
    """How many things stand here: 2, 02, 2 cái, 2,0; None where nothing does.

    Raises RefusedError. 1.000 may be a thousand, or one with three digits behind the point.
    """
    if isinstance(cell, Day):
        raise RefusedError("quantity_invalid")
    value = readable(cell)
    if isinstance(value, str):
        return _count_in(_UNIT.sub("", text_of(value)).strip())
    if not math.isfinite(value) or value < 0:
        raise RefusedError("quantity_invalid")
    if value != int(value):
        raise RefusedError("quantity_fraction")
    return _bounded(int(value))


def _count_in(text: str) -> int | None:
    if not text:
        return None
    if match := _COUNT.fullmatch(text):
        return _bounded(int(match[1]))
    if _GROUPED.fullmatch(text):
        raise RefusedError("quantity_ambiguous")
    raise RefusedError("quantity_fraction" if _FRACTION.fullmatch(text) else "quantity_invalid")


def _bounded(count: int) -> int:
    if count > MAX_QUANTITY:
        raise RefusedError("quantity_invalid")
    return count
