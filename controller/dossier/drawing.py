"""This file draws the notice and a class's register as PDF on A4."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any, BinaryIO, Final

from reportlab.lib import colors  # type: ignore[import-untyped]  # it has no types
from reportlab.lib.pagesizes import A4  # type: ignore[import-untyped]  # it has no types
from reportlab.lib.styles import ParagraphStyle  # type: ignore[import-untyped]  # it has no types
from reportlab.lib.units import mm  # type: ignore[import-untyped]  # it has no types
from reportlab.platypus import (  # type: ignore[import-untyped]  # it has no types
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

from controller.dossier.facts import SchoolFacts
from controller.dossier.notice import (
    HEADS,
    LAW,
    REGISTER_NOTE,
    REGISTER_TITLE,
    TITLE,
    notice_parts,
    notice_rows,
    register_heads,
)
from controller.roster.plan import SchoolClass
from controller.sheets.ink import font, writable

_MARGIN: Final = 15 * mm
_NOTICE_WIDTHS: Final = tuple(width * mm for width in (48, 36, 58, 38))
_REGISTER_WIDTHS: Final = tuple(width * mm for width in (10, 52, 22, 30, 22, 44))
_LINE: Final = 11 * mm


def draw_notice(file: BinaryIO, facts: SchoolFacts) -> None:
    """The notice for the door of a class and for parents. Raises OSError."""
    rows = [HEADS, *notice_rows(facts)]
    story = [*_head(TITLE, facts.name), _table(rows, _NOTICE_WIDTHS), Spacer(0, 3 * mm)]
    for part in notice_parts(facts):
        story.append(_text(part.head, 10, space=4))
        story += [_text(line, 9) for line in part.lines]
    story += [Spacer(0, 3 * mm), _text(LAW, 7.5)]
    _build(file, story, TITLE)


def draw_register(file: BinaryIO, facts: SchoolFacts, classes: Sequence[SchoolClass]) -> None:
    """A class's lines to sign, of each class on sheets of its own. Raises OSError."""
    story: list[Any] = []
    for number, school_class in enumerate(classes):
        head = _head(f"{REGISTER_TITLE} - LỚP {school_class.code}", facts.name)
        if number:
            head[0].style.pageBreakBefore = 1
        rows = [
            register_heads(school_class.code),
            *(
                (str(pupil.number), pupil.name or pupil.student, "", "[  ] có   [  ] không", "", "")
                for pupil in school_class.pupils
            ),
        ]
        heights = [None, *[_LINE] * (len(rows) - 1)]
        story += [*head, _text(REGISTER_NOTE, 8), Spacer(0, 2 * mm)]
        story += [_table(rows, _REGISTER_WIDTHS, heights), Spacer(0, 3 * mm), _text(LAW, 7.5)]
    _build(file, story, REGISTER_TITLE)


def _build(file: BinaryIO, story: list[Any], title: str) -> None:
    margins = dict.fromkeys(("leftMargin", "rightMargin", "topMargin", "bottomMargin"), _MARGIN)
    page = SimpleDocTemplate(file, pagesize=A4, title=title, invariant=1, **margins)
    page.build(story)


def _head(title: str, school: str) -> list[Any]:
    return [_text(school, 10), _text(title, 13, space=2), Spacer(0, 3 * mm)]


def _text(text: str, size: float, space: float = 1) -> Any:
    style = ParagraphStyle(
        "line", fontName=font(), fontSize=size, leading=1.35 * size, spaceBefore=space * mm / 2
    )
    return Paragraph(escape(writable(text)), style)


def _table(
    rows: Sequence[Sequence[str]], widths: Sequence[float], heights: Sequence[float | None] = ()
) -> Any:
    cells = [[_text(cell, 8.5) for cell in row] for row in rows]
    table = Table(cells, colWidths=widths, rowHeights=list(heights) or None, repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("GRID", (0, 0), (-1, -1), 0.5, colors.grey),
                ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ]
        )
    )
    return table
