"""Names stand as in a Vietnamese class's book: by given name, letter before tone."""

from __future__ import annotations

import random
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.names import sort_key, text_key

ALPHABET = [*"aăâbcdđeêghiklmnoôơpqrstuưvxy"]
BOOK = [
    "Lê An",
    "Nguyễn Văn An",
    "Trần Văn An",
    "Lê Thị Ân",
    "Lò Thị Ánh",
    "Phạm Bình",
    "Phạm Văn Dũng",
    "Lý Đức",
    "Hà Giang",
    "Bùi Thị Hoa",
    "Vũ Hoa",
    "Cao Văn Hòa",
    "Hồ Thị Hòa",
    "Vũ Hòa",
    "Vũ Hỏa",
    "Vũ Hõa",
    "Vũ Hóa",
    "Vũ Họa",
    "Giàng A Páo",
    "Cư Seo Ư",
]


def test_the_book_is_in_order() -> None:
    """Given name with its tone, then family and middle; â comes behind a, and nặng behind sắc."""
    expected = [*BOOK]
    expected.remove("Lê Thị Ân")  # behind Ánh: the letter â is another than a
    expected.insert(expected.index("Lò Thị Ánh") + 1, "Lê Thị Ân")
    shuffled = [*BOOK]
    random.Random(7).shuffle(shuffled)
    assert sorted(shuffled, key=sort_key) == expected


def test_the_alphabet_is_in_order() -> None:
    """All 29 letters, whatever their code points."""
    assert sorted([*reversed(ALPHABET)], key=sort_key) == ALPHABET


@pytest.mark.parametrize("vowel", ["a", "ă", "â", "e", "ê", "o", "ô", "ơ", "u", "ư", "y", "i"])
def test_tones_are_in_order(vowel: str) -> None:
    """Ngang, huyền, hỏi, ngã, sắc, nặng."""
    toned = [
        unicodedata.normalize("NFC", vowel + tone)
        for tone in ("", *"\u0300\u0309\u0303\u0301\u0323")
    ]
    assert sorted([*reversed(toned)], key=sort_key) == toned


@given(st.sampled_from(BOOK))
def test_composed_decomposed_and_upper_case_are_one_name(name: str) -> None:
    """However a program wrote it."""
    assert sort_key(name) == sort_key(unicodedata.normalize("NFD", name))
    assert sort_key(name) == sort_key(name.upper())


@given(st.lists(st.text(max_size=30), max_size=8))
def test_any_text_has_a_place(names: list[str]) -> None:
    """No name ends the program, and the order does not hang on how they came."""
    once = sorted(names, key=sort_key)
    again = sorted([*reversed(names)], key=sort_key)
    assert [*map(sort_key, once)] == [*map(sort_key, again)]


WORDS = ["An", "Án", "Ăn", "Chiềng Xôm", "Dương", "Đ", "Đa Phúc", "Đà Bắc", "Em", "Ê", "Tô Hiệu",
         "To Hien", "Y Tý", "THCS 10", "THCS Đông", "THCS Tô"]  # fmt: skip


def by_hand(text: str) -> list[int]:
    """Where each letter stands, signs first; tones left out."""
    alphabet = " 0123456789aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
    plain = "".join(
        mark
        for mark in unicodedata.normalize("NFD", text.lower())
        if mark not in "\u0300\u0309\u0303\u0301\u0323"
    )
    return [alphabet.index(letter) for letter in unicodedata.normalize("NFC", plain)]


@given(st.lists(st.sampled_from(WORDS), min_size=2, max_size=2))
def test_any_text_is_sorted_as_a_dictionary_does(pair: list[str]) -> None:
    """Đ stands behind D and before E, with and without marks in the text."""
    one, other = pair
    if by_hand(one) != by_hand(other):
        assert (text_key(one) < text_key(other)) == (by_hand(one) < by_hand(other))
    else:
        assert (text_key(one) == text_key(other)) == (one == other)


@given(st.text(max_size=12))
def test_a_text_s_key_knows_neither_case_nor_composition(text: str) -> None:
    """Whatever stands in a cell has a key."""
    for form in ("NFC", "NFD"):
        composed = unicodedata.normalize(form, text)
        assert text_key(composed) == text_key(unicodedata.normalize("NFC", text))
