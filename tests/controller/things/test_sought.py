"""These tests say what is found by a few words, and in which order; pure."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.things.sought import Fit, Sought, indexed

BOARD = indexed(("TS-0001", "VS 00-12"), "Máy chiếu", "Epson", "EB-X51", "phòng room", "P203")
ANYTHING = st.text(max_size=40)


@pytest.mark.parametrize(
    ("asked", "fit"),
    [
        ("ts-0001", Fit.CODE),
        ("VS0012", Fit.CODE),
        ("vs 00 12", Fit.CODE),
        ("may chieu", Fit.BEGINS),
        ("MÁY  CHIẾU", Fit.BEGINS),
        (unicodedata.normalize("NFD", "chiếu máy"), Fit.BEGINS),
        ("phòng 203", Fit.HAS),
        ("x51 epson", Fit.BEGINS),
        ("chieu p203", Fit.BEGINS),
        ("hieu", Fit.HAS),
        ("may in", None),
        ("", None),
        ("  -- ", None),
        ("\u202e", None),
    ],
)
def test_words_find_without_marks_case_and_order(asked: str, fit: Fit | None) -> None:
    """All words must stand there; a code as a whole comes first."""
    assert Sought(asked).fit(BOARD) == fit


def test_codes_come_first_then_names_in_their_order() -> None:
    """What is called so itself stands before what only has the word, and 2 before 10."""
    names = ["Bảng 10 (203)", "Bảng 2 (203)", "203"]
    found = Sought("203").among(names, lambda name: indexed((name,)), lambda name: name)
    assert found == ["203", "Bảng 2 (203)", "Bảng 10 (203)"]


@given(ANYTHING, ANYTHING, ANYTHING)
def test_every_word_of_a_thing_finds_it(code: str, name: str, asked: str) -> None:
    """Whatever devices call themselves, and whatever is asked: nothing raises, nothing is lost."""
    thing = indexed((code,), name)
    Sought(asked).fit(thing)
    for word in name.split():
        sought = Sought(word)
        assert not sought or sought.fit(thing) is not None


def test_long_names_are_bounded() -> None:
    """A name of 10 KB costs no more than its beginning."""
    assert len(indexed(("A1",), "x" * 10_000).text) < 5_000
