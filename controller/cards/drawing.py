"""This file draws cards as PDF: a marker a sheet for the class scan, door cards to cut out.

A marker is 18 cm wide on A4, read from the back of a room by a 1080p camera. No name stands on a
card: who finds one learns a class and a number. Print on plain paper; gloss blinds the camera.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, BinaryIO, Final

import msgspec
from reportlab.lib.pagesizes import A4  # type: ignore[import-untyped]  # it has no types
from reportlab.lib.units import mm  # type: ignore[import-untyped]  # it has no types
from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]  # it has no types

from controller.sheets.codes import draw_qr, draw_squares
from controller.sheets.ink import font, writable
from protocol.markers import SIDE, bits

MARKER_MM: Final = 180.0
EDGE_MM: Final = 8.0
CARD_MM: Final = (85.0, 54.0)
CODE_MM: Final = 38.0
ACROSS: Final = 2
DOWN: Final = 5
LINES_A_PAGE: Final = 45


class DoorCardToPrint(msgspec.Struct, frozen=True, kw_only=True):
    """A door card: its signed text, its class and number, the end of its serial."""

    text: str
    label: str
    tail: str


def draw_markers(file: BinaryIO, class_code: str, numbers: Sequence[int]) -> None:
    """One A4 sheet a number, the marker's id being the number. Raises OSError."""
    canvas = _canvas(file)
    for number in numbers:
        _marker(canvas, number)
        canvas.setFont(font(), 8)
        canvas.setFillGray(0.45)
        label = writable(f"{class_code} · {number}")
        canvas.drawCentredString(A4[0] / 2, EDGE_MM * mm, label)
        canvas.showPage()
    canvas.save()


def draw_door_cards(
    file: BinaryIO, cards: Sequence[DoorCardToPrint], holders: Sequence[tuple[str, str]]
) -> None:
    """Door cards, ten a sheet with lines to cut along; holders: serial's end and name, apart.

    Raises OSError.
    """
    canvas = _canvas(file)
    a_page = ACROSS * DOWN
    for start in range(0, len(cards), a_page):
        for place, card in enumerate(cards[start : start + a_page]):
            _door_card(canvas, card, place)
        canvas.showPage()
    for start in range(0, len(holders), LINES_A_PAGE):
        canvas.setFont(font(), 11)
        for line, (tail, name) in enumerate(holders[start : start + LINES_A_PAGE]):
            height = A4[1] - (20 + 6 * line) * mm
            canvas.drawString(20 * mm, height, tail)
            canvas.drawString(45 * mm, height, writable(name))
        canvas.showPage()
    canvas.save()


def _canvas(file: BinaryIO) -> Any:
    return Canvas(file, pagesize=A4, invariant=1)


def _marker(canvas: Any, number: int) -> None:
    left, bottom = ((side - MARKER_MM * mm) / 2 for side in A4)
    cell = MARKER_MM * mm / SIDE
    canvas.setFillGray(0)
    canvas.rect(left, bottom, MARKER_MM * mm, MARKER_MM * mm, stroke=0, fill=1)
    canvas.setFillGray(1)
    draw_squares(canvas, bits(number), left, bottom, cell)


def _door_card(canvas: Any, card: DoorCardToPrint, place: int) -> None:
    width, height = (side * mm for side in CARD_MM)
    row, column = divmod(place, ACROSS)
    left = (A4[0] - ACROSS * width) / 2 + column * width
    bottom = A4[1] - 13 * mm - (row + 1) * height
    canvas.setStrokeGray(0.6)
    canvas.setDash(2, 3)
    canvas.rect(left, bottom, width, height, stroke=1, fill=0)
    # Version 2 at level Q; around it the card is white.
    code = left + 6 * mm, bottom + (height - CODE_MM * mm) / 2, CODE_MM * mm
    draw_qr(canvas, card.text, *code, error="q", version=2)
    canvas.setFillGray(0)
    canvas.setFont(font(), 11)
    canvas.drawString(left + (CODE_MM + 14) * mm, bottom + 30 * mm, writable(card.label))
    canvas.setFont(font(), 8)
    canvas.drawString(left + (CODE_MM + 14) * mm, bottom + 22 * mm, card.tail)
