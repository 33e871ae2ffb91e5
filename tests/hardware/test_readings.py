"""Readings: text from devices is made safe."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.readings import SenseMissing, clean


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("  SMART\tBoard \n", "SMART Board"),
        ("bad\x00\x1b[31mred", "bad[31mred"),
        ("ba\u0309ng tu\u031bo\u031bng tac", "bảng tương tac"),
        ("abc\u202egnp", "abcgnp"),
        ("a\ud800b", "ab"),
        ("x" * 500, "x" * 200),
    ],
)
def test_clean_keeps_words_and_drops_tricks(text: str, expected: str) -> None:
    """Control characters, direction overrides and excess length go; Vietnamese stays, in NFC."""
    assert clean(text) == expected


@given(st.text(max_size=600), st.integers(1, 50))
def test_cleaned_text_is_bounded_printable_and_stays_clean(text: str, limit: int) -> None:
    """Whatever comes in, what goes out needs no further cleaning."""
    cleaned = clean(text, limit)
    assert len(cleaned) <= limit
    assert all(unicodedata.category(char)[0] != "C" or char.isprintable() for char in cleaned)
    assert clean(cleaned, limit) == cleaned
    assert unicodedata.is_normalized("NFC", cleaned)


@given(st.text(st.characters(max_codepoint=127), max_size=150))
def test_plain_text_is_cleaned_as_any_other(text: str) -> None:
    """A mark that is dropped sends it the long way, to the same end."""
    assert clean(text) == clean(f"{text}\u202e")


def test_a_missing_sense_says_why_and_what_to_do() -> None:
    """The code is for programs, the values and the hint are for people."""
    error = SenseMissing("no_udev", {"sense": "usb"}, "Start udev.")
    assert (error.code, error.values, error.hint) == ("no_udev", {"sense": "usb"}, "Start udev.")
    assert str(error) == "no_udev: Start udev."
