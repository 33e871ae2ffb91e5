"""Lists of areas, schools and rooms come in from dirty files; mergers by command, with undo."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from controller.__main__ import main
from controller.areas import store as areas
from controller.areas.areas import Area, Atlas, SchoolFacts
from controller.database.plan_version import version_of
from controller.database.store import Store
from controller.department.reading import AREAS, SCHOOLS, day_of, read_list
from controller.inventory.asset import Spot
from controller.inventory.store import spots_of
from controller.sheets.errors import SheetError
from controller.sheets.text import RefusedError
from protocol.model import Place
from tests.controller.fresh import fresh_folder
from tests.controller.web_department import fill, line
from tests.databases import sqlite_in

OWN = Place("14", "so-gddt")
AREA_FILE = (
    "SỞ GIÁO DỤC VÀ ĐÀO TẠO SƠN LA\n\nMã xã;Tên xã;Loại;Thuộc;Sáp nhập vào;Đến ngày\n"
    "03646;Tô Hiệu;Phường;14;;\n03661;Chiềng Xôm;xã;14;03646;01/07/2025\nTổng cộng;2;;;;\n"
)
SCHOOL_FILE = (
    "STT;Mã trường;Tên trường;Cấp học;Xã/phường;Điểm trường\n"
    "1;00140701;THCS Tô Hiệu;THCS;phường Tô Hiệu;\n"
    '2;00140702;TH Chiềng Xôm;Tiểu học;03661;"Bản Ái; Bản Hụm"\n'
    "3;00140703;THPT Chuyên;THPT;Mường La;\n"
    "4;;Trường không mã;;;\n"
    "5;00140701;THCS Tô Hiệu (lặp);;;\n"
    ";Người lập biểu;;;;\n"
)
Run = Callable[..., dict[str, Any]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command of the department's; gives its exit code and what it told."""
    monkeypatch.setenv("LOPHOC_CONTROLLER_SCHOOL", OWN.school)
    monkeypatch.setenv("LOPHOC_CONTROLLER_PROVINCE", OWN.province)
    fresh_folder(tmp_path / "data")

    def told(*words: str) -> dict[str, Any]:
        capsys.readouterr()
        code = main([*words, "--data", str(tmp_path / "data")])
        out, err = capsys.readouterr()
        return {"code": code, "out": out, "err": err}

    return told


def written(folder: Path, name: str, text: str, encoding: str = "utf-8") -> str:
    path = folder / name
    path.write_text(text, encoding)
    return str(path)


def kept(folder: Path) -> tuple[Atlas, dict[str, SchoolFacts]]:
    """What the department knows."""
    with Store(sqlite_in(folder / "data")) as store, store.view() as db:
        return areas.atlas_of(db, "14"), dict(areas.facts_of(db, "14"))


def test_areas_and_schools_come_in_from_what_offices_keep(tmp_path: Path, run: Run) -> None:
    """Titles, totals, signatures, names or codes of areas, an area that nobody listed."""
    assert run("areas", "import", written(tmp_path, "xa.csv", AREA_FILE))["code"] == 0
    told = run("schools", "import", written(tmp_path, "truong.csv", SCHOOL_FILE), "--json")
    report = json.loads(told["out"])
    assert report["rows"] == 3
    assert [(each["row"], each["code"]) for each in report["errors"]] == [
        (5, "code_missing"),
        (6, "code_twice"),
    ]
    assert [each["code"] for each in report["warnings"]] == ["area_unknown"]
    atlas, facts = kept(tmp_path)
    assert [each.code for each in atlas.standing("2026-01-01")] == ["Mường La", "03646"]
    assert facts["00140701"].level == "THCS"
    assert [atlas.area_of(code, "2026-01-01") for code in sorted(facts)] == [
        "03646",
        "03646",
        "Mường La",
    ]
    assert atlas.area_of("00140702", "2025-06-30") == "03661"
    assert atlas.areas["03646"] == Area(code="03646", name="Tô Hiệu", kind="Phường", parent="14")
    errors = (tmp_path / "truong.csv.errors.csv").read_text("utf-8-sig").splitlines()
    assert len(errors) == 3
    assert errors[1].startswith("4;;Trường không mã")


def test_the_same_file_twice_changes_nothing_and_a_trial_writes_nothing(
    tmp_path: Path, run: Run
) -> None:
    """The trial tells the same; the second time there is nothing to do."""
    path = written(tmp_path, "xa.csv", AREA_FILE)
    told = [
        json.loads(run("areas", "import", path, "--json", *more)["out"])["changed"]
        for more in (["--dry-run"], ["--dry-run"], [], [])
    ]
    assert told == [3, 3, 3, 0]


def test_a_running_controller_notices_what_was_brought_in(tmp_path: Path, run: Run) -> None:
    """The version of the department's plan grows with each change, and only then."""
    path = written(tmp_path, "xa.csv", AREA_FILE)
    versions = []
    for words in (
        ["areas", "import", path],
        ["areas", "import", path],
        ["areas", "retire", "03646"],
    ):
        run(*words)
        with Store(sqlite_in(tmp_path / "data")) as store, store.view() as db:
            versions.append(version_of(db, OWN))
    assert versions == [1, 1, 2]


def test_workbooks_hold_days_and_numbers(tmp_path: Path) -> None:
    """A day is a day, and a code that Excel made a number of is told."""
    path = tmp_path / "xa.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("Xã")
        sheet.write_row(0, 0, ["DANH SÁCH"])
        sheet.write_row(1, 0, ["Mã xã", "Tên xã", "Từ ngày"])
        sheet.write_row(2, 0, [3646, "Tô Hiệu"])
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        sheet.write_datetime(2, 2, dt.datetime(2025, 7, 1), day)  # noqa: DTZ001 - a cell has no zone
    listed = read_list(path, AREAS)
    assert listed.entries[0].cells == {"code": "3646", "name": "Tô Hiệu", "since": "2025-07-01"}
    assert [each.code for each in listed.notices] == ["code_is_number"]


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("01/07/2025", "2025-07-01"),
        ("1.7.2025", "2025-07-01"),
        ("2025-7-1", "2025-07-01"),
        ("", ""),
    ],
)
def test_days_are_read_as_vietnamese_write_them(cell: str, day: str) -> None:
    """The day stands before the month."""
    assert day_of(cell) == day


@pytest.mark.parametrize("cell", ["31/02/2025", "07/2025", "hôm qua", 2025.0])
def test_what_is_no_day_is_refused(cell: str | float) -> None:
    """Nothing is guessed."""
    with pytest.raises(RefusedError):
        day_of(cell)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1258"])
def test_any_encoding_of_an_office_is_read(tmp_path: Path, encoding: str) -> None:
    """With a BOM, in UTF-16, in Windows-1258."""
    text = "Ma truong,Tên truong\n00140701,Truong A\n"
    listed = read_list(Path(written(tmp_path, "a.csv", text, encoding)), SCHOOLS)
    assert listed.entries[0].cells["code"] == "00140701"


def test_a_list_without_a_heading_is_refused(tmp_path: Path, run: Run) -> None:
    """It says which column it looked for."""
    path = written(tmp_path, "a.csv", "xin chào;bạn\n1;2\n")
    with pytest.raises(SheetError):
        read_list(Path(path), SCHOOLS)
    told = run("schools", "import", path)
    assert told["code"] == 1
    assert "ma truong" in told["err"]


def test_a_merger_is_kept_told_and_taken_back(tmp_path: Path, run: Run) -> None:
    """Retiring is a merger into nothing; both have numbers, a day and who did it."""
    run("schools", "import", written(tmp_path, "a.csv", SCHOOL_FILE))
    assert run("schools", "merge", "00140702", "00140701", "--since", "01/08/2026")["code"] == 0
    assert run("schools", "retire", "00140703", "--since", "2026-08-15")["code"] == 0
    atlas, _ = kept(tmp_path)
    days = ("2026-07-31", "2026-08-01")
    assert [atlas.heir_of("00140702", day) for day in days] == ["00140702", "00140701"]
    assert atlas.heir_of("00140703", "2026-09-01") == ""
    assert run("schools", "undo", "1")["code"] == 0
    lines = run("schools", "history")["out"].splitlines()
    assert [line.split("\t")[:3] for line in lines] == [
        ["1", "2026-08-01", "00140702"],
        ["2", "2026-08-15", "00140703"],
    ]
    assert kept(tmp_path)[0].heir_of("00140702", "2026-09-01") == "00140702"


@pytest.mark.parametrize(
    "words",
    [
        ["schools", "merge", "A", "A"],
        ["schools", "merge", "A", "B", "--since", "mai"],
        ["schools", "undo", "7"],
        ["areas", "undo", "1"],
    ],
)
def test_what_cannot_be_is_refused(run: Run, words: list[str]) -> None:
    """With the settings' exit code and a sentence; an area's undo touches no school's merger."""
    run("schools", "retire", "X")
    told = run(*words)
    assert told["code"] == 2
    assert told["err"].startswith("lophoc-controller: ")


def test_rooms_have_their_building_and_site(tmp_path: Path, run: Run) -> None:
    """A room is the same however it is written; importing again changes nothing."""
    text = "Phòng;Dãy nhà;Điểm trường\nPhòng 203;Nhà A;Trung tâm\n6A1;;Bản Ái\n"
    path = written(tmp_path, "phong.csv", text)
    told = [json.loads(run("rooms", "import", path, "--json")["out"])["changed"] for _ in range(2)]
    assert told == [2, 0]
    with Store(sqlite_in(tmp_path / "data")) as store, store.view() as db:
        spots = spots_of(db, OWN)
    assert sorted(spots.values()) == [Spot("Bản Ái", ""), Spot("Trung tâm", "Nhà A")]


def test_a_merger_of_what_nobody_knows_is_refused_with_what_was_meant(
    tmp_path: Path, run: Run
) -> None:
    """A code that lost its zeros is named; nothing is kept."""
    run("schools", "import", written(tmp_path, "truong.csv", SCHOOL_FILE))
    told = run("schools", "merge", "140701", "00140702")
    assert told["code"] == 2
    assert "00140701" in told["err"]
    assert run("schools", "merge", "00140701", "140702")["code"] == 2
    assert run("schools", "history")["out"] == ""


def test_a_trial_of_a_merger_tells_what_the_figures_become_and_keeps_nothing(
    tmp_path: Path, run: Run
) -> None:
    """Of both schools, before and after."""
    run("schools", "import", written(tmp_path, "truong.csv", SCHOOL_FILE))
    with Store(sqlite_in(tmp_path / "data")) as store:
        fill(store, [line("00140701", 1), line("00140702", 1), line("00140702", 2)])
    told = run("schools", "merge", "00140701", "00140702", "--dry-run")["out"]
    assert [part.split(":")[0] for part in told.splitlines()[:2]] == ["00140701", "00140702"]
    assert [int(word) for word in told.split() if word.isdigit()][:5] == [1, 100, 0, 2, 100]
    assert run("schools", "history")["out"] == ""
