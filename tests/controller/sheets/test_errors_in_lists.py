"""A cell in error is told by its row wherever it is read; it is no text and no empty cell."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest

from controller.department.reading import AREAS, ROOMS, SCHOOLS, read_list
from controller.register.reading import read_book
from controller.roster.oneroster import read_oneroster
from controller.roster.roll import Roll
from controller.roster.sheet import read
from tests.controller.sheets.written_grids import ERRORS

Rows = Sequence[Sequence[str]]
TODAY = date(2026, 9, 5)


class Told(NamedTuple):
    """What a reader made of a file: what it keeps of each row, by the row; rows that it names."""

    kept: dict[int, str]
    named: set[int]


def book(folder: Path, rows: Rows) -> Told:
    """An equipment book; what is wrong with a line is told with it."""
    found = read_book(_csv(folder / "so.csv", rows))
    at = [source.row for source in found.sources]
    kept = {row: str(line) for row, line in zip(at, found.lines, strict=True)}
    faults = {row for row, line in zip(at, found.lines, strict=True) if line.errors}
    return Told(kept, faults | {row.row for row in found.named if row.row > 1})


def pupils(folder: Path, rows: Rows) -> Told:
    """A class list, with the names."""
    roll = Roll()
    read(_csv(folder / "lop.csv", rows), roll, today=TODAY, names=True)
    passed = {row.row for row in roll.passed if row.row > 1}
    return Told(
        {one.row: str(one) for one in roll.entries}, {one.row for one in roll.flaws} | passed
    )


def listed(aliases: dict[str, tuple[str, ...]]) -> Callable[[Path, Rows], Told]:
    """A department's or a school's list."""

    def read_rows(folder: Path, rows: Rows) -> Told:
        found = read_list(_csv(folder / "ds.csv", rows), aliases)
        kept = {row.row: str(row.cells) for row in found.entries}
        return Told(kept, {flaw.row for flaw in found.flaws})

    return read_rows


BOOK = (
    ("STT", "Mã tài sản", "Tên thiết bị", "Hãng sản xuất", "Model", "Số sê-ri", "Phòng",
     "Năm sử dụng", "Số lượng", "Đơn giá", "Nguyên giá", "Nguồn vốn", "Tình trạng",
     "Bảo hành (tháng)"),
    ("1", "TS-1", "Máy chiếu", "Epson", "EB-X51", "X1", "P203", "2021", "1", "9000000", "9000000",
     "NSNN", "Tốt", "24"),
    ("2", "TS-2", "Bảng tương tác", "Samsung", "WM75", "W2", "P204", "2022", "1", "98000000",
     "98000000", "NSNN", "Tốt", "12"),
    ("3", "TS-3", "Máy in", "Canon", "LBP", "C3", "P205", "2020", "1", "3000000", "3000000", "NSNN",
     "Tốt", "36"),
)  # fmt: skip
PUPILS = (
    ("Mã lớp", "Mã định danh", "Họ và tên"),
    ("10A1", "0400000001", "Lò Thị Ánh"),
    ("10A1", "0400000002", "Vũ An"),
    ("10A1", "0400000003", "Hà Bình"),
)
AREA_LIST = (
    ("Mã xã", "Tên xã", "Loại", "Thuộc"),
    ("03646", "Tô Hiệu", "Phường", "14"),
    ("03661", "Chiềng Xôm", "xã", "14"),
    ("03662", "Chiềng An", "phường", "14"),
)
SCHOOL_LIST = (
    ("Mã trường", "Tên trường", "Cấp học", "Điểm trường"),
    ("00140701", "THCS Tô Hiệu", "THCS", "Bản Ái"),
    ("00140702", "TH Chiềng Xôm", "Tiểu học", "Bản Hụm"),
    ("00140703", "THPT Chuyên", "THPT", "Chính"),
)
ROOM_LIST = (
    ("Phòng", "Tòa nhà", "Điểm trường"),
    ("P203", "Nhà A", "Chính"),
    ("P204", "Nhà B", "Chính"),
    ("P205", "Nhà B", "Phụ"),
)
READERS: dict[str, tuple[Callable[[Path, Rows], Told], Rows]] = {
    "book": (book, BOOK),
    "pupils": (pupils, PUPILS),
    "areas": (listed(AREAS), AREA_LIST),
    "schools": (listed(SCHOOLS), SCHOOL_LIST),
    "rooms": (listed(ROOMS), ROOM_LIST),
}
UNNAMED = {("book", "STT")}  # a number of the book's own only orders its lines


def cases() -> Iterator[tuple[str, str, int, str]]:
    """Each reader, column and error, in one of its rows."""
    rows = itertools.cycle((2, 3, 4))
    for name, (_, table) in READERS.items():
        for column, error in itertools.product(table[0], ERRORS):
            if (name, column) not in UNNAMED:
                yield name, column, next(rows), error


@pytest.mark.parametrize("name", READERS)
def test_a_cell_in_error_is_named_in_each_column_of_each_list(tmp_path: Path, name: str) -> None:
    """Its row is told and the error is no text; the other rows are as they were."""
    read_rows, table = READERS[name]
    whole = read_rows(tmp_path, table)
    assert (sorted(whole.kept), whole.named) == ([2, 3, 4], set())
    for _, column, row, error in (case for case in cases() if case[0] == name):
        changed = [[*cells] for cells in table]
        changed[row - 1][table[0].index(column)] = error
        told = read_rows(tmp_path, changed)
        said = f"{column} {row} {error}: {told}"
        assert error not in str(told.kept), said
        assert row in told.named, said
        others = {at: text for at, text in told.kept.items() if at != row}
        assert others == {at: text for at, text in whole.kept.items() if at != row}, said


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("error", ERRORS)
def test_a_row_of_errors_is_not_passed_over(tmp_path: Path, name: str, error: str) -> None:
    """As where a formula's source was deleted: it is named, not taken for an empty row."""
    read_rows, table = READERS[name]
    told = read_rows(tmp_path, [*table, [error] * len(table[0])])
    assert 5 in told.named
    assert sorted(told.kept) == [2, 3, 4]


ONEROSTER = {
    "orgs.csv": "sourcedId,status,name,type,identifier\no1,,S,school,00140708\n",
    "classes.csv": "sourcedId,status,title,classCode,location,schoolSourcedId\nc1,,10A1,,P203,o1\n",
    "users.csv": "sourcedId,status,enabledUser,givenName,familyName,identifier\n"
    "u1,,true,Ánh,Lò,0400000001\nu2,,true,An,Vũ,0400000002\n",
    "enrollments.csv": "sourcedId,status,classSourcedId,userSourcedId,role\n"
    "e1,,c1,u1,student\ne2,,c1,u2,student\n",
}
_MANIFEST = "propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\n" + "".join(
    f"file.{name.removesuffix('.csv')},bulk\n" for name in ONEROSTER
)
# What is not read of them.
_UNREAD = {("orgs.csv", "name"), ("orgs.csv", "type"), ("enrollments.csv", "sourcedId")}


@pytest.mark.parametrize("error", ERRORS)
def test_a_cell_in_error_is_named_in_each_file_of_one_roster(error: str) -> None:
    """By its file and row; a pupil is not without a name or a class because of it."""
    for file, text in ONEROSTER.items():
        rows = [*csv.reader(io.StringIO(text))]
        for column in range(len(rows[0])):
            if (file, rows[0][column]) in _UNREAD:
                continue
            changed = [[*cells] for cells in rows]
            changed[1][column] = error
            files = ONEROSTER | {"manifest.csv": _MANIFEST, file: _text(changed)}
            raw = {name: own.encode() for name, own in files.items()}
            roll = Roll()
            read_oneroster(raw, roll, names=True, today=TODAY)
            said = f"{file} {rows[0][column]}: {roll}"
            assert error not in str(roll.entries), said
            named = {(flaw.file, flaw.row) for flaw in roll.flaws}
            named |= {(told.file, told.row) for told in roll.notices if told.code == "cell_error"}
            assert (file, 2) in named, said
            assert all(one.name and one.class_code for one in roll.entries), said


def _text(rows: Rows) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _csv(path: Path, rows: Rows) -> Path:
    path.write_text(_text(rows), "utf-8")
    return path
