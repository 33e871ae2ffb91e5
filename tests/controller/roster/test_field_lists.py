"""Class lists that went wrong in the field give the right answer, or a refusal that says why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from controller.__main__ import main
from tests.controller.fresh import fresh_folder

FIELD = Path(__file__).parents[3] / ".." / "shared" / "data" / "field" / "sheets"


@pytest.fixture(autouse=True)
def school(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the exports' school; where the field's files are."""
    if not FIELD.exists():
        pytest.skip("the shared data is not here")
    monkeypatch.setenv("LOPHOC_CONTROLLER_SCHOOL", "00140708")
    monkeypatch.setenv("LOPHOC_CONTROLLER_PROVINCE", "14")


def bring(name: str, data: Path, capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, Any]:
    """What the import tells of a file of the field."""
    capsys.readouterr()
    main(["roster", "import", str(FIELD / name), "--data", str(data), "--json", *more])
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


@pytest.mark.parametrize(
    ("name", "classes", "warning"),
    [
        ("r01-name-merged-two-columns.xlsx", {"10A1": 3}, ""),
        ("r02-class-with-space.xlsx", {"10 A1": 2}, ""),
        ("r04-status-left.xlsx", {"10A1": 2}, "pupils_left"),
        ("r05-class-merged.xlsx", {"10A1": 4}, ""),
        ("r08-class-spellings.xlsx", {"10A01": 1, "10A1": 5}, "class_writings"),
        ("o02-enrolment-ended.zip", {"10A1": 2}, "enrolment_ended"),
        ("o04-disabled-user.zip", {"10A1": 2}, "user_disabled"),
        ("o14-org-type-case.zip", {"10A1": 3}, ""),
    ],
)
def test_a_list_of_the_field_is_read_as_a_person_reads_it(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    classes: dict[str, int],
    warning: str,
) -> None:
    """With a word on what a person should know."""
    report = bring(name, tmp_path, capsys, "--dry-run")
    assert report["classes"] == classes
    assert not warning or warning in {each["code"] for each in report["warnings"]}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("o05-identifier-blank.zip", "identifier_blank"),
        ("o09-two-exports.zip", "file_twice"),
        ("fuzzbad-oneroster.zip", "damaged"),
    ],
)
def test_a_list_that_cannot_be_read_is_refused_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, code: str
) -> None:
    """As a whole, with nothing kept."""
    report = bring(name, tmp_path, capsys, "--dry-run")
    assert [each["code"] for each in report["errors"]] == [code]


def test_merged_names_are_whole_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The heading is merged over the family's name and the given name."""
    data = fresh_folder(tmp_path / "data")
    bring("r01-name-merged-two-columns.xlsx", data, capsys, "--names")
    main(["students", "find", "HS0", "--data", str(data)])
    assert "Nguyễn Văn Út" in capsys.readouterr().out


def test_known_pupils_stay_where_their_rows_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And where the list is shorter a person is asked first."""
    data = fresh_folder(tmp_path / "data")
    assert bring("z1.csv", data, capsys)["classes"] == {"10A1": 3}
    report = bring("z4.csv", data, capsys, "--yes")
    assert {each["code"] for each in report["warnings"]} >= {"nobody_left"}
    main(["roster", "show", "--data", str(data)])
    assert capsys.readouterr().out.split("\t")[::2] == ["10A1", "3\n"]
    report = bring("z3.csv", data, capsys)
    assert [each["code"] for each in report["errors"]] == ["changes_asked"]
    main(["roster", "show", "--data", str(data)])
    assert capsys.readouterr().out.split("\t")[::2] == ["10A1", "3\n"]
