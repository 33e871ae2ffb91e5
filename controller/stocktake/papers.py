"""This file writes the minutes as a workbook or as a document; every cell is text or a number."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import Any, Final

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.shared import Mm, Pt

from controller.sheets.writing import new_workbook, write_cell
from controller.stocktake.form import MinutesColumn, MinutesForm
from controller.stocktake.minutes import Cell, Minutes, Table

_A4_MM: Final = (297, 210)
_MARGIN_MM: Final = 15
_CHARS_A_MM: Final = 0.5  # a spreadsheet's widths are in characters
_LINE_POINTS: Final = 15
_MAX_LINES: Final = 20
_DOTS: Final = "." * 60
_SIGN_LINES: Final = 4


def as_xlsx(minutes: Minutes) -> bytes:
    """A workbook of one page, which prints across A4."""
    buffer = io.BytesIO()
    with new_workbook(buffer) as book:
        page = book.add_worksheet(minutes.sheet)
        page.set_landscape()
        page.set_paper(9)  # A4
        page.fit_to_pages(1, 0)
        page.hide_gridlines()
        for column, spec in enumerate(minutes.form.column):
            page.set_column(column, column, spec.width * _CHARS_A_MM)
        _Sheet(page, book, minutes.form.column).write(minutes)
    return buffer.getvalue()


class _Sheet:
    """Writes a worksheet from the top down."""

    def __init__(self, page: Any, book: Any, columns: Sequence[MinutesColumn]) -> None:
        self._page = page
        self._chars = [column.width * _CHARS_A_MM for column in columns]
        self._row = 0
        box = {"border": 1, "valign": "top", "text_wrap": True}
        self._bold = book.add_format({"bold": True})
        self._title = book.add_format({"bold": True, "font_size": 14})
        self._head = book.add_format(box | {"bold": True, "align": "center"})
        self._text = book.add_format(box | {"num_format": "@"})
        self._number = book.add_format(box)
        self._total = book.add_format(box | {"bold": True})

    def write(self, minutes: Minutes) -> None:
        """All of the minutes."""
        self._line(minutes.school, self._bold)
        self._line(minutes.form.title, self._title)
        for fact in minutes.facts:
            self._line(fact)
        for line in _team(minutes.form):
            self._line(line)
        for table in minutes.tables:
            self._row += 1
            self._line(f"{table.title}: {len(table.rows)}", self._bold)
            self._table(minutes.form, table)
        self._row += 1
        for text in (*minutes.sums, minutes.form.footnote):
            self._line(text)
        self._sign(minutes.form.signatures)

    def _line(self, text: str, style: Any = None) -> None:
        write_cell(self._page, self._row, 0, text, style)
        self._row += 1

    def _table(self, form: MinutesForm, table: Table) -> None:
        heads = tuple(column.head for column in form.column)
        self._cells(heads, self._head, self._head)
        for row in table.rows:
            self._cells(row, self._text, self._number)
        if table.total:
            self._cells(table.total, self._total, self._total)

    def _cells(self, row: Sequence[Cell], text: Any, number: Any) -> None:
        # Spreadsheets do not all fit a row to words that are broken.
        lines = max(
            math.ceil(len(str(cell)) / chars) for cell, chars in zip(row, self._chars, strict=True)
        )
        if lines > 1:
            self._page.set_row(self._row, _LINE_POINTS * min(lines, _MAX_LINES))
        for column, cell in enumerate(row):
            style = text if isinstance(cell, str) else number
            write_cell(self._page, self._row, column, cell, style)
        self._row += 1

    def _sign(self, signatures: Sequence[str]) -> None:
        self._row += 1
        step = max(1, len(self._chars) // max(1, len(signatures)))
        for place, who in enumerate(signatures):
            write_cell(self._page, self._row, place * step, who, self._bold)
            write_cell(self._page, self._row + 1, place * step, _SIGNED)


def as_docx(minutes: Minutes) -> bytes:
    """A document across A4."""
    document = Document()
    _lay_out(document)
    document.add_paragraph().add_run(minutes.school).bold = True
    title = document.add_paragraph()
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = title.add_run(minutes.form.title)
    run.bold, run.font.size = True, Pt(14)
    for line in (*minutes.facts, *_team(minutes.form)):
        document.add_paragraph(line)
    for table in minutes.tables:
        document.add_paragraph().add_run(f"{table.title}: {len(table.rows)}").bold = True
        _docx_table(document, minutes.form, table)
    document.add_paragraph()
    for text in (*minutes.sums, minutes.form.footnote):
        document.add_paragraph(text)
    _docx_signatures(document, minutes.form.signatures)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def _lay_out(document: Any) -> None:
    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = (Mm(side_mm) for side_mm in _A4_MM)
    for side in ("left_margin", "right_margin", "top_margin", "bottom_margin"):
        setattr(section, side, Mm(_MARGIN_MM))
    style = document.styles["Normal"]
    style.font.name, style.font.size = "Times New Roman", Pt(11)
    style.paragraph_format.space_after = Pt(2)


def _docx_table(document: Any, form: MinutesForm, table: Table) -> None:
    heads = tuple(column.head for column in form.column)
    rows = [heads, *table.rows, *([table.total] if table.total else [])]
    drawn = document.add_table(len(rows), len(heads), style="Table Grid")
    drawn.autofit = False
    _repeat_head(drawn.rows[0])
    bold = {0, len(rows) - 1 if table.total else 0}
    wide = sum(column.width for column in form.column)
    widths = [Mm((_A4_MM[0] - 2 * _MARGIN_MM) * column.width / wide) for column in form.column]
    for number, (cells, row) in enumerate(zip(drawn._tbl.tr_lst, rows, strict=True)):  # noqa: SLF001 - its public way is quadratic
        for cell, width, text in zip(cells.tc_lst, widths, row, strict=True):
            cell.width = width
            run = cell.p_lst[0].add_r()
            run.text = str(text)
            if number in bold:
                run.get_or_add_rPr()._add_b()  # noqa: SLF001 - bold, in the same quick way


def _repeat_head(row: Any) -> None:
    """Have the first row stand on every page."""
    row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))  # noqa: SLF001 - it offers no other way


def _docx_signatures(document: Any, signatures: Sequence[str]) -> None:
    if not signatures:
        return
    cells = document.add_table(1, len(signatures)).rows[0].cells
    for cell, who in zip(cells, signatures, strict=True):
        paragraph = cell.paragraphs[0]
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.add_run(who).bold = True
        paragraph.add_run(f"\n{_SIGNED}" + "\n" * _SIGN_LINES)


_SIGNED: Final = "(ký, ghi rõ họ tên)"


def _team(form: MinutesForm) -> list[str]:
    """Blank lines for the team's names: they are written by hand."""
    return [f"Thành phần kiểm kê {number}: {_DOTS}" for number in range(1, form.team + 1)]
