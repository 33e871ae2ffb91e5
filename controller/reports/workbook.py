"""This file draws a pack as a workbook with fixed cells, each of which has a name.

The same pack gives the same bytes at any time. A department takes this file, moves and words what
it likes, and gives it back as its template: the names say where the figures go (template.py).
"""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any, Final

from controller.reports.report import (
    REPORTS,
    UNKNOWN_NOTE,
    Figure,
    Pack,
    ReportSpec,
    ReportTable,
)
from controller.sheets.writing import new_workbook, write_cell

PREFIX: Final = "LH_"
MADE: Final = datetime(2000, 1, 1)  # noqa: DTZ001 - a workbook's properties know no zone
_HEAD, _TOTAL, _FIRST = 4, 5, 6  # rows, from 0: headings, the whole, the first school
_LEAD: Final = (("Mã trường", 14.0), ("Tên trường", 34.0))
_PERIODS: Final = {"month": "tháng", "semester": "học kỳ", "year": "năm học"}


def facts_of(pack: Pack) -> dict[str, Figure]:
    """What is said of the pack itself, by name."""
    period = pack.period
    return {
        "department": pack.department,
        "period": f"{_PERIODS[period.kind]} {_day(period.first)} - {_day(period.last)}",
        "day": _day(pack.day),
        "schools": pack.schools,
        "reported": pack.reported,
        "silent": pack.silent,
    }


def coverage_of(pack: Pack, table: ReportTable) -> str:
    """The footnote that each report has: as of when, of which schools, what is not known."""
    note = f" {UNKNOWN_NOTE}" if table.has_unknown else ""
    return (
        f"Số liệu ngày {_day(pack.day)}. {pack.reported}/{pack.schools} trường có số liệu;"
        f" {pack.silent} trường im lặng hơn một ngày được tính theo lần báo cuối;"
        f" trường chưa có số liệu không nằm trong số nào.{note}"
    )


def workbook_of(pack: Pack) -> bytes:
    """The pack in our own layout, every cell that a template may want named."""
    buffer = io.BytesIO()
    with new_workbook(buffer) as book:
        book.set_properties({"created": MADE})
        bold, head = book.add_format({"bold": True}), book.add_format({"bold": True, "border": 1})
        styles = {"bold": bold, "head": head, "wrap": book.add_format({"text_wrap": True})}
        _cover(book, pack, styles)
        for table in pack.tables:
            _sheet(book, pack, table, styles)
    return buffer.getvalue()


def _cover(book: Any, pack: Pack, styles: dict[str, Any]) -> None:
    page = book.add_worksheet("Bìa")
    page.set_column(0, 0, 34)
    page.set_column(1, 1, 44)
    write_cell(page, 0, 0, "BÁO CÁO THIẾT BỊ", styles["bold"])
    words = ("Đơn vị", "Kỳ báo cáo", "Ngày số liệu", "Số trường", "Trường có số liệu", "Im lặng")
    for row, (word, (name, value)) in enumerate(zip(words, facts_of(pack).items(), strict=True), 2):
        write_cell(page, row, 0, word)
        write_cell(page, row, 1, value)
        book.define_name(f"{PREFIX}{name}", f"='Bìa'!$B${row + 1}")
    for row, spec in enumerate(REPORTS, 10):
        write_cell(page, row, 0, spec.code)
        write_cell(page, row, 1, spec.title)


def _sheet(book: Any, pack: Pack, table: ReportTable, styles: dict[str, Any]) -> None:
    spec = table.spec
    page = book.add_worksheet(spec.code)
    page.set_landscape()
    page.set_paper(9)  # A4
    page.fit_to_pages(1, 0)
    page.freeze_panes(_FIRST, 0)
    write_cell(page, 0, 0, f"{spec.code}. {spec.title}", styles["bold"])
    write_cell(page, 1, 0, coverage_of(pack, table))
    write_cell(page, 2, 0, spec.definition)
    lead = _LEAD if spec.by_school else ()
    heads = (*lead, *((column.head, column.width) for column in spec.columns))
    for at, (word, width) in enumerate(heads):
        page.set_column(at, at, width)
        write_cell(page, _HEAD, at, word, styles["head"])
    if lead:
        write_cell(page, _TOTAL, 0, "Toàn bộ", styles["bold"])
    for at, figure in enumerate(table.total_said, len(lead)):
        write_cell(page, _TOTAL, at, figure, styles["bold"])
    for number, row in enumerate(table.rows_said, _FIRST):
        for at, figure in enumerate(row):
            write_cell(page, number, at, figure)
    _name(book, spec, len(lead))


def _name(book: Any, spec: ReportSpec, lead: int) -> None:
    for at, column in enumerate(spec.columns, lead):
        cell = f"='{spec.code}'!${chr(ord('A') + at)}${_TOTAL + 1}"
        book.define_name(f"{PREFIX}{spec.code}_{column.key}", cell)
    book.define_name(f"{PREFIX}{spec.code}_table", f"='{spec.code}'!$A${_FIRST + 1}")
    book.define_name(f"{PREFIX}{spec.code}_coverage", f"='{spec.code}'!$A$2")


def _day(day: str) -> str:
    year, month, number = day.split("-")
    return f"{number}/{month}/{year}"
