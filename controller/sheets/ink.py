"""This file is the typeface of printed sheets: it is shipped, so that no machine lacks a letter.

DejaVu Sans, cut down to Latin, Vietnamese and Greek letters; fonts/README.md says how.
"""

from __future__ import annotations

import functools
import unicodedata
from pathlib import Path
from typing import Final

from reportlab.pdfbase import pdfmetrics  # type: ignore[import-untyped]  # it has no types
from reportlab.pdfbase.ttfonts import TTFont  # type: ignore[import-untyped]  # it has no types

FILE: Final = Path(__file__).parent / "fonts" / "DejaVuSans.ttf"
_NAME: Final = "LopHoc"


@functools.cache
def font() -> str:
    """Its name for reportlab."""
    pdfmetrics.registerFont(TTFont(_NAME, FILE))
    return _NAME


def width_of(text: str, size: float) -> float:
    """How wide a text stands in a size, both in points."""
    return float(pdfmetrics.stringWidth(text, font(), size))


def writable(text: str) -> str:
    """The text with each letter and its marks in one character, as the typeface has them."""
    return unicodedata.normalize("NFC", text)
