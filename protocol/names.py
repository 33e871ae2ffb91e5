"""This file puts Vietnamese names in the order of a class's book; pure."""

from __future__ import annotations

import sys
import unicodedata
from typing import Final

# The alphabet's 29 letters and the four that foreign names bring, in the order of dictionaries.
_ALPHABET: Final = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_PLACES: Final = {letter: place for place, letter in enumerate(_ALPHABET, start=1)}
# Level, falling, rising by way of the dip (hỏi), broken (ngã), rising (sắc), heavy (nặng).
_TONES: Final = {"\u0300": 1, "\u0309": 2, "\u0303": 3, "\u0301": 4, "\u0323": 5}
_SHAPES: Final = frozenset("\u0306\u0302\u031b")  # breve, circumflex, horn: parts of letters
_OTHER: Final = len(_ALPHABET) + 1

_FIRST: Final = ord("a") - 1
_ASCII_PLACES: Final = {
    ord(letter): chr(_FIRST + place) for letter, place in _PLACES.items() if letter.isascii()
}

Letters = tuple[int, ...]
Key = tuple[tuple[tuple[Letters, Letters], ...], str]


def sort_key(name: str) -> Key:
    """A key for sorting by given name with its tone, then by the rest from the family name on.

    Of each word letters count before tones (ngang, huyền, hỏi, ngã, sắc, nặng): every An stands
    before every Án. Composed or decomposed, upper or lower case: one key but for the last tie.
    """
    words = unicodedata.normalize("NFC", name).casefold().split()
    plain = unicodedata.normalize("NFC", " ".join(words))
    return tuple(map(_spelling, words[-1:] + words[:-1])), plain


def text_key(text: str) -> str:
    """A key for sorting any text as a dictionary does, letters before tones; without its case.

    Signs and digits stand before letters, other scripts behind them.
    """
    if text.isascii():
        return text.casefold().translate(_ASCII_PLACES)
    letters = _letters(unicodedata.normalize("NFC", text).casefold())
    tones = "".join(str(tone) for _, tone in letters)
    return "".join(_place_of(letter) for letter, _ in letters) + "\0" + tones


def _place_of(letter: str) -> str:
    """A sign that sorts as the letter's place in the alphabet does."""
    if place := _PLACES.get(letter):
        return chr(_FIRST + place)
    return letter if letter < "a" else chr(min(ord(letter[0]) + _OTHER, sys.maxunicode))


def _spelling(word: str) -> tuple[Letters, Letters]:
    letters: list[int] = []
    tones: list[int] = []
    for letter, tone in _letters(word):
        letters.append(_PLACES.get(letter, _OTHER + ord(letter[0])))
        tones.append(tone)
    return tuple(letters), tuple(tones)


def _letters(word: str) -> list[tuple[str, int]]:
    letters: list[tuple[str, int]] = []
    for mark in unicodedata.normalize("NFD", word):
        if mark in _TONES and letters:
            letters[-1] = (letters[-1][0], _TONES[mark])
        elif mark in _SHAPES and letters:
            letter, tone = letters[-1]
            letters[-1] = (unicodedata.normalize("NFC", letter + mark), tone)
        elif not unicodedata.combining(mark):
            letters.append((mark, 0))
    return letters
