"""A workbook tells several parts on several sheets, with merged cells, times, days and numbers."""

from __future__ import annotations

import zipfile
from datetime import date, time
from pathlib import Path
from typing import Final

import xlsxwriter  # type: ignore[import-untyped]  # it ships no types

from controller.schedule.findings import Known, known_of
from controller.schedule.headings import Part
from controller.schedule.reading import read_schedule

KNOWN: Final[Known] = known_of([("10A1", "P203"), ("10A2", "P204")], (), ())


def test_a_workbook_of_all_parts(tmp_path: Path) -> None:
    """Times and days are cells of their own kind; a merged day holds for all its periods."""
    file = tmp_path / "tkb.xlsx"
    with xlsxwriter.Workbook(file) as book:
        clock = book.add_format({"num_format": "hh:mm"})
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        bells = book.add_worksheet("Giờ học")
        bells.write_row(0, 0, ["Tiết", "Bắt đầu", "Kết thúc"])
        bells.write_row(1, 0, [1])
        bells.write_datetime(1, 1, time(7, 15), clock)
        bells.write_number(1, 2, 8 / 24)
        terms = book.add_worksheet("Học kỳ")
        terms.write_row(0, 0, ["Học kỳ", "Từ ngày", "Đến ngày"])
        terms.write(1, 0, "I")
        terms.write_datetime(1, 1, date(2026, 9, 5), day)
        terms.write(1, 2, "17.01.2027")
        grid = book.add_worksheet("TKB")
        grid.merge_range(0, 0, 0, 3, "THỜI KHÓA BIỂU")
        grid.write_row(1, 0, ["Thứ", "Tiết", "10A1", "10A2"])
        grid.merge_range(2, 0, 3, 0, 2)
        grid.write_row(2, 1, [1])
        grid.merge_range(2, 2, 2, 3, "Chào cờ")
        grid.write_row(3, 1, [2, "Toán", "Văn"])
        old = book.add_worksheet("TKB cũ")
        old.write_row(0, 0, ["Thứ", "Tiết", "10A1"])
        old.write_row(1, 0, [2, 1, "Sử"])
        old.hide()
        book.add_worksheet("Ghi chú").write(0, 0, "Áp dụng từ tuần 5")
    reading = read_schedule(file, KNOWN)
    assert reading.refused == []
    schedule = reading.schedule
    assert [(each.begins, each.ends) for each in schedule.bells or ()] == [("07:15", "08:00")]
    assert [(each.begins, each.ends) for each in schedule.terms or ()] == [
        ("2026-09-05", "2027-01-17")
    ]
    lessons = {(each.period, *each.classes, each.subject) for each in schedule.timetable or ()}
    assert lessons == {
        (1, "10A1", "Chào cờ"),
        (1, "10A2", "Chào cờ"),
        (2, "10A1", "Toán"),
        (2, "10A2", "Văn"),
    }
    assert [sheet.part for sheet in reading.sheets] == [
        *(Part.BELLS, Part.TERMS, Part.TIMETABLE, None),
    ]
    told = {notice.code for notice in reading.notices}
    assert {"sheet_hidden", "sheet_left"} <= told


def test_what_a_workbook_made_of_a_value_is_refused(tmp_path: Path) -> None:
    """2-7 became a day, 2,5 a fraction, and a formula an error."""
    file = tmp_path / "gio.xlsx"
    with xlsxwriter.Workbook(file) as book:
        day = book.add_format({"num_format": "d-mmm"})
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Tiết", "Bắt đầu", "Kết thúc", "Các thứ"])
        sheet.write_row(1, 0, [1, "7h15", "8h00"])
        sheet.write_datetime(1, 3, date(2026, 7, 2), day)
        sheet.write_row(2, 0, [2, "8h05", "8h50", 2.5])
        sheet.write_row(3, 0, [3.5, 7.15, "9h45", "2-7"])
    assert [(each.row, each.column, each.code) for each in read_schedule(file).refused] == [
        (2, "D", "code_is_date"),
        (3, "D", "cell_is_fraction"),
        (4, "A", "cell_is_fraction"),
        (4, "B", "clock_unknown"),
    ]


def test_an_opendocument_sheet_is_read(tmp_path: Path) -> None:
    """As LibreOffice writes one."""
    cells = [["Thứ", "Tiết", "Phòng", "Lớp"], ["Thứ Hai", "1", "P203", "10A1"]]
    head = '<table:table-cell office:value-type="string"><text:p>'
    end = "</text:p></table:table-cell>"
    rows = "".join(
        "<table:table-row>" + "".join(f"{head}{cell}{end}" for cell in row) + "</table:table-row>"
        for row in cells
    )
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces} '
        'office:version="1.2"><office:body><office:spreadsheet><table:table table:name="TKB">'
        f"{rows}</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    file = tmp_path / "tkb.ods"
    with zipfile.ZipFile(file, "w") as out:
        out.writestr("mimetype", kind)
        out.writestr("content.xml", content)
        out.writestr(
            "META-INF/manifest.xml",
            "<manifest:manifest "
            'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
            f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
            "</manifest:manifest>",
        )
    reading = read_schedule(file)
    assert reading.refused == []
    (booking,) = reading.schedule.timetable or ()
    assert (booking.weekday, booking.period, booking.classes) == (1, 1, ("10A1",))
