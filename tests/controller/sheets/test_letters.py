"""These tests hold that lost letters are no names, and that Unicode is never taken for lost."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.sheets.cells import bounded_bytes, sheets_in
from controller.sheets.errors import SheetError
from controller.sheets.letters import Mended, mend
from controller.sheets.text import Cause, Cell, Unreadable

# What may follow a vowel in Vietnamese; "i" after "e" is none.
ENDINGS = {
    "a": ["", "n", "ng", "i", "u", "nh"],
    "ă": ["n", "ng"],
    "â": ["n", "ng", "u"],
    "e": ["", "n", "o"],
    "ê": ["", "n", "nh", "u"],
    "i": ["", "n", "nh", "u"],
    "o": ["", "n", "ng", "i"],
    "ô": ["", "n", "ng", "i"],
    "ơ": ["", "n", "i"],
    "u": ["", "n", "ng", "i"],
    "ư": ["", "ng", "i"],
    "y": [""],
}
MARKS = ["", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323"]
word = st.builds(
    lambda first, rhyme, mark: first + rhyme[0] + mark + rhyme[1],
    st.sampled_from(["", "b", "đ", "h", "th", "tr", "kh"]),
    st.sampled_from([(vowel, ending) for vowel in ENDINGS for ending in ENDINGS[vowel]]),
    st.sampled_from(MARKS),
)
written = st.sampled_from([str.lower, str.upper, str.capitalize])
texts = st.builds(
    lambda words, change, form: unicodedata.normalize(form, change(" ".join(words))),
    st.lists(word, min_size=1, max_size=4),
    written,
    st.sampled_from(["NFC", "NFD"]),
)


@given(rows=st.lists(st.lists(texts | st.floats(0, 9), max_size=4), max_size=6))
def test_vietnamese_in_unicode_is_never_touched(rows: list[list[Cell]]) -> None:
    """In either form, large or small, however many cells there are."""
    before = [list(row) for row in rows]
    assert mend(rows) == Mended()
    assert rows == before


def test_rows_in_tcvn3_are_converted_cell_by_cell() -> None:
    """Those without a mark stay, those of the heading too; "tèt" is known by its row."""
    rows: list[list[Cell]] = [
        ["Phòng", "Tên thiết bị", "Tình trạng"],
        ["P203", "m\u00b8y chiÕu ®a n¨ng", "tèt"],
        ["P204", "phßng", 5.0],
    ]
    assert mend(rows) == Mended((1, 2))
    assert rows == [
        ["Phòng", "Tên thiết bị", "Tình trạng"],
        ["P203", "máy chiếu đa năng", "tốt"],
        ["P204", "phòng", 5.0],
    ]


@given(text=texts)
def test_utf8_that_was_taken_for_letters_is_refused(text: str) -> None:
    """As far as the bytes are letters there at all."""
    try:
        spoilt = text.encode().decode("cp1252")
    except UnicodeDecodeError:
        return
    rows: list[list[Cell]] = [[spoilt]]
    mend(rows)
    assert rows == [[text if text.isascii() else Unreadable(Cause.LETTERS, spoilt)]]


@pytest.mark.parametrize(
    ("text", "is_lost"),
    [
        ("M?y chi?u", True),
        ("Ph?ng Tin h?c", True),
        ("Máy gì?", False),
        ("Hỏng? Tốt", False),
        ("https://a.vn/x?y=1", False),
        ("Intel®core 30°C 5m²", False),
        ("Müller", False),
        ("?", False),
    ],
)
def test_question_marks_within_words_are_lost_letters(text: str, is_lost: bool) -> None:  # noqa: FBT001 - a table
    """A question mark behind a word is one."""
    rows: list[list[Cell]] = [[text]]
    assert mend(rows) == Mended()
    assert isinstance(rows[0][0], Unreadable) == is_lost


def test_the_rows_with_lost_letters_are_named(tmp_path: Path) -> None:
    """For those who read no column in which they stand."""
    path = tmp_path / "a.csv"
    path.write_text("STT;Ten\n1;Tivi\n2;M?y chi?u\n", "utf-8")
    [sheet], notices = sheets_in(path, bounded_bytes(path), len)
    assert sheet.rows[2] == ["2", Unreadable(Cause.LETTERS, "M?y chi?u")]
    assert [(notice.code, notice.value) for notice in notices] == [("letters_lost", "3")]


def test_a_file_that_seems_to_be_in_tcvn3_is_refused_by_name(tmp_path: Path) -> None:
    """Too few words to be sure: it is not refused for its lack of a heading, which one can see."""
    path = tmp_path / "a.csv"
    path.write_text("Tªn;Sè m\u00b8y\n", "utf-8")
    with pytest.raises(SheetError) as refused:
        sheets_in(path, bounded_bytes(path), lambda rows: sum(row == ["x"] for row in rows))
    assert refused.value.code == "letters_tcvn3"
