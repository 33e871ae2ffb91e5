"""Bells, terms, holidays, timetable and marks come in as a school writes them."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from controller.__main__ import main
from controller.database.store import Store
from controller.features import keep_batch
from controller.roster.plan import SchoolPlan
from controller.roster.store import plan_of
from controller.schedule.reading import read_schedule
from controller.sheets.errors import SheetError
from protocol.model import AttendanceStatus, Place
from tests.controller.fresh import fresh_folder
from tests.controller.web_school import agent
from tests.databases import sqlite_in

REAL = sorted((Path(__file__).parents[3] / ".." / "shared" / "data" / "vn").glob("bell-*.csv"))


def kept(tmp_path: Path) -> SchoolPlan:
    with Store(sqlite_in(tmp_path / "data")) as store:
        return store.read(plan_of, Place())


def codes_of(file: Path) -> list[str]:
    """Why a file, or rows of it, cannot be used."""
    try:
        return [refused.code for refused in read_schedule(file).refused]
    except SheetError as error:
        return [error.code]


def test_the_sample_files_can_be_brought_in(tmp_path: Path) -> None:
    """What the command gives to copy from is what it reads; a second time changes nothing."""
    folder, data = str(tmp_path / "s"), str(fresh_folder(tmp_path / "data"))
    assert main(["schedule", "sample", folder]) == 0
    for _ in range(2):
        assert main(["schedule", "import", folder, "--data", data]) == 0
    plan = kept(tmp_path)
    assert plan.version == 1
    assert (plan.bells[0].begins, plan.bells[0].weekdays) == ("07:15", (1, 2, 3, 4, 5, 6))
    assert plan.terms[0].begins == "2026-09-05"
    assert plan.timetable[1].classes == ("10A1", "10A2")
    assert (plan.timetable[0].weekday, plan.timetable[1].weeks) == (1, "odd")
    assert plan.letters[AttendanceStatus.ABSENT_UNEXCUSED] == "K"


@pytest.mark.parametrize("file", REAL, ids=lambda each: each.stem)
def test_a_real_bell_schedule_is_read(file: Path) -> None:
    """Breaks and meals are no periods."""
    bells = read_schedule(file).schedule.bells
    assert bells
    assert [each.period for each in bells] == [*range(1, len(bells) + 1)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("period,start,end\n1,08:00,07:15\n", "end_before_start"),
        ("period,start,end\n1,7h15,8h00\n1,7h15,8h00\n", "bell_twice"),
        ("period,start,end\n1,25:00,26:00\n", "clock_unknown"),
        ("period,start,end\n99,07:00,08:00\n", "period_unknown"),
        ("thứ,tiết,phòng,lớp\n9,1,P203,10A1\n", "weekday_unknown"),
        ("học kỳ,từ ngày,đến ngày\nI,31/02/2027,31/05/2027\n", "day_unknown"),
        ("trạng thái,ký hiệu\nlạ,X\n", "status_unknown"),
        ("một,hai\n1,2\n", "headings_unknown"),
    ],
)
def test_a_file_with_a_bad_row_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, code: str
) -> None:
    """Half a timetable would be worse than none."""
    file = tmp_path / "x.csv"
    file.write_text(text, "utf-8")
    assert code in codes_of(file)
    assert main(["schedule", "import", str(file), "--data", str(tmp_path / "d"), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["errors"][0]["code"] == code
    assert not (tmp_path / "d").exists()


def test_a_part_that_is_not_given_stays(tmp_path: Path) -> None:
    """New bells leave the timetable as it is."""
    main(["schedule", "sample", str(tmp_path / "s")])
    fresh_folder(tmp_path / "data")
    for path in (tmp_path / "s", tmp_path / "s" / "bells.csv"):
        assert main(["schedule", "import", str(path), "--data", str(tmp_path / "data")]) == 0
    assert len(kept(tmp_path).timetable) == 2


TIMETABLE = (
    "thứ,tiết,phòng,lớp\n2,1,203,10A1\n2,2,Phòng học 203,10A1\n2,3,P305,10A1\n3,1,p.305,10A1\n"
)


@pytest.mark.parametrize(
    ("language", "words"),
    [("vi_VN.UTF-8", "Chưa có chương trình phòng học"), ("en_US.UTF-8", "No agent answers")],
    ids=["vi", "en"],
)
def test_rooms_that_no_agent_answers_to_are_named(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    language: str,
    words: str,
) -> None:
    """However the agent's room and the file's are written; each once, and nothing is refused."""
    monkeypatch.setenv("LC_ALL", language)
    (tmp_path / "data").mkdir()
    with Store(sqlite_in(tmp_path / "data")) as store:
        there = msgspec.structs.replace(agent("P.203"), place=Place("", "", "may-203"))
        store.write(keep_batch, [there], 1)
    file = tmp_path / "tkb.csv"
    file.write_text(TIMETABLE, "utf-8")
    command = ["schedule", "import", str(file), "--data", str(tmp_path / "data")]
    assert main(command) == 0
    told = capsys.readouterr().out
    assert words in told
    assert "P305." in told
    assert "203" not in told
    assert main([*command, "--json"]) == 0
    warnings = json.loads(capsys.readouterr().out)["warnings"]
    (warning,) = (each for each in warnings if each["code"] == "rooms_without_agent")
    assert (warning["file"], warning["code"]) == ("tkb.csv", "rooms_without_agent")
    assert len(kept(tmp_path).timetable) == 4


def test_two_lessons_of_one_room_at_one_time_are_told(tmp_path: Path) -> None:
    """Also where the file writes the room in two ways."""
    file = tmp_path / "tkb.csv"
    file.write_text("thứ,tiết,phòng,lớp\n2,1,203,10A1\n2,1,P.203,10A2\n", "utf-8")
    (refused,) = read_schedule(file).refused
    assert (refused.code, refused.row, refused.value) == ("room_twice", 3, "2")


def test_a_vietnamese_reader_is_told_in_vietnamese(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What became of the rows, what is kept, and where something is wrong."""
    monkeypatch.setenv("LC_ALL", "vi_VN.UTF-8")
    file = tmp_path / "tkb.csv"
    file.write_text("TKB,,,\n" + TIMETABLE, "utf-8")
    command = ["schedule", "import", str(file), "--dry-run", "--data", str(tmp_path / "d")]
    assert main(command) == 0
    told = capsys.readouterr().out
    assert "tkb.csv: 6 dòng, đọc được 4; tiêu đề: 1; dòng đầu bảng: 1" in told
    assert "Thời khóa biểu: 4" in told
    file.write_text(TIMETABLE.replace("\n3,", "\n9,"), "utf-8")
    assert main(command) == 1
    assert "tkb.csv A5: Đây không phải thứ trong tuần" in capsys.readouterr().err
    assert not (tmp_path / "d").exists()


def test_two_files_of_one_part_are_refused(tmp_path: Path) -> None:
    """Which of two timetables holds is not guessed."""
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text(TIMETABLE, "utf-8")
    with pytest.raises(SheetError) as refused:
        read_schedule(tmp_path)
    assert (refused.value.code, refused.value.values) == ("part_twice", {"files": "a.csv, b.csv"})
