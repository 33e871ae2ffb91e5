"""This file draws labels for equipment as PDF: a QR code, and in letters what it says.

A line without an asset tag has no label: a tag is given by a person, never made up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, BinaryIO, Final

import msgspec
from reportlab.lib.pagesizes import A4  # type: ignore[import-untyped]  # it has no types
from reportlab.lib.units import mm  # type: ignore[import-untyped]  # it has no types
from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]  # it has no types

from controller.sheets.codes import draw_qr
from controller.sheets.ink import font, width_of, writable
from controller.stocktake.label_sheets import LabelSheet
from controller.stocktake.scan import label_text

QUIET: Final = 4  # light modules around a code (ISO/IEC 18004, 9.1)
_PAD_MM: Final = 1.5
_RIGHT_MM: Final = 4.0  # printers leave the paper's edge white
_LEADING: Final = 1.18
_BREAKS: Final = " -./_"


class Label(msgspec.Struct, frozen=True):
    """What a label says."""

    tag: str
    type: str = ""
    room: str = ""


def draw_labels(
    file: BinaryIO, labels: Sequence[Label], sheet: LabelSheet, *, school: str, skip: int = 0
) -> None:
    """Labels row by row. skip: stickers of the first sheet that are gone. Raises OSError."""
    canvas = Canvas(file, pagesize=A4, invariant=1)
    for number, label in enumerate(labels, start=skip):
        place = number % sheet.count
        if place == 0 and number > skip:
            canvas.showPage()
        _label(canvas, label, sheet, place, school)
    canvas.save()


def _label(canvas: Any, label: Label, sheet: LabelSheet, place: int, school: str) -> None:
    row, column = divmod(place, sheet.across)
    left = (sheet.left + column * (sheet.width + sheet.gap)) * mm
    bottom = A4[1] - (sheet.top + (row + 1) * sheet.height) * mm
    side = min(sheet.height - 2 * _PAD_MM, sheet.width * 0.45) * mm
    middle = bottom + sheet.height * mm / 2
    square = left + _PAD_MM * mm, middle - side / 2, side
    draw_qr(canvas, label_text(label.tag), *square, error="m", quiet=QUIET)
    text_left = left + side + 2 * _PAD_MM * mm
    room = left + (sheet.width - _RIGHT_MM) * mm - text_left
    lines = [
        *((part, 6.5) for part in wrapped(writable(school), 6.5, room, 2)),
        *_tag_lines(writable(label.tag), room),
        *((part, 8.0) for part in wrapped(writable(label.type), 8.0, room, 2)),
        *((part, 10.0) for part in wrapped(writable(label.room), 10.0, room, 1)),
    ]
    height = middle + sum(size for _, size in lines) * _LEADING / 2
    canvas.setFillGray(0)
    for text, size in lines:
        height -= size * _LEADING
        canvas.setFont(font(), size)
        canvas.drawString(text_left, height + size * 0.25, text)


def _tag_lines(tag: str, room: float) -> list[tuple[str, float]]:
    """The whole tag, as large as it fits on one line, else on several."""
    for size in (17.0, 15.0, 13.0, 11.5):
        if width_of(tag, size) <= room:
            return [(tag, size)]
    for size, most in ((11.0, 3), (9.0, 4), (7.0, 99)):
        lines = wrapped(tag, size, room, most)
        if "".join(lines) == tag:
            break
    return [(line, size) for line in lines]


def wrapped(text: str, size: float, room: float, most: int) -> list[str]:
    """The text in lines no wider than the room, in points; at most so many, then with "…"."""
    lines: list[str] = []
    rest = text
    while rest and len(lines) < most:
        fits = next(
            (end for end in range(len(rest), 1, -1) if width_of(rest[:end], size) <= room),
            1,
        )
        nice = max((rest.rfind(mark, 0, fits) + 1 for mark in _BREAKS), default=0)
        end = fits if fits == len(rest) or nice <= fits // 2 else nice
        lines.append(rest[:end].rstrip(" "))
        rest = rest[end:]
    if rest:
        last = lines[-1]
        while last and width_of(f"{last}…", size) > room:
            last = last[:-1]
        lines[-1] = f"{last}…"
    return lines
