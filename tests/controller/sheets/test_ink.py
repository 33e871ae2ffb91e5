"""Printed sheets show every Vietnamese letter, whatever fonts the machine has or lacks."""

from __future__ import annotations

import os
import subprocess
import unicodedata
from pathlib import Path
from typing import Any

import cv2
import pytest
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

import controller
from controller.sheets.ink import FILE, font, width_of, writable
from tests.conftest import need

TONES = ("", "\N{COMBINING GRAVE ACCENT}", "\N{COMBINING ACUTE ACCENT}", "\N{COMBINING TILDE}")
TONES += ("\N{COMBINING HOOK ABOVE}", "\N{COMBINING DOT BELOW}")
BASES = [*"bcdđghklmnpqrstvx", *(vowel + tone for vowel in "aăâeêioôơuưy" for tone in TONES)]
# QCVN/TCVN 6909: the letters of Vietnamese, small and capital.
LETTERS = [unicodedata.normalize("NFC", each) for base in BASES for each in (base, base.upper())]
SIGNS = "0123456789 –—“”‘’…·•₫№°²µΩ×→✓"  # noqa: RUF001 - as texts have them
CELL = 20  # points
ACROSS = 16


def test_the_alphabet_is_whole() -> None:
    """17 consonants and 12 vowels with six tones each, in two sizes, each one character."""
    assert len(set(LETTERS)) == 2 * (17 + 12 * 6) == len(LETTERS)
    assert {len(letter) for letter in LETTERS} == {1}


def test_the_typeface_is_shipped_with_its_licence() -> None:
    """In the package, so that the wheel carries it."""
    assert FILE.is_relative_to(Path(controller.__file__).parent)
    assert "Bitstream" in (FILE.parent / "LICENSE").read_text("utf-8")


@pytest.mark.parametrize("letters", [LETTERS, SIGNS], ids=["letters", "signs"])
def test_every_letter_has_a_glyph(letters: str) -> None:
    """And a width."""
    glyphs = pdfmetrics.getFont(font()).face.charToGlyph
    assert [letter for letter in letters if not glyphs.get(ord(letter))] == []
    assert all(width_of(letter, 10) > 0 for letter in letters)


def test_a_letter_and_its_marks_are_one_character() -> None:
    """As some files bring them: a mark by itself would stand beside its letter."""
    assert writable(unicodedata.normalize("NFD", "Nguyễn Đình Chiểu")) == "Nguyễn Đình Chiểu"


def drawn(folder: Path) -> Any:
    """A page with a letter a cell, as it is drawn where no font is installed."""
    need("pdftoppm", "poppler-utils")
    lines = [LETTERS[at : at + ACROSS] for at in range(0, len(LETTERS), ACROSS)]
    canvas = Canvas(str(folder / "letters.pdf"), pagesize=(CELL * ACROSS, CELL * len(lines)))
    canvas.setFont(font(), CELL / 2)
    for row, line in enumerate(reversed(lines)):
        for column, letter in enumerate(line):
            canvas.drawString((column + 0.25) * CELL, (row + 0.25) * CELL, letter)
    canvas.save()
    config = folder / "no-fonts.xml"
    config.write_text("<fontconfig></fontconfig>")
    command = ["pdftoppm", "-r", "144", "-gray", "-singlefile", "-png", "letters.pdf", "letters"]
    env = os.environ | {"FONTCONFIG_FILE": str(config)}
    subprocess.run(command, check=True, cwd=folder, env=env)
    return cv2.imread(str(folder / "letters.png"), cv2.IMREAD_GRAYSCALE)


def test_each_letter_is_drawn_and_none_like_another(tmp_path: Path) -> None:
    """A missing glyph would be the same empty box wherever it stands."""
    page, side = drawn(tmp_path), 2 * CELL
    cells = [
        page[row * side : (row + 1) * side, column * side : (column + 1) * side]
        for row, column in (divmod(place, ACROSS) for place in range(len(LETTERS)))
    ]
    assert all(cell.min() < 128 for cell in cells)
    assert len({cell.tobytes() for cell in cells}) == len(LETTERS)
