"""This file says what a column of money counts in, by its heading or a line above it; pure."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable
from typing import Final

NOT_UNDERSTOOD: Final = 0

_FOREIGN: Final = re.compile(
    r"[$€¥£₩]|\b(?:usd|eur|euro|jpy|cny|rmb|gbp|aud|sgd|krw|thb|do la|dollars?|yen)\b"
)
_POWER: Final = re.compile(r"(?<![0-9.,])1(?:[ .,]?000)+(?![0-9])|(?<![0-9.,])10+(?![0-9])")
_WORDS: Final = (
    (re.compile(r"\b(?:trieu|tr\.? ?d?|mil)\b"), 10**6),
    (re.compile(r"\b(?<!cong )t[yi]\b"), 10**9),
    (re.compile(r"\b(?:nghin|ngan(?! sach| hang)|k ?(?:d|vnd)?)\b"), 10**3),
)
_HUNDREDS: Final = re.compile(r"\b(?:tram|chuc)\b")
_DONG: Final = re.compile(r"\b(?<!hop )(?<!hoat )(?<!cong )(?:dong|d|vnd)\b|[0-9]d\b|₫")
_LINE: Final = re.compile(r"\b(?:don vi tinh|dvt|don vi tien(?: te)?|don vi|unit)\b *[:.]? *(.*)$")
_BARE: Final = re.compile(
    r"(?:x ?)?(?:1(?:[ .,]?000)+|10+)? ?(?:trieu|tr\.? ?d?|t[yi]|nghin|ngan|k)? ?"
    r"(?:dong|d|vnd|viet nam dong|dong viet nam|usd|eur)?[ .]*"
)
_TAIL: Final = re.compile(
    r"(?: (?:x ?)?(?:1(?: ?000)+d?|trieu|trd|tr|ty|nghin|ngan|k|kd|kvnd|dong|vnd|d|usd|eur))+$"
)


def without_unit(plain: str) -> str:
    """A folded heading without the unit at its end: "nguyen gia nghin dong" is "nguyen gia"."""
    return _TAIL.sub("", plain)


def times_in(text: str) -> int | None:
    """What a heading such as "Nguyên giá (1.000 đồng)" counts in, in đồng; None: it says nothing.

    NOT_UNDERSTOOD for another currency, or for what may be one of several units.
    """
    plain = _plain(text)
    if _FOREIGN.search(plain) or _HUNDREDS.search(plain):
        return NOT_UNDERSTOOD
    powers = [int(re.sub("[^0-9]", "", match)) for match in _POWER.findall(plain)]
    words = [times for pattern, times in _WORDS if pattern.search(plain)]
    if len(powers) > 1 or len(words) > 1:
        return NOT_UNDERSTOOD
    if powers or words:
        return math.prod((*powers, *words))
    return 1 if _DONG.search(plain) else None


def times_above(rows: Iterable[str]) -> tuple[int | None, str]:
    """What a line such as "Đơn vị tính: 1.000 đồng" says, and that line; of several the last."""
    found: tuple[int | None, str] = None, ""
    for text in rows:
        match = _LINE.search(_plain(text))
        if match and match[1] and (times := _times_of_line(match)) is not None:
            found = times, text
    return found


def _times_of_line(match: re.Match[str]) -> int | None:
    """What the line says. "Đơn vị" heads a school's name as well: there only a unit may follow."""
    is_sure = not match[0].startswith(("don vi:", "don vi ")) or "don vi ti" in match[0]
    return times_in(match[1]) if is_sure or _BARE.fullmatch(match[1]) else None


def _plain(text: str) -> str:
    """Without marks, in small letters; signs but those of numbers and currencies are blanks."""
    folds = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    letters = "".join(char for char in folds if not unicodedata.combining(char))
    return " ".join(re.sub(r"[^a-z0-9.,:$€¥£₩₫]+", " ", letters).split())
