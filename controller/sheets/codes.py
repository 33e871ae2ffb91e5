"""This file draws what cameras read on printed sheets: fields of squares, QR codes among them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import segno

_OVERLAP: Final = 0.02  # points, so that no hair of white shows between two squares


def draw_squares(
    canvas: Any, rows: Sequence[Iterable[object]], left: float, bottom: float, side: float
) -> None:
    """Fill the squares that are true, the first row on top; side: of one square, in points."""
    for row, squares in enumerate(reversed(rows)):
        for column, is_filled in enumerate(squares):
            if is_filled:
                place = left + column * side, bottom + row * side
                canvas.rect(*place, side + _OVERLAP, side + _OVERLAP, stroke=0, fill=1)


def draw_qr(
    canvas: Any,
    text: str,
    left: float,
    bottom: float,
    side: float,
    *,
    error: str,
    version: int | None = None,
    quiet: int = 0,
) -> None:
    """Draw a text as a QR code that fills a square; lengths in points.

    error: its level. version: its size; without one the least that holds the text, at a better
    level if that is free. quiet: white modules around it that belong to the square. Letters
    beyond ASCII are UTF-8.
    """
    encoding = None if text.isascii() else "utf-8"
    boost = version is None
    code = segno.make_qr(text, error=error, version=version, encoding=encoding, boost_error=boost)
    module = side / (len(code.matrix) + 2 * quiet)
    canvas.setFillGray(0)
    draw_squares(canvas, code.matrix, left + quiet * module, bottom + quiet * module, module)
