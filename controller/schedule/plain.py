"""This file makes plain words of a cell, in which people's spellings can be recognised; pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from controller.sheets.text import Cell, RefusedError, clean, display_of, readable

_DASHES: Final = re.compile("[\u2010-\u2015\u2212\u2192\u2794\ufe58\ufe63\uff0d~]")
MAX_WORDS: Final = 200
MAX_VALUE: Final = 60  # of a cell that is told in a sentence


def plain(cell: Cell) -> str:
    """The cell in small letters without marks; signs stay, dashes and arrows are hyphens.

    Raises RefusedError where it holds no text and no whole number.
    """
    value = readable(cell)
    if isinstance(value, float) and not value.is_integer():
        raise RefusedError("cell_is_fraction")
    return unmarked(clean(value)[:MAX_WORDS])


def unmarked(text: str) -> str:
    """The text in small letters, without marks, in the width of ASCII, dashes as hyphens."""
    wide = unicodedata.normalize("NFKC", _DASHES.sub("-", text)).casefold().replace("đ", "d")
    parted = unicodedata.normalize("NFD", wide)
    bare = "".join(char for char in parted if not unicodedata.combining(char))
    return " ".join(_DASHES.sub("-", bare).split())


def shown(cell: Cell) -> str:
    """The cell as a sentence may tell it."""
    return display_of(cell)[:MAX_VALUE]


def words_in(row: Sequence[Cell]) -> str:
    """The row's words, as a sentence may tell them."""
    return " ".join(filter(None, map(display_of, row)))[:MAX_VALUE]


def is_blank(cell: Cell) -> bool:
    """Whether the cell is empty or holds what people write for nothing, such as "-"."""
    return isinstance(cell, str) and not any(map(str.isalnum, cell))
