"""A class's sheet is as the school's book has it, and no name in it becomes a formula."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from controller.__main__ import main
from controller.access.store import access_log
from controller.attendance.papers import as_csv, as_xlsx, name_of
from controller.attendance.sheet import Attendance, days_of, laid_out
from controller.database.store import Store
from controller.features import keep_batch
from controller.fleet.records import AgentRecord
from controller.roster.members import ClassMember
from tests.controller.attendance.test_lessons import (
    AGENT,
    BEGAN,
    SCHOOL,
    a_lesson,
    attendance_of,
    folded,
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
    return laid_out("10A1", days, members, [folded(changes)], attendance_of(changes), letters={})


def test_the_sheet_has_a_column_a_day_and_the_schools_letters() -> None:
    """Number, name, days, sums; the logbook's line names who is away."""
    rows = CalamineWorkbook.from_filelike(io.BytesIO(as_xlsx(told(), "Trường Một")))
    sheet = rows.get_sheet_by_name("Điểm danh").to_python()
    assert [row[0] for row in sheet[:3]] == ["Trường Một", "Lớp 10A1", "Tháng 11/2026"]
    assert sheet[3][:4] == ["STT", "Họ và tên", "02/11", "03/11"]
    assert sheet[3][-3:] == ["Có phép", "Không phép", "Muộn"]
    assert [(row[0], row[1], row[4], row[-3:]) for row in sheet[4:]] == [
        (1.0, "=1+1", "", [0.0, 0.0, 0.0]),
        (2.0, "@SUM(A1)", "P", [1.0, 0.0, 0.0]),
        (3.0, "Trần Thị Ánh", "M", [0.0, 0.0, 1.0]),
    ]
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
