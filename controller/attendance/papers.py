"""This file writes a class's attendance as a workbook or as comma separated text.

Every cell is text or a number of ours: nothing that a name begins with becomes a formula.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from controller.attendance.sheet import (
    HERE,
    NOT_TAKEN,
    UNCONFIRMED,
    Attendance,
    ClassSheet,
    LogbookLine,
)
from controller.sheets.writing import EXCEL_MARK, Cell, csv_text, file_name, new_workbook, write_row
from protocol.formats import short_day
from protocol.language import translator
from protocol.messages import Ending
from protocol.model import AttendanceStatus

_SUMS: Final = (
    ("Có phép", AttendanceStatus.ABSENT_EXCUSED),
    ("Không phép", AttendanceStatus.ABSENT_UNEXCUSED),
    ("Muộn", AttendanceStatus.LATE),
    ("Về sớm", AttendanceStatus.LEFT_EARLY),
)
_LOGBOOK: Final = (
    "Ngày", "Tiết", "Môn", "Phòng", "Sĩ số", "Hiện diện", "Vắng", "Học sinh vắng", "Ghi chú",
)  # fmt: skip
_VIETNAMESE: Final = translator("vi")
_A4: Final = 9  # ECMA-376, 18.3.1.63: paperSize
Row = list[Cell]


def name_of(sheet: ClassSheet, kind: str) -> str:
    """A name that names no pupil, such as diem-danh-10A1-2026-11-02.xlsx."""
    return file_name("diem-danh", sheet.class_code, sheet.days[0], end=kind)


def sheet_rows(sheet: ClassSheet, school: str) -> list[Row]:
    """The sheet as the roll book has it: school, class, month, heads, pupils."""
    months = [f"{month[5:]}/{month[:4]}" for month in sorted({day[:7] for day in sheet.days})]
    heads: Row = [
        "STT",
        "Họ và tên",
        *(short_day(date.fromisoformat(day), _VIETNAMESE) for day in sheet.days),
    ]
    rows: list[Row] = [
        [school],
        [f"Lớp {sheet.class_code}"],
        [f"Tháng {', '.join(months)}"],
        [*heads, *(word for word, _ in _SUMS)],
    ]
    for line in sheet.lines:
        signs = map(sheet.sign, line.halves)
        sums = [line.count(status) for _, status in _SUMS]
        rows.append([line.number, line.name or line.student, *signs, *sums])
    return [*rows, [legend(sheet)]]


def legend(sheet: ClassSheet) -> str:
    """What each sign of the sheet means."""
    letters = (
        (sheet.letters[AttendanceStatus.PRESENT] or HERE, "có mặt"),
        (sheet.letters[AttendanceStatus.ABSENT_EXCUSED], "vắng có phép"),
        (sheet.letters[AttendanceStatus.ABSENT_UNEXCUSED], "vắng không phép"),
        (sheet.letters[AttendanceStatus.LATE], "đi muộn"),
        (sheet.letters[AttendanceStatus.LEFT_EARLY], "về sớm"),
        (NOT_TAKEN, "chưa điểm danh"),
        (UNCONFIRMED, "chưa xác nhận"),
        ("ô trống", "không có tiết"),
    )
    signs = "; ".join(f"{sign}: {meaning}" for sign, meaning in letters)
    return f"{signs}. Hai dấu trong một ô: sáng/chiều. Tổng tính theo buổi."


def logbook_rows(lines: Sequence[LogbookLine]) -> list[Row]:
    """A line a lesson, for the class's logbook."""
    return [list(_LOGBOOK), *(_logbook_row(line) for line in lines)]


def _logbook_row(line: LogbookLine) -> Row:
    lesson, figures = line.lesson, line.figures
    period = "" if lesson.period is None else lesson.period
    counted: Row = [figures.total, figures.present, figures.absent] if figures else ["", "", ""]
    first: Row = [lesson.day, period, lesson.subject, lesson.room]
    return [
        *first,
        *counted,
        ", ".join(line.absent),
        note_of(line),
    ]


def note_of(line: LogbookLine) -> str:
    """What the logbook notes of a lesson."""
    lesson = line.lesson
    notes = ["dạy thay"] if lesson.substitute else []
    if not lesson.confirmed:
        notes.append("nhà trường nhập" if line.figures else "chưa xác nhận")
    elif lesson.how is Ending.BELL:
        notes.append("tự kết thúc theo trống")
    return ", ".join(notes)


def as_csv(attendance: Attendance, school: str) -> str:
    """The sheet, then the logbook's lines, as RFC 4180 with the mark that Excel needs."""
    rows = [*sheet_rows(attendance.sheet, school), [], *logbook_rows(attendance.logbook)]
    return EXCEL_MARK + csv_text(rows)


def as_xlsx(attendance: Attendance, school: str) -> bytes:
    """A workbook: the sheet, and the logbook's lines."""
    buffer = io.BytesIO()
    with new_workbook(buffer) as book:
        bold = book.add_format({"bold": True})
        for title, rows, head in (
            ("Điểm danh", sheet_rows(attendance.sheet, school), 3),
            ("Sổ ghi đầu bài", logbook_rows(attendance.logbook), 0),
        ):
            page = book.add_worksheet(title)
            for number, row in enumerate(rows):
                write_row(page, number, row, bold if number == head else None)
            page.freeze_panes(head + 1, 2 if head else 0)
            _fit(page, head)
        _narrow(book.worksheets()[0], len(attendance.sheet.days))
    return buffer.getvalue()


def _fit(page: Any, head: int) -> None:
    """On landscape A4, as wide as one page; the heads again on each."""
    page.set_landscape()
    page.set_paper(_A4)
    page.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.5)
    page.fit_to_pages(1, 0)
    page.repeat_rows(head)


def _narrow(page: Any, days: int) -> None:
    """Columns as wide as what stands in them, so that 31 days stay readable on one page."""
    page.set_column(0, 0, 4)
    page.set_column(1, 1, 26)
    page.set_column(2, 1 + days, 5)
    page.set_column(2 + days, 1 + days + len(_SUMS), 7)
