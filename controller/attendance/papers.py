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
from controller.sheets.writing import (
    EXCEL_MARK,
    Cell,
    csv_text,
    file_name,
    new_workbook,
    write_cell,
    write_row,
)
from protocol.formats import short_day
from protocol.language import translator
from protocol.messages import Ending
from protocol.model import AttendanceStatus
from protocol.words import N_, Translate

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
_MEANINGS: Final = {
    AttendanceStatus.PRESENT: N_("present"),
    AttendanceStatus.ABSENT_EXCUSED: N_("absent with leave"),
    AttendanceStatus.ABSENT_UNEXCUSED: N_("absent without leave"),
    AttendanceStatus.LATE: N_("came late"),
    AttendanceStatus.LEFT_EARLY: N_("left early"),
}
_TWO_SIGNS: Final = N_("Two signs in one cell: morning/afternoon. Totals are counted by half days.")
_A4: Final = 9  # ECMA-376, 18.3.1.63: paperSize
_HEAD: Final = 3  # the row of the heads: school, class and month stand above
_HEAD_STYLE: Final = {
    "bold": True, "border": 1, "align": "center", "valign": "vcenter", "text_wrap": True,
}  # fmt: skip
_LOGBOOK_WIDTHS: Final = (11, 5, 18, 10, 7, 7, 6, 60, 26)
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
    return [*rows, [legend(sheet, _VIETNAMESE)]]


def legend(sheet: ClassSheet, say: Translate) -> str:
    """What each sign of the sheet means."""
    here = {AttendanceStatus.PRESENT: sheet.letters[AttendanceStatus.PRESENT] or HERE}
    letters = {**sheet.letters, **here}
    signs = [
        *((letters[status], say(meaning)) for status, meaning in _MEANINGS.items()),
        (NOT_TAKEN, say(N_("not taken yet"))),
        (UNCONFIRMED, say(N_("not confirmed"))),
        (say(N_("empty")), say(N_("no lesson"))),
    ]
    told = "; ".join(f"{sign}: {meaning}" for sign, meaning in signs)
    return f"{told}. {say(_TWO_SIGNS)}"


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
    months = _months_of(attendance.sheet)
    alone = months if len(months) > 1 else []  # of several months each has a page of its own
    with new_workbook(buffer) as book:
        for title, sheet in (("Điểm danh", attendance.sheet), *alone):
            page = book.add_worksheet(title)
            _draw_sheet(book, page, sheet_rows(sheet, school), len(sheet.lines))
            _lay_out(page, _HEAD)
        logbook = book.add_worksheet("Sổ ghi đầu bài")
        _draw_logbook(book, logbook, logbook_rows(attendance.logbook))
        _lay_out(logbook, 0)
    return buffer.getvalue()


def _draw_sheet(book: Any, page: Any, rows: Sequence[Row], pupils: int) -> None:
    """Each sign in a box of its own, so that a line is followed across 31 days."""
    title, plain = book.add_format({"bold": True}), None
    box = book.add_format({"border": 1, "align": "center"})
    name = book.add_format({"border": 1, "shrink": True})
    head = book.add_format(_HEAD_STYLE)
    day = book.add_format({**_HEAD_STYLE, "text_wrap": False, "rotation": 90})
    days = len(rows[_HEAD]) - 2 - len(_SUMS)
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            if number == _HEAD:
                style = day if 2 <= column < 2 + days else head  # noqa: PLR2004 - number and name
            elif _HEAD < number <= _HEAD + pupils:
                style = name if column == 1 else box
            else:
                style = title if number < _HEAD else plain
            write_cell(page, number, column, cell, style)
    page.set_row(_HEAD, 36)
    page.set_column(0, 0, 4)
    page.set_column(1, 1, 26)
    page.set_column(2, 1 + days, 3.6)
    page.set_column(2 + days, 1 + days + len(_SUMS), 6)


def _draw_logbook(book: Any, page: Any, rows: Sequence[Row]) -> None:
    """A line's names of pupils may be many: they are wrapped."""
    head = book.add_format(_HEAD_STYLE)
    line = book.add_format({"border": 1, "text_wrap": True, "valign": "top"})
    for number, row in enumerate(rows):
        write_row(page, number, row, line if number else head)
    for column, width in enumerate(_LOGBOOK_WIDTHS):
        page.set_column(column, column, width)


def _lay_out(page: Any, head: int) -> None:
    """On landscape A4, as wide as one page; the heads again on each."""
    page.set_landscape()
    page.set_paper(_A4)
    page.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.5)
    page.freeze_panes(head + 1, 2 if head else 0)
    page.fit_to_pages(1, 0)
    page.repeat_rows(head)
    page.set_footer("&C&P/&N")


def _months_of(sheet: ClassSheet) -> list[tuple[str, ClassSheet]]:
    """The sheet of each month alone, in order, by a name such as "Tháng 10-2026"."""
    months: dict[str, list[int]] = {}
    for at, day in enumerate(sheet.days):
        months.setdefault(day[:7], []).append(at)
    return [
        (f"Tháng {month[5:]}-{month[:4]}", _part_of(sheet, slice(places[0], places[-1] + 1)))
        for month, places in months.items()
    ]


def _part_of(sheet: ClassSheet, days: slice) -> ClassSheet:
    lines = tuple(line._replace(halves=line.halves[days]) for line in sheet.lines)
    return sheet._replace(days=sheet.days[days], lines=lines)
