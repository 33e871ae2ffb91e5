"""Every row of a class list is a pupil, or named with the reason why it is none."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.roster.plan import SchoolClass
from controller.roster.roll import PassedReason, Roll
from controller.roster.rules import Standing, class_in, standing_of
from controller.roster.sheet import read, read_sheets
from controller.sheets.cells import Worksheet
from controller.sheets.text import CELL_MESSAGES, Cause, Cell, Unreadable
from protocol.plan import Pupil

HEAD: list[Cell] = ["STT", "Mã học sinh", "Họ và tên", "Ngày sinh", "Trạng thái"]
# Rows as schools write them, and what they are to a person.
ROWS: dict[str, tuple[list[Cell], PassedReason | str]] = {
    "pupil": ([1.0, "HS1", "Nguyễn An", "01/02/2011", "Đang học"], "pupil"),
    "pupil without a state": ([2.0, "HS2", "Lê Bình"], "pupil"),
    "pupil called like a total": (["", "HS3", "Tống Văn Cộng", "", ""], "pupil"),
    "pupil without an id": ([3.0, "", "Trần Chi"], "refused"),
    "pupil of that name without an id": (["", "", "Tống Thị Dung", "01/02/2011"], "refused"),
    "personal number": ([4.0, "001122334455", "Vũ Em"], "refused"),
    "left": ([5.0, "HS5", "Lò Giang", "", "Chuyển trường"], PassedReason.LEFT),
    "left in other words": ([6.0, "HS6", "Lò Hà", "", "Đã thôi học"], PassedReason.LEFT),
    "nothing": ([], PassedReason.BLANK),
    "blanks": (["", " ", "\u00a0"], PassedReason.BLANK),
    "numbered in advance": ([7.0], PassedReason.BLANK),
    "heading again": ([*HEAD], PassedReason.HEADING),
    "total": (["", "", "Tổng số: 45 học sinh"], PassedReason.TOTAL),
    "sum": (["Cộng", "", "", 45.0], PassedReason.TOTAL),
    "total in the column of ids": (["", "Tổng cộng", "45"], PassedReason.TOTAL),
    "signature": (["", "", "Người lập danh sách", "", "Hiệu trưởng"], PassedReason.FOOTER),
    "day": (["", "", "", "Ngày 5 tháng 9 năm 2026"], PassedReason.FOOTER),
    "group": (["TỔ 1"], PassedReason.TITLE),
}


@pytest.mark.parametrize("name", [*ROWS])
def test_a_row_is_what_a_person_takes_it_for(name: str) -> None:
    """Judged by what it holds, not by a word that a name may begin with."""
    row, what = ROWS[name]
    roll = rolled([row])
    assert [*outcomes(roll).values()] == [what]


@given(st.lists(st.sampled_from([*ROWS]), max_size=30))
def test_each_row_of_the_file_ends_somewhere(names: list[str]) -> None:
    """Pupils, refused and passed rows are all rows, each once, in whatever order they stand."""
    roll = rolled([ROWS[name][0] for name in names])
    found = outcomes(roll)
    assert [found[place] for place in sorted(found)] == [ROWS[name][1] for name in names]
    assert [*sorted(found)] == [*range(2, len(names) + 2)]
    assert len(roll.entries) + len(roll.flaws) + len(roll.passed) == len(names)


def rolled(rows: list[list[Cell]]) -> Roll:
    """What a sheet of the class 10A1 with these rows gives."""
    roll = Roll()
    read_sheets([Worksheet("10A1", [HEAD, *rows])], Path("list.xlsx").name, roll, names=False)
    return roll


def outcomes(roll: Roll) -> dict[int, PassedReason | str]:
    """What became of each row, by its number."""
    return (
        {entry.row: "pupil" for entry in roll.entries}
        | {flaw.row: "refused" for flaw in roll.flaws}
        | {row.row: row.reason for row in roll.passed}
    )


@pytest.mark.parametrize(
    ("title", "code"),
    [
        ("DANH SÁCH HỌC SINH LỚP 10A1", "10A1"),
        ("LỚP 10 A1 - NĂM HỌC 2026-2027", "10 A1"),
        ("Lớp: 10A1   Sĩ số: 40", "10A1"),
        ("DANH SÁCH LỚP 12 CHUYÊN TOÁN NĂM HỌC 2026 - 2027", "12 CHUYÊN TOÁN"),
        ("Danh sách lớp 3/2, GVCN: cô Lan", "3/2"),
        ("LỚP 6A-1 (chính thức)", "6A-1"),
        ("lop hoc 9B GVCN Nguyễn Văn A", "9B"),
        ("DANH SÁCH CÁC LỚP KHỐI 10", ""),
        ("DANH SÁCH HỌC SINH NĂM HỌC 2026", ""),
        ("Lớp học số 5", ""),
        ("LỚP MẪU GIÁO", ""),
    ],
)
def test_a_title_names_its_class(title: str, code: str) -> None:
    """Of several words too; what stands behind it is no part of it."""
    assert class_in(title) == code


@pytest.mark.parametrize(
    ("words", "standing"),
    [
        ("", Standing.THERE),
        ("Đang học", Standing.THERE),
        ("Chuyển đến trong kỳ 1", Standing.THERE),
        ("active", Standing.THERE),
        ("Chuyển trường", Standing.LEFT),
        ("Đã chuyển đi", Standing.LEFT),
        ("xin thôi học", Standing.LEFT),
        ("Bỏ học", Standing.LEFT),
        ("Withdrawn", Standing.LEFT),
        ("K1", Standing.UNKNOWN),
    ],
)
def test_a_state_says_whether_a_pupil_is_there(words: str, standing: Standing) -> None:
    """What is not known takes nobody out of a class, and is told."""
    assert standing_of(words) is standing


def test_who_has_left_and_what_is_not_understood_is_told() -> None:
    """With how many, the word, and the rows."""
    roll = rolled([ROWS["left"][0], ROWS["group"][0], [1.0, "HS9", "An", "", "K1"]])
    told = {notice.code: notice.value for notice in roll.notices}
    assert told == {"pupils_left": "1", "rows_passed": "3", "state_unknown": "K1"}
    assert [entry.student for entry in roll.entries] == ["HS9"]


@pytest.mark.parametrize("cell", [Unreadable(cause, "Nguy?n V?n A") for cause in Cause])
def test_a_name_that_cannot_be_read_refuses_its_row_where_it_is_needed(cell: Unreadable) -> None:
    """To be kept, or for the order; a number and an id are enough where no name is kept."""
    numbered: list[Cell] = [1.0, "HS1", cell]
    unnumbered: list[Cell] = ["", "HS2", cell]
    found = {}
    for names in (False, True):
        roll = Roll()
        sheet = Worksheet("10A1", [HEAD, numbered, unnumbered])
        read_sheets([sheet], "list.xlsx", roll, names=names)
        found[names] = outcomes(roll)
        assert {flaw.code for flaw in roll.flaws} <= {*CELL_MESSAGES}
    assert found == {False: {2: "pupil", 3: "refused"}, True: {2: "refused", 3: "refused"}}


def test_a_name_with_lost_letters_takes_nobody_out_and_changes_no_name(tmp_path: Path) -> None:
    """Its row is refused by its number; a name that a file leaves out stays as well."""
    text = (
        "STT;Lớp;Mã học sinh;Họ và tên\n1;10A1;HS1;Nguy?n V?n A\n2;10A1;HS2;\n3;10A1;HS3;Lê Chi\n"
    )
    (path := tmp_path / "ds.csv").write_text(text, "utf-8")
    pupils = [Pupil(number=1, student="HS1", name="Nguyễn Văn A")]
    pupils.append(Pupil(number=2, student="HS2", name="Trần Bình"))
    roll = Roll()
    read(path, roll, today=date(2026, 9, 1), names=True)
    [told] = roll.classes(names=True, known=[SchoolClass(code="10A1", pupils=(*pupils,))])
    assert told.pupils == (*pupils, Pupil(number=3, student="HS3", name="Lê Chi"))
    assert [(flaw.row, flaw.code) for flaw in roll.flaws] == [(2, "cell_letters")]
    assert {notice.code for notice in roll.notices} == {"letters_lost", "nobody_left"}


def test_a_state_that_cannot_be_read_is_told() -> None:
    """It may say that the pupil has left: nobody takes it for "in the class" without a word."""
    roll = rolled([[1.0, "HS1", "An", "", Unreadable(Cause.LETTERS, "Chuy?n tr??ng")]])
    assert [(notice.code, notice.value) for notice in roll.notices] == [
        ("state_unknown", "Chuy?n tr??ng")
    ]


def test_a_class_in_several_writings_is_one_and_told() -> None:
    """A zero makes another one, which is told as well: nobody knows what the school means."""
    head: list[Cell] = ["Lớp", "Mã học sinh"]
    codes = ["10A1", "10a1", "10 A1", "10-A1", "10A01"]
    rows: list[list[Cell]] = [[code, f"HS{place}"] for place, code in enumerate(codes)]
    roll = Roll()
    read_sheets([Worksheet("", [head, *rows])], "list.csv", roll, names=False)
    roll.spell_alike()
    assert roll.counts() == {"10A01": 1, "10A1": 4}
    assert {notice.code: notice.value for notice in roll.notices} == {
        "class_writings": "10A1, 10a1, 10 A1, 10-A1",
        "classes_alike": "10A1, 10A01",
    }
