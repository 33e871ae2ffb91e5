"""This file says whether a serial can name one piece in the world, by what is left of it; pure.

Half of all serials do not: they count a trial run, name a version, a date, the maker, or hold the
product's own numbers. What anybody could guess is taken out; what is left must be enough.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Collection, Iterable
from itertools import groupby
from string import ascii_lowercase
from typing import Final

from hardware.matchers import matchers
from hardware.readings import clean

# A serial is short; more is a device that talks to the parser, not to people.
_SHORTEST, _LONGEST = 5, 126
_FEWEST_SIGNS: Final = 3
# What may be left of a counter or a trial run: eight decimal digits, six hex ones, five of both.
_ENOUGH_BITS: Final = 28.0
_DECIMAL: Final = frozenset("0123456789")
_HEX: Final = _DECIMAL | frozenset("abcdef")
_VOWELS: Final = frozenset("aeiouy")
_NAME_SHORTEST: Final = 4  # shorter ones may be anywhere by chance
_WORD_SHORTEST, _HEX_WORD_SHORTEST, _FEWEST_VOWELS = 5, 6, 2
_STRIDES: Final = range(1, 5)
_RUN_STEPS: Final = 3  # 0000, 1234; two steps come by chance
_APART_STEPS: Final = 7  # of signs with others between them: 0102030405060708
# A maker's 24 bits, and the piece's own that have just begun to count: adapters of which nobody
# programmed one tell 00e04c680001.
_OCTETS: Final = re.compile(r"\b[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}\b")
_UNSET_MAC: Final = re.compile(r"[0-9a-f]{6}(?:0000[0-9a-f]{2}|[0-9a-f]{2}000[0-4])")
_TYPED_SHARE: Final = 0.6  # what is typed without thinking: abc123def456
# Filled up to a width, as ff320005420000000000009ff0f01f of sticks without number: by chance one
# number in ten million has eight equal signs side by side.
_FILLED: Final = re.compile(r"(.)\1{7}")
_DAY: Final = r"(?:0[1-9]|[12]\d|3[01])"
_MONTH: Final = r"(?:0[1-9]|1[0-2])"
_YEAR: Final = r"(?:19|20)\d\d"
_NAMED: Final = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
_CLOCK: Final = r"(?:[01]\d|2[0-3]):?[0-5]\d(?::?[0-5]\d)?"
# With a century, in any of the orders that people write, and the time behind it: 20090101,
# 01012009, 2009-01-01, 5 Jul 2021, 2021-W27.
_DATE: Final = re.compile(
    rf"(?:{_YEAR}[-_./]?{_MONTH}[-_./]?{_DAY}|{_DAY}[-_./]?{_MONTH}[-_./]?{_YEAR}"
    rf"|{_YEAR}[-_. ]?{_NAMED}[-_. ]?\d{{1,2}}|\d{{1,2}}[-_. ]?{_NAMED}[-_. ]?{_YEAR}"
    rf"|{_NAMED}[-_. ]?\d{{1,2}}[-_., ]+{_YEAR}|{_YEAR}[-_]?w\d\d"
    r"|(?:cc|yy)yymmdd(?:hhmmss)?"  # what was to be filled in
    rf")(?:[t_ -]?{_CLOCK}z?(?!\d))?"
)
# A word that begins with a day of this century, or is a moment as computers count: seconds since
# 1970, of 2010 to 2029, or thousandths. One in twenty that are drawn by lot looks so, too.
_MOMENT: Final = re.compile(
    rf"[a-z]*(?:(?:0[5-9]|[1-3]\d){_MONTH}{_DAY}\d{{0,6}}"
    r"|1(?:2[6-9]|[3-8]\d)\d{7}(?:\d{3})?)"
)
# What counts the program or the make, by the word before it or the dots within, and what a version
# keeper puts behind: V5.7.3 build 200512, 1.0.2-14-g1a2b3c4.
_VERSION: Final = re.compile(
    r"(?:(?<![a-z])(?:firmware|version|release|build|beta|alpha|ver|rev|fw|hw|sw|rc)"
    r"[ ._:-]*\d[\d._]*|(?<![a-z0-9])[vr]?\d+(?:\.\d+)+)(?:b\d+|-\d+-g[0-9a-f]{7,40})?"
)
_COUNTED: Final = re.compile(r"[a-z]{2,}\d+")
_WORD: Final = re.compile(r"[a-z0-9]+")
_LETTERS: Final = re.compile(r"[a-z]+")


@functools.lru_cache(4096)
def trusted_serial(serial: str, product: str = "", names: Collection[str] = ()) -> bool:
    """Say whether a serial may name one piece in the world.

    product: the device's "vendor:product" in hex digits. names: what its maker and model are
    called, a tuple. Both may stand in a serial, and tell nothing of the piece.
    """
    return plausible_serial(serial) and has_enough_bits(_unguessed(serial.lower(), product, names))


def weak_serial(serial: str, product: str = "", names: tuple[str, ...] = ()) -> bool:
    """Say whether a serial names no piece, and was taken for one up to 0.2; as trusted_serial."""
    return plausible_serial(serial) and not trusted_serial(serial, product, names)


def has_enough_bits(text: str) -> bool:
    """Say whether lower-case letters and digits hold more than anybody could guess."""
    return _bits(text) >= _ENOUGH_BITS


@functools.lru_cache(1024)
def plausible_serial(serial: str) -> bool:
    """Say whether a serial is none of those in matchers.toml: all that LopHoc 0.1.0 asked for."""
    if not _SHORTEST <= len(serial) <= _LONGEST:
        return False
    if not (serial.isascii() and serial.isprintable()) or clean(serial) != serial:
        return False
    if len(set(serial.lower())) < _FEWEST_SIGNS:
        return False
    return not any(weak.fullmatch(serial) for weak in _weak_serials())


def _unguessed(text: str, product: str, names: Collection[str]) -> str:
    """Take out what names the make, a moment, a program or a word; letters and digits are left."""
    text = _WORD.sub(_without_moment, text)
    text = _OCTETS.sub(lambda mac: mac[0].replace(mac[1], ""), text)
    text = _VERSION.sub(" ", _DATE.sub(" ", text))
    for part in _parts(product, names):
        text = text.replace(part, " ")
    tokens = (token for token in _WORD.findall(text) if not token.isalpha())
    tokens = (token for token in tokens if not _UNSET_MAC.fullmatch(token))
    rest = "".join(_LETTERS.sub(_without_word, token) for token in tokens)
    # Letters, and then a number: what counts is the number.
    return rest.lstrip(ascii_lowercase) if _COUNTED.fullmatch(rest) else rest


def _parts(product: str, names: Collection[str]) -> list[str]:
    words = (word for name in names for word in _WORD.findall(name.lower()))
    parts = {*product.lower().split(":"), *words}
    return sorted((part for part in parts if len(part) >= _NAME_SHORTEST), key=len, reverse=True)


def _without_moment(match: re.Match[str]) -> str:
    return " " if _MOMENT.fullmatch(match[0]) else match[0]


def _without_word(match: re.Match[str]) -> str:
    """Leave out letters that people read as a word, and no part of a number in hex."""
    letters = match[0]
    shortest = _HEX_WORD_SHORTEST if set(letters) <= _HEX else _WORD_SHORTEST
    vowels = sum(letter in _VOWELS for letter in letters)
    spoken = vowels >= _FEWEST_VOWELS and vowels * 4 >= len(letters)
    return "" if len(letters) >= shortest and spoken else letters


def _bits(text: str) -> float:
    """Give how much is left to guess, in bits: what goes on with a run adds nothing."""
    text = _unit_of(text.lstrip("0"))
    if not text or _FILLED.search(text):
        return 0.0
    if len(_run_on(text, (1,), 2, heads=True)) > _TYPED_SHARE * len(text):
        return 0.0
    signs = set(text)
    alphabet = 10 if signs <= _DECIMAL else 16 if signs <= _HEX else 36
    return (len(text) - len(_run_on(text, _STRIDES, _RUN_STEPS))) * math.log2(alphabet)


def _unit_of(text: str) -> str:
    """Give the shortest text that this one repeats."""
    at = (text + text).find(text, 1)
    return text[:at]


def _run_on(
    text: str, strides: Iterable[int], fewest: int, *, heads: bool = False
) -> frozenset[int]:
    """Give the places whose signs go on with a run, such as 0000, 4321 or 1a2b3c.

    fewest: steps that make a run. heads: the places where runs begin, too.
    """
    places: set[int] = set()
    for stride in strides:
        steps = [_step(text[at - stride], text[at]) for at in range(stride, len(text))]
        at = stride
        for step, run in groupby(steps):
            size = len(list(run))
            if step is not None and size >= fewest:
                places.update(range(at - stride if heads else at, at + size))
            at += size
        for first in range(stride if stride > 1 else 0):
            places |= _run_apart(steps[first::stride], first + stride, stride)
    return frozenset(places)


def _run_apart(steps: list[int | None], at: int, stride: int) -> set[int]:
    """Give the places of a run whose signs stand apart. at: the place of the first step."""
    places: set[int] = set()
    for step, run in groupby(steps):
        size = len(list(run))
        if step is not None and size >= _APART_STEPS:
            places.update(range(at, at + size * stride, stride))
        at += size * stride
    return places


def _step(before: str, after: str) -> int | None:
    """Give -1, 0 or 1 where one sign comes right after another in counting; else None."""
    step = int(after, 36) - int(before, 36)
    return step if abs(step) <= 1 else None


@functools.cache
def _weak_serials() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(weak, re.IGNORECASE) for weak in matchers().weak_serials)
