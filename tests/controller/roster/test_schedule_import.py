"""Bells, terms, holidays, timetable and marks come in as a school writes them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from controller.__main__ import main
from controller.database.store import Store
from controller.roster.plan import SchoolPlan
from controller.roster.schedule import read_schedule
from controller.roster.store import plan_of
from controller.sheets.errors import SheetError
from protocol.model import AttendanceStatus, Place

REAL = sorted((Path(__file__).parents[3] / ".." / "shared" / "data" / "vn").glob("bell-*.csv"))


def kept(tmp_path: Path) -> SchoolPlan:
    with Store(f"sqlite:///{tmp_path / 'data' / 'lophoc.db'}") as store:
        return store.read(plan_of, Place())


def test_the_sample_files_can_be_brought_in(tmp_path: Path) -> None:
    """What the command gives to copy from is what it reads; a second time changes nothing."""
    folder, data = str(tmp_path / "s"), str(tmp_path / "data")
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
    bells = read_schedule(file).bells
    assert bells
    assert [each.period for each in bells] == [*range(1, len(bells) + 1)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("period,start,end\n1,08:00,07:15\n", "row_unreadable"),
        ("period,start,end\n1,7h15,8h00\n1,7h15,8h00\n", "row_unreadable"),
        ("period,start,end\n1,25:00,26:00\n", "row_unreadable"),
        ("period,start,end\n99,07:00,08:00\n", "row_unreadable"),
        ("thứ,tiết,phòng,lớp\n9,1,P203,10A1\n", "row_unreadable"),
        ("học kỳ,từ ngày,đến ngày\nI,31/02/2027,31/05/2027\n", "row_unreadable"),
        ("trạng thái,ký hiệu\nlạ,X\n", "row_unreadable"),
        ("một,hai\n1,2\n", "headings_unknown"),
    ],
)
def test_a_file_with_a_bad_row_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, code: str
) -> None:
    """Half a timetable would be worse than none."""
    file = tmp_path / "x.csv"
    file.write_text(text, "utf-8")
    with pytest.raises(SheetError) as told:
        read_schedule(file)
    assert told.value.code == code
    assert main(["schedule", "import", str(file), "--data", str(tmp_path / "d"), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["errors"][0]["code"] == code
    assert not (tmp_path / "d").exists()


def test_a_part_that_is_not_given_stays(tmp_path: Path) -> None:
    """New bells leave the timetable as it is."""
    main(["schedule", "sample", str(tmp_path / "s")])
    for path in (tmp_path / "s", tmp_path / "s" / "bells.csv"):
        assert main(["schedule", "import", str(path), "--data", str(tmp_path / "data")]) == 0
    assert len(kept(tmp_path).timetable) == 2
