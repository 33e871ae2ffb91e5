"""A class's sheet is as the school's book has it, and no name in it becomes a formula."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from python_calamine import CalamineWorkbook

from controller.__main__ import main
from controller.access.store import access_log
from controller.attendance.halves import Half, HalfDay, RollState, half_of
from controller.attendance.papers import as_csv, as_xlsx, legend, name_of, sheet_rows
from controller.attendance.sheet import NOT_TAKEN, Attendance, days_of, laid_out
from controller.database.store import Store
from controller.features import keep_batch
from controller.fleet.records import AgentRecord, LessonRecord, RollRecord
from controller.roster.members import ClassMember
from controller.roster.plan import SchoolPlan
from protocol.language import translator
from protocol.messages import Ending
from protocol.model import AttendanceStatus
from protocol.plan import Bell, Booking, Holiday
from tests.controller.attendance.test_lessons import (
    AGENT,
    BEGAN,
    SCHOOL,
    ZONE,
    a_lesson,
    attendance_of,
    folded,
    lines,
    records_of,
)
from tests.databases import Database

NAMES = ("=1+1", "@SUM(A1)", "Trần Thị Ánh")


def told(names: tuple[str, ...] = NAMES) -> Attendance:
    members = tuple(
        ClassMember(class_code="10A1", number=number, student=student, name=name)
        for number, (student, name) in enumerate(zip("abc", names, strict=True), 1)
    )
    changes = records_of(a_lesson())
    days = days_of("2026-11-02", "2026-11-07")
    log, now = attendance_of(changes), datetime(2026, 11, 8, tzinfo=ZONE)
    return laid_out("10A1", days, members, [folded(changes)], log, plan=SchoolPlan(), now=now)


def test_the_sheet_has_a_column_a_day_and_the_schools_letters() -> None:
    """Number, name, days, sums; the logbook's line names who is away."""
    rows = CalamineWorkbook.from_filelike(io.BytesIO(as_xlsx(told(), "Trường Một")))
    sheet = rows.get_sheet_by_name("Điểm danh").to_python()
    assert [row[0] for row in sheet[:3]] == ["Trường Một", "Lớp 10A1", "Tháng 11/2026"]
    assert sheet[3][:4] == ["STT", "Họ và tên", "02/11", "03/11"]
    assert sheet[3][-4:] == ["Có phép", "Không phép", "Muộn", "Về sớm"]
    assert [(row[0], row[1], row[4], row[-4:]) for row in sheet[4:7]] == [
        (1.0, "=1+1", "·", [0.0, 0.0, 0.0, 0.0]),
        (2.0, "@SUM(A1)", "P", [1.0, 0.0, 0.0, 0.0]),
        (3.0, "Trần Thị Ánh", "M", [0.0, 0.0, 1.0, 0.0]),
    ]
    assert sheet[7][0].startswith("·: có mặt; P: vắng có phép")
    line = rows.get_sheet_by_name("Sổ ghi đầu bài").to_python()[1]
    assert line[1:] == [
        1.0,
        "Toán",
        "P203",
        3.0,
        2.0,
        1.0,
        "@SUM(A1) (P)",
        "tự kết thúc theo trống",
    ]


def a_record(day: str, period: int, **parts: Any) -> LessonRecord:
    told = {"how": Ending.TEACHER, "confirmed": True} | parts
    return LessonRecord(
        place=AGENT,
        lesson=f"{day} {period}",
        room="P203",
        classes=("10A1",),
        period=period,
        subject="Toán",
        substitute=False,
        day=day,
        began_ms=None,
        ended_ms=None,
        **told,
    )


def a_roll(lesson: LessonRecord, **marks: AttendanceStatus) -> RollRecord:
    [roll] = [
        one for one in attendance_of(records_of(a_lesson()))[:1] if isinstance(one, RollRecord)
    ]
    named = {"lesson": lesson.lesson, "day": lesson.day, "event_id": lesson.lesson}
    return replace(roll, lines=lines(**marks), hash="", before="", **named)


WEEK = SchoolPlan(
    bells=(
        Bell(period=1, begins="07:00", ends="07:45"),
        Bell(period=6, begins="13:00", ends="13:45"),
    ),
    holidays=(Holiday(name="Lễ", begins="2026-11-06", ends="2026-11-06"),),
    timetable=tuple(
        Booking(weekday=weekday, period=period, room="P203", classes=("10A1",))
        for weekday, period in ((1, 1), (1, 6), (2, 1), (3, 1), (4, 1), (5, 1), (6, 1))
    ),
)


def test_a_new_number_in_the_book_hides_no_day_without_a_roll() -> None:
    """Who was in the class with another number, or left and came back, was in it all the same."""
    spans = (("", "2026-11-03", 1), ("2026-11-03", None, 2))
    renumbered = tuple(
        ClassMember(class_code="10A1", number=number, student="a", since=since, until=until)
        for since, until, number in spans
    )
    now = datetime(2026, 11, 8, tzinfo=ZONE)
    days = days_of("2026-11-02", "2026-11-03")
    (line,) = laid_out("10A1", days, renumbered, (), (), plan=WEEK, now=now).sheet.lines
    assert line.number == 2
    assert line.halves == ((RollState.NOT_TAKEN,) * 2, (RollState.NOT_TAKEN,))


def test_present_no_roll_unconfirmed_and_no_lesson_are_four_things() -> None:
    """Each half-day by itself; before a pupil came, on a holiday and in what comes: nothing."""
    taken = a_record("2026-11-02", 1)
    unconfirmed = a_record("2026-11-03", 1, confirmed=False, how=Ending.BELL)
    running = a_record("2026-11-05", 1, confirmed=False, how=None)
    members = (
        ClassMember(class_code="10A1", number=1, student="a", name="An"),
        ClassMember(class_code="10A1", number=2, student="b", name="Bình", since="2026-11-03"),
        ClassMember(class_code="10A1", number=3, student="c", name="Chi", until="2026-11-03"),
    )
    days = days_of("2026-11-02", "2026-11-07")
    log = [a_roll(taken, a=AttendanceStatus.PRESENT, c=AttendanceStatus.LEFT_EARLY)]
    now = datetime(2026, 11, 5, 7, 30, tzinfo=ZONE)
    told = laid_out("10A1", days, members, [taken, unconfirmed, running], log, plan=WEEK, now=now)
    signs = {
        line.name: [told.sheet.sign(cells) for cells in line.halves] for line in told.sheet.lines
    }
    assert signs == {
        "An": [f"·/{NOT_TAKEN}", "?", NOT_TAKEN, NOT_TAKEN, "", ""],
        "Bình": ["", "?", NOT_TAKEN, NOT_TAKEN, "", ""],
        "Chi": [f"S/{NOT_TAKEN}", "", "", "", "", ""],
    }
    assert told.sheet.lines[2].count(AttendanceStatus.LEFT_EARLY) == 1
    assert told.sheet.lines[0].days[:2] == (AttendanceStatus.PRESENT, None)


@pytest.mark.parametrize(
    ("began", "half"),
    [
        ("2026-11-04T00:00:39", HalfDay.AFTERNOON),
        ("2026-11-04T02:59:59", HalfDay.AFTERNOON),
        ("2026-11-04T03:00:00", HalfDay.MORNING),
        ("2026-11-04T08:00:00", HalfDay.MORNING),
        ("2026-11-03T23:59:59", HalfDay.AFTERNOON),
        ("2026-11-03T11:59:59", HalfDay.MORNING),
        ("2026-11-03T00:00:00", HalfDay.MORNING),
        ("2026-11-02T23:59:59", HalfDay.MORNING),
        ("2026-11-02T21:00:00", HalfDay.MORNING),
        ("2026-11-02T20:59:59", HalfDay.AFTERNOON),
        ("2026-10-31T13:00:00", HalfDay.AFTERNOON),
    ],
)
def test_a_begin_that_an_estimate_put_over_midnight_stays_in_its_day(
    began: str, half: HalfDay
) -> None:
    """A roll has its lesson's day from the room; off by whole days, the time of day still tells."""
    began_ms = round(datetime.fromisoformat(began).replace(tzinfo=ZONE).timestamp() * 1000)
    lesson = replace(a_record("2026-11-03", 1), period=None, began_ms=began_ms)
    assert half_of(lesson, WEEK, ZONE) == Half("2026-11-03", half)


def test_absence_is_counted_by_half_days() -> None:
    """Two lessons of one morning are one, a morning and an afternoon are two."""
    taken = [a_record("2026-11-02", period) for period in (1, 2, 6)]
    away = AttendanceStatus.ABSENT_UNEXCUSED
    log = [a_roll(lesson, a=away) for lesson in taken]
    members = (ClassMember(class_code="10A1", number=1, student="a", name="An"),)
    bells = (*WEEK.bells, Bell(period=2, begins="07:50", ends="08:35"))
    plan = replace(WEEK, bells=bells)
    now = datetime(2026, 11, 8, tzinfo=ZONE)
    told = laid_out("10A1", ("2026-11-02",), members, taken, log, plan=plan, now=now)
    assert told.sheet.sign(told.sheet.lines[0].halves[0]) == "K/K"
    assert told.sheet.lines[0].count(away) == 2


def test_a_month_is_one_landscape_page_and_months_stand_in_order() -> None:
    """31 days as wide as an A4 lying down; a sheet over the year's end names December first."""
    made = told()
    days = days_of("2026-12-15", "2027-02-14")
    sheet = made.sheet._replace(days=days, lines=())
    assert sheet_rows(sheet, "Trường")[2] == ["Tháng 12/2026, 01/2027, 02/2027"]
    month = made._replace(
        sheet=made.sheet._replace(days=days_of("2026-10-01", "2026-10-31"), lines=())
    )
    with zipfile.ZipFile(io.BytesIO(as_xlsx(month, "Trường"))) as book:
        page = book.read("xl/worksheets/sheet1.xml").decode()
    assert 'orientation="landscape"' in page
    assert 'paperSize="9"' in page
    assert 'fitToHeight="0"' in page


def test_each_month_of_several_has_a_page_of_its_own() -> None:
    """Its days, signs and sums alone, after the sheet of all; one month is not told twice."""
    made = told()
    days = days_of("2026-10-20", "2026-12-05")
    halves = tuple(
        (AttendanceStatus.ABSENT_EXCUSED if day < "2026-11" else AttendanceStatus.LATE,)
        for day in days
    )
    lines = tuple(line._replace(halves=halves) for line in made.sheet.lines)
    longer = made._replace(sheet=made.sheet._replace(days=days, lines=lines))
    book = CalamineWorkbook.from_filelike(io.BytesIO(as_xlsx(longer, "Trường")))
    months = ["Tháng 10-2026", "Tháng 11-2026", "Tháng 12-2026"]
    assert book.sheet_names == ["Điểm danh", *months, "Sổ ghi đầu bài"]
    rows = [book.get_sheet_by_name(month).to_python() for month in months]
    assert [page[2][0] for page in rows] == ["Tháng 10/2026", "Tháng 11/2026", "Tháng 12/2026"]
    assert [(page[3][2], page[3][-5]) for page in rows] == [
        ("20/10", "31/10"),
        ("01/11", "30/11"),
        ("01/12", "05/12"),
    ]
    assert [page[4][-4:] for page in rows] == [[12, 0, 0, 0], [0, 0, 30, 0], [0, 0, 5, 0]]
    short = CalamineWorkbook.from_filelike(io.BytesIO(as_xlsx(made, "Trường")))
    assert short.sheet_names == ["Điểm danh", "Sổ ghi đầu bài"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_name_becomes_a_formula(start: str) -> None:
    """Neither in the text nor in the workbook."""
    made = told((f"{start}cmd", "b", "c"))
    text = io.StringIO(as_csv(made, f"{start}x").removeprefix("\ufeff"), newline="")
    cells = [cell for row in csv.reader(text) for cell in row]
    assert f"'{start}cmd" in cells
    assert not [cell for cell in cells if cell.startswith(start)]
    assert b"<f>" not in as_xlsx(made, f"{start}x")


def test_a_files_name_names_nobody() -> None:
    """Only the class and the first day."""
    assert name_of(told().sheet, "csv") == "diem-danh-10A1-2026-11-02.csv"


def test_the_commands_verify_export_find_and_erase(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A hand in the database ends verify with 1 and is named."""
    data = ["--data", str(tmp_path)]
    with Store(database.url) as store:
        store.write(keep_batch, [AgentRecord(place=AGENT), *records_of(a_lesson())], BEGAN)
    out = tmp_path / "out.csv"
    days = ["--class", "10A1", "--from", "2026-11-02", "--to", "2026-11-07"]
    assert main(["attendance", "export", *days, "--out", str(out), *data]) == 0
    assert "Lớp 10A1" in out.read_text("utf-8")
    assert main(["attendance", "find", "c", *data]) == 0
    assert len(json.loads(capsys.readouterr().out)["marks"]) == 4
    assert main(["attendance", "erase", "c", *data]) == 2
    assert main(["attendance", "erase", "c", "--yes", *data]) == 0
    capsys.readouterr()
    assert main(["attendance", "verify", "--json", *data]) == 0
    assert json.loads(capsys.readouterr().out)["erased"] == 4
    database.say("UPDATE rolls SET room = 'P999' WHERE event_id = 'e3'")
    assert main(["attendance", "verify", *data]) == 1
    line, signed, copies, seals, sums = capsys.readouterr().out.splitlines()
    assert signed == "0 bản ghi đã được chính máy lập ký, 5 bản ghi chưa có chữ ký."
    assert copies == "Không có bản sao hằng ngày nào để đối chiếu."
    assert line == "P999, 04/11/2026: bản ghi đã bị sửa sau khi được lập. [e3]"
    assert "chưa đối chiếu với sở" in seals.lower()
    assert sums == "5 bản ghi, 1 chỗ đứt, 4 có học sinh đã xóa."
    with Store(database.url) as store:
        assert len(store.read(access_log, SCHOOL)) == 3


def test_the_page_tells_the_signs_in_its_own_language() -> None:
    """On paper they stay as the school's book has them."""
    sheet = told().sheet
    english = legend(sheet, translator("en"))
    assert english.startswith("·: present; P: absent with leave; K: absent without leave")
    assert english.translate({ord(sign): "" for sign in ("·", NOT_TAKEN)}).isascii()
    assert sheet_rows(sheet, "Trường Một")[-1] == [legend(sheet, translator("vi"))]
