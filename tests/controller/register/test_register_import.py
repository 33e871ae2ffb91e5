"""Equipment books come in from dirty files, one trap each."""

from __future__ import annotations

import csv
import json
import os
import unicodedata
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from controller.__main__ import main
from controller.database.store import Store
from controller.features import adopt_plan
from controller.register import store as register
from controller.register.book import Line
from controller.register.merging import Answers, Kept, MergeVerdict, merged
from controller.register.pairing import told_fields
from controller.register.reading import read_book
from protocol.model import Place
from tests.controller.fresh import fresh_folder

PLACE = Place("14", "00140708")
TITLES = ["SỞ GIÁO DỤC VÀ ĐÀO TẠO SƠN LA", "SỔ THIẾT BỊ NĂM HỌC 2026-2027", ""]
HEAD = [
    "STT", "Mã tài sản", "Tên thiết bị", "Hãng sản xuất", "Kiểu máy (model)", "Số sê-ri", "Phòng",
    "Năm đưa vào sử dụng", "Nguyên giá (VNĐ)", "Nguồn vốn", "Tình trạng",
]  # fmt: skip
BOARD = [
    "1", "TS-0001", "Bảng tương tác", "Samsung", "WM75B", "0012345", "P203", "2021", "98.500.000",
    "NSNN", "Tốt",
]  # fmt: skip
CAMERA = [
    "2", "TS-0002", "CAMERA LỚP HỌC", "HIKVISION", "", "DS-2CD", "Phòng 203", "09/2022",
    "1.850.000,00", "xã hội hóa", "Hỏng",
]  # fmt: skip
TOTAL = ["", "Tổng cộng", "", "", "", "", "", "", "100.350.000", "", ""]
SIGNED = ["", "Người lập biểu", "", "", "Hiệu trưởng", "", "", "", "", "", ""]
Rows = list[list[Any]]


@pytest.fixture
def bring(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Any:
    """Run the import on a file; gives its report."""
    monkeypatch.setenv("LOPHOC_CONTROLLER_SCHOOL", PLACE.school)
    monkeypatch.setenv("LOPHOC_CONTROLLER_PROVINCE", PLACE.province)
    fresh_folder(tmp_path / "data")

    def run(path: Path, *more: str) -> dict[str, Any]:
        capsys.readouterr()
        data = str(tmp_path / "data")
        code = main(["register", "import", str(path), "--data", data, "--json", *more])
        told: dict[str, Any] = json.loads(capsys.readouterr().out)
        assert code == (0 if told["rows"] else 1)
        names = ["rows", "title_rows_skipped", "total_row_skipped", "items", "warnings"]
        assert [*told] == names
        return told

    return run


def url_at(tmp_path: Path) -> str:
    """The database that commands use: the test's own, or the data folder's file."""
    file = tmp_path / "data" / "lophoc.db"
    return os.environ.get("LOPHOC_CONTROLLER_DATABASE") or f"sqlite:///{file}"


def kept(tmp_path: Path) -> list[Kept]:
    with Store(url_at(tmp_path)) as store, store.view() as db:
        return [each for each in register.lines_of(db, PLACE) if each.removed_ms is None]


def as_csv(path: Path, rows: Rows, *, sep: str = ";", encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=sep).writerows(rows)
    return path


def as_xlsx(path: Path, **sheets: Rows) -> Path:
    with xlsxwriter.Workbook(path) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return path


def dirty() -> Rows:
    return [*([each] for each in TITLES), HEAD, BOARD, CAMERA, TOTAL, SIGNED]


def codes(report: dict[str, Any]) -> list[str]:
    return [each["code"] for each in report["warnings"]]


def test_a_dirty_book_loads_with_every_field(tmp_path: Path, bring: Any) -> None:
    """Titles above, total and signatures below, money and rooms as they are written."""
    report = bring(as_csv(tmp_path / "a.csv", dirty()))
    skipped = (report["title_rows_skipped"], report["total_row_skipped"])
    assert (report["rows"], *skipped, report["warnings"]) == (2, 3, True, [])
    board, camera = report["items"]
    assert board == {
        "row": 1, "asset_tag": "TS-0001", "type": "board", "name": "Bảng tương tác",
        "maker": "Samsung", "model": "WM75B",
        "serial": "0012345", "room": "P203", "year": 2021, "quantity": None,
        "unit_cost_vnd": None, "cost_vnd": 98_500_000,
        "funding": "NSNN", "condition": "good", "errors": [],
        "warranty_months": None, "warranty_until": "",
    }  # fmt: skip
    told = [camera[name] for name in ("type", "maker", "room", "year", "cost_vnd", "condition")]
    assert told == ["camera", "Hikvision", "P203", 2022, 1_850_000, "broken"]


@pytest.mark.parametrize("sep", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_delimiter_and_mark_is_read_alike(
    tmp_path: Path, bring: Any, sep: str, encoding: str
) -> None:
    """What parts the cells is found out, and a byte order mark is no part of the heading."""
    report = bring(as_csv(tmp_path / "a.csv", dirty(), sep=sep, encoding=encoding), "--dry-run")
    assert [each["serial"] for each in report["items"]] == ["0012345", "DS-2CD"]


def test_windows_1258_is_read_with_a_warning(tmp_path: Path, bring: Any) -> None:
    """Old Excel writes Vietnamese so: marks come after their letters."""
    path = tmp_path / "a.csv"
    as_csv(path, dirty())
    text = path.read_text("utf-8")
    apart = "".join(_of_1258(each) for each in text)
    path.write_bytes(apart.encode("cp1258"))
    report = bring(path)
    assert codes(report) == ["encoding_1258"]
    assert [each["type"] for each in report["items"]] == ["board", "camera"]
    assert report["items"][1]["funding"] == "xã hội hóa"


def _of_1258(letter: str) -> str:
    """The letter as the code page has it: the tone apart, the rest in one."""
    try:
        letter.encode("cp1258")
    except UnicodeEncodeError:
        *bases, tone = unicodedata.normalize("NFD", letter)
        tones = "\u0300\u0301\u0303\u0309\u0323"
        if tone not in tones:  # ậ is a, dot, circumflex in NFD
            tone, bases = bases[1], [bases[0], tone]
        return unicodedata.normalize("NFC", "".join(bases)) + tone
    return letter


def test_headings_in_separate_marks_are_known(tmp_path: Path, bring: Any) -> None:
    """A Mac writes NFD; the values come out in NFC."""
    path = tmp_path / "a.csv"
    as_csv(path, dirty())
    path.write_text(unicodedata.normalize("NFD", path.read_text("utf-8")), "utf-8")
    report = bring(path)
    assert report["items"][1]["funding"] == unicodedata.normalize("NFC", "xã hội hóa")
    assert report["warnings"] == []


def test_english_headings_are_known(tmp_path: Path, bring: Any) -> None:
    """As Snipe-IT and others write them; without numbers of its own the sheet's rows count."""
    head = ["Asset Tag", "Category", "Manufacturer", "Model Name", "Serial Number", "Location",
            "Purchase Cost"]  # fmt: skip
    row = ["TS-1", "Interactive board", "smart", "MX", "00140708", "Room 203", "98,500,000.00"]
    report = bring(as_csv(tmp_path / "a.csv", [head, row], sep=","))
    (item,) = report["items"]
    told = [item[name] for name in ("row", "asset_tag", "type", "maker", "serial", "room")]
    assert told == [2, "TS-1", "board", "SMART", "00140708", "P203"]
    assert item["cost_vnd"] == 98_500_000


def test_a_workbook_is_read_like_a_csv(tmp_path: Path, bring: Any) -> None:
    """Numbers and text in its cells; a sheet without a heading is none of the book."""
    rows = [*([each] for each in TITLES), HEAD, [1, *BOARD[1:7], 2021, 98_500_000, "", ""], TOTAL]
    report = bring(as_xlsx(tmp_path / "a.xlsx", Bia=[["Bìa"]], So=rows))
    (item,) = report["items"]
    assert (item["serial"], item["year"], item["cost_vnd"]) == ("0012345", 2021, 98_500_000)
    assert (report["title_rows_skipped"], report["total_row_skipped"]) == (3, True)


def test_a_date_cell_gives_the_year_and_spoils_a_serial(tmp_path: Path, bring: Any) -> None:
    """Excel makes a date of 1-2: it is not kept as another serial."""
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        date = book.add_format({"num_format": "dd/mm/yyyy"})
        sheet.write_row(0, 0, HEAD)
        sheet.write_row(1, 0, BOARD)
        sheet.write_number(1, 7, 44197, date)  # 2021-01-01
        sheet.write_number(1, 5, 44197, date)
    (item,) = bring(path)["items"]
    assert (item["year"], item["serial"]) == (2021, "")
    assert [(each["field"], each["code"]) for each in item["errors"]] == [
        ("serial", "code_is_date")
    ]


def test_a_serial_that_is_a_number_in_the_sheet_is_told(tmp_path: Path, bring: Any) -> None:
    """Its zeros are gone before we see it; what Excel rounded is refused."""
    other = ["2", "TS-2", "Camera", "", "", 4.5e15, *BOARD[6:]]
    report = bring(as_xlsx(tmp_path / "a.xlsx", A=[HEAD, [*BOARD[:5], 12345, *BOARD[6:]], other]))
    assert codes(report) == ["code_is_number"]
    assert [each["serial"] for each in report["items"]] == ["12345", ""]
    assert report["items"][1]["errors"][0]["code"] == "code_rounded"


def test_blanks_are_allowed(tmp_path: Path, bring: Any) -> None:
    """Furniture has no serial, and who knows the year."""
    row = ["1", "", "Bàn ghế học sinh", "", "", "không có", "P203", "", "", "", ""]
    (item,) = bring(as_csv(tmp_path / "a.csv", [HEAD, row]))["items"]
    told = [item[name] for name in ("asset_tag", "type", "serial", "year", "cost_vnd", "errors")]
    assert told == ["", "desk", "", None, None, []]


def test_the_total_row_is_no_item_and_a_telephone_exchange_is(tmp_path: Path, bring: Any) -> None:
    """Tổng cộng sums up, Tổng đài rings; sums between the rooms are no items either."""
    phone = ["3", "TS-3", "Tổng đài điện thoại", *CAMERA[3:]]
    between = ["", "", "Cộng phòng P203", "", "", "", "", "", "100.350.000", "", ""]
    rows = [HEAD, BOARD, between, CAMERA, phone, TOTAL, SIGNED]
    report = bring(as_csv(tmp_path / "a.csv", rows))
    assert [each["row"] for each in report["items"]] == [1, 2, 3]
    assert report["total_row_skipped"] is True


def test_names_under_the_total_are_signatures(tmp_path: Path, bring: Any) -> None:
    """Whichever columns they stand in; a numbered line behind a sum is an item."""
    names = ["", "Nguyễn Văn A", "", "", "Trần Thị B", "", "", "", "", "", ""]
    report = bring(as_csv(tmp_path / "a.csv", [HEAD, BOARD, TOTAL, CAMERA, TOTAL, names]))
    assert [each["asset_tag"] for each in report["items"]] == ["TS-0001", "TS-0002"]
    assert report["warnings"] == []


def test_rows_of_titles_and_column_numbers_are_no_items(tmp_path: Path, bring: Any) -> None:
    """I. PHÒNG HỌC, and (1) (2) (3) under the heading."""
    numbers = [f"({number})" for number in range(1, len(HEAD) + 1)]
    part = ["I", "", "PHÒNG HỌC THÔNG MINH", *[""] * 8]
    report = bring(as_csv(tmp_path / "a.csv", [HEAD, numbers, part, BOARD]))
    assert [each["asset_tag"] for each in report["items"]] == ["TS-0001"]
    assert codes(report) == ["row_skipped"]
    assert report["total_row_skipped"] is False


def test_a_book_without_own_numbers_or_with_repeated_ones(tmp_path: Path, bring: Any) -> None:
    """Each line has a number that no other has; a blank one comes behind the last."""
    blank = ["", *CAMERA[1:]]
    report = bring(as_csv(tmp_path / "a.csv", [HEAD, ["7", *BOARD[1:]], blank]), "--dry-run")
    assert [each["row"] for each in report["items"]] == [7, 8]
    again = ["1", *CAMERA[1:]]
    report = bring(as_csv(tmp_path / "b.csv", [HEAD, BOARD, again]), "--dry-run")
    assert [each["row"] for each in report["items"]] == [2, 3]
    assert codes(report) == ["stt_repeated"]


def test_an_unknown_heading_is_told_and_mapped_once(tmp_path: Path, bring: Any) -> None:
    """The mapping is remembered in the data folder; a trial remembers nothing."""
    head = ["Ký danh" if each == "Số sê-ri" else each for each in HEAD]
    path = as_csv(tmp_path / "a.csv", [head, BOARD])
    report = bring(path)
    assert (codes(report), report["items"][0]["serial"]) == (["heading_unknown"], "")
    assert "Ký danh" in report["warnings"][0]["message"]
    assert bring(path, "--dry-run", "--map", "Ký danh=serial")["items"][0]["serial"] == "0012345"
    assert bring(path)["items"][0]["serial"] == ""
    assert bring(path, "--map", "Ký danh=serial")["items"][0]["serial"] == "0012345"
    report = bring(path)
    assert (report["warnings"], report["items"][0]["serial"]) == ([], "0012345")


def test_a_mapping_to_no_field_is_refused(tmp_path: Path, bring: Any) -> None:
    """It names the fields that there are."""
    report = bring(as_csv(tmp_path / "a.csv", dirty()), "--map", "Ký danh=serail")
    assert codes(report) == ["mapping_invalid"]
    assert "asset_tag" in report["warnings"][0]["message"]


@pytest.mark.usefixtures("database")
def test_a_trial_gives_a_verdict_per_row_and_writes_nothing(tmp_path: Path, bring: Any) -> None:
    """New at first; as before once it was brought in; changed where a cell is another."""
    path = as_csv(tmp_path / "a.csv", dirty())
    assert [each["verdict"] for each in bring(path, "--dry-run")["items"]] == ["new", "new"]
    assert kept(tmp_path) == []
    bring(path)
    as_csv(path, [HEAD, BOARD, [*CAMERA[:6], "P207", *CAMERA[7:]]])
    told = [each["verdict"] for each in bring(path, "--dry-run")["items"]]
    assert told == ["same", "changed"]


@pytest.mark.usefixtures("database")
def test_the_same_file_twice_changes_nothing(tmp_path: Path, bring: Any) -> None:
    """Not even when it was changed."""
    path = as_csv(tmp_path / "a.csv", dirty())
    bring(path)
    before = kept(tmp_path)
    bring(path)
    assert kept(tmp_path) == before
    assert len(before) == 2


@pytest.mark.usefixtures("database")
def test_lines_that_a_file_lacks_stay_and_are_told_unless_it_is_all(
    tmp_path: Path, bring: Any
) -> None:
    """No line is lost silently; a line that left comes back as itself."""
    whole = as_csv(tmp_path / "a.csv", dirty())
    bring(whole)
    numbers = [each.no for each in kept(tmp_path)]
    less = as_csv(tmp_path / "b.csv", [HEAD, BOARD])
    assert codes(bring(less)) == ["lines_absent"]
    assert len(kept(tmp_path)) == 2
    assert codes(bring(less, "--all")) == []
    assert len(kept(tmp_path)) == 1
    bring(whole)
    assert [each.no for each in kept(tmp_path)] == numbers


def test_rows_in_error_come_back_as_a_file_and_go_in_again(tmp_path: Path, bring: Any) -> None:
    """As they stood, with what is wrong; mended, they are the same lines."""
    bad = [*CAMERA[:7], "năm ngoái", "nhiều", *CAMERA[9:]]
    path = as_csv(tmp_path / "a.csv", [HEAD, BOARD, bad])
    report = bring(path)
    errors = [(each["field"], each["code"]) for each in report["items"][1]["errors"]]
    assert errors == [("year", "year_invalid"), ("cost_vnd", "cost_invalid")]
    back = tmp_path / "a.csv.errors.csv"
    rows = [*csv.reader(back.read_text("utf-8-sig").splitlines(), delimiter=";")]
    assert rows[0] == [*HEAD, "Lỗi"]
    assert rows[1][:-1] == bad
    assert len(rows) == 2
    mended = back.read_text("utf-8").replace("năm ngoái", "2022").replace("nhiều", "1.850.000")
    back.write_text(mended, "utf-8")
    report = bring(back)
    assert [each["errors"] for each in report["items"]] == [[]]
    assert [(each.data.row, each.data.year) for each in kept(tmp_path)] == [(1, 2021), (2, 2022)]


def test_what_comes_back_is_no_formula(tmp_path: Path, bring: Any) -> None:
    """A spreadsheet runs nothing of it."""
    bad = ["2", "=cmd()", "Camera", "", "", "@x", "P203", "21", "", "", ""]
    bring(as_csv(tmp_path / "a.csv", [HEAD, bad]))
    back = (tmp_path / "a.csv.errors.csv").read_text("utf-8-sig")
    assert ";'=cmd();" in back
    assert ";'@x;" in back


def test_a_tag_that_stands_twice_is_the_first_lines(tmp_path: Path, bring: Any) -> None:
    """The second is kept without it, and told."""
    twin = ["2", "ts-0001", *CAMERA[2:]]
    first, second = bring(as_csv(tmp_path / "a.csv", [HEAD, BOARD, twin]))["items"]
    assert (first["asset_tag"], first["errors"]) == ("TS-0001", [])
    assert (second["asset_tag"], second["errors"][0]["code"]) == ("", "tag_twice")


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"a;b\n1;2\n", "no_heading"), (b"\x00\x01", "damaged"), (b"PK\x03\x04nonsense", "damaged")],
    ids=["other columns", "bytes", "damaged xlsx"],
)
def test_a_file_that_is_no_book_is_refused_in_words(
    tmp_path: Path, bring: Any, content: bytes, code: str
) -> None:
    """And nothing is written."""
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    report = bring(path)
    assert (codes(report), report["rows"], report["items"]) == ([code], 0, [])


def test_a_heading_alone_is_no_book(tmp_path: Path, bring: Any) -> None:
    """An empty book would make every figure meaningless."""
    assert codes(bring(as_csv(tmp_path / "a.csv", [HEAD, TOTAL]))) == ["nothing_usable"]


def test_the_book_is_told_to_people_in_vietnamese(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without --json, in sentences."""
    monkeypatch.setenv("LOPHOC_CONTROLLER_LANG", "vi")
    path = as_csv(tmp_path / "a.csv", dirty())
    fresh_folder(tmp_path / "data")
    assert main(["register", "import", str(path), "--data", str(tmp_path / "data")]) == 0
    told = capsys.readouterr().out
    assert "2 dòng: 2 mới, 0 đã đổi, 0 như cũ; 0 đã bỏ." in told


@pytest.mark.usefixtures("database")
def test_a_book_brought_in_before_the_school_is_known_becomes_the_schools(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The controller takes it over when it starts."""
    for name in ("SCHOOL", "PROVINCE"):
        monkeypatch.delenv(f"LOPHOC_CONTROLLER_{name}", raising=False)
    path = as_csv(tmp_path / "a.csv", dirty())
    fresh_folder(tmp_path / "data")
    assert main(["register", "import", str(path), "--data", str(tmp_path / "data")]) == 0
    with Store(url_at(tmp_path)) as store:
        store.write(adopt_plan, PLACE)
    assert len(kept(tmp_path)) == 2


LINES = st.builds(
    Line,
    row=st.integers(1, 30),
    asset_tag=st.sampled_from(["", "T1", "T2", "T3"]),
    type=st.sampled_from(["board", "desk"]),
    serial=st.sampled_from(["", "S1", "s-1", "S2"]),
    room=st.sampled_from(["", "P1", "P2"]),
)
BOOKS = st.lists(LINES, max_size=8, unique_by=lambda each: each.row).map(
    lambda lines: [
        each
        for place, each in enumerate(lines)
        if not each.asset_tag or each.asset_tag not in {one.asset_tag for one in lines[:place]}
    ]
)


def written(known: list[Kept], lines: list[Line], *, whole: bool, now_ms: int) -> list[Kept]:
    told = merged(known, lines, whole=whole, now_ms=now_ms)
    by_no = {each.no: each for each in known} | {each.no: each for each in told.writes}
    return [*by_no.values()]


@given(before=BOOKS, book=BOOKS, whole=st.booleans())
def test_bringing_a_book_in_twice_is_bringing_it_in_once(
    *, before: list[Line], book: list[Line], whole: bool
) -> None:
    """Whatever was there before; and no number or tag names two lines."""
    known = written([], before, whole=False, now_ms=1)
    once = written(known, book, whole=whole, now_ms=2)
    again = merged(once, book, whole=whole, now_ms=3)
    assert (again.writes, again.removed) == ((), 0)
    assert set(again.verdicts) <= {MergeVerdict.SAME}
    living = [each.data for each in once if each.removed_ms is None]
    assert len({each.row for each in living}) == len(living)
    tags = [each.asset_tag for each in living if each.asset_tag]
    assert len({*tags}) == len(tags)
    assert [step.line in living for step in again.steps] == [True] * len(book)
    assert all(
        getattr(step.line, name) == getattr(line, name)
        for step, line in zip(again.steps, book, strict=True)
        for name in told_fields(line)
    )
    if whole:
        assert len(living) == len(book)


def test_of_two_lines_with_one_serial_the_one_with_the_number_is_meant() -> None:
    """A serial that does not tell two lines apart pairs neither."""
    lines = [Line(row=1, type="board", serial="S1"), Line(row=2, type="board", serial="s-1")]
    known = written([], lines, whole=False, now_ms=1)
    assert merged(known, lines[:1], whole=False, now_ms=2).verdicts == (MergeVerdict.SAME,)
    assert merged(known, lines[1:], whole=False, now_ms=2).verdicts == (MergeVerdict.SAME,)


@given(BOOKS)
def test_a_book_written_as_csv_reads_as_it_was(lines: list[Line]) -> None:
    """Numbers, tags, serials and rooms come through the file."""
    if not lines:
        return
    import tempfile  # noqa: PLC0415 - hypothesis needs a folder of its own for each example

    with tempfile.TemporaryDirectory() as folder:
        rows = [
            [str(each.row), each.asset_tag, each.type, "", "", each.serial, each.room]
            for each in lines
        ]
        book = read_book(as_csv(Path(folder) / "a.csv", [HEAD[:7], *rows]))
    assert [*book.lines] == [replace(each, name=each.type) for each in lines]


def test_a_book_without_a_column_leaves_what_it_says_nothing_of(tmp_path: Path) -> None:
    """A list of rooms alone takes no serial away; an empty cell does where a person said so."""
    whole = tmp_path / "so.csv"
    whole.write_text("Mã tài sản;Loại;Số sê-ri;Phòng;Năm\nTB1;Camera;0012;P203;2022\n", "utf-8")
    rooms = tmp_path / "phong.csv"
    rooms.write_text("Mã tài sản;Loại;Phòng\nTB1;Camera;P207\n", "utf-8")
    blank = tmp_path / "trong.csv"
    blank.write_text("Mã tài sản;Loại;Số sê-ri;Phòng\nTB1;Camera;;P207\n", "utf-8")
    known: list[Kept] = []
    for path, serial, room, clears in (
        (whole, "0012", "P203", False),
        (rooms, "0012", "P207", True),
        (blank, "0012", "P207", False),
        (blank, "", "P207", True),
    ):
        book = read_book(path)
        answers = Answers(blank_clears=clears)
        told = merged(known, book.lines, answers=answers, now_ms=1, fields=book.told)
        kept = told.writes[0] if told.writes else known[0]
        assert (kept.data.serial, kept.data.room, kept.data.year) == (serial, room, 2022)
        known = [kept]


@pytest.mark.parametrize(
    ("head", "row", "type_", "name"),
    [
        ("Mã tài sản;Tên thiết bị", "T1;Bảng tương tác 203", "board", "Bảng tương tác 203"),
        ("Mã tài sản;Loại;Tên thiết bị", "T1;Camera;Mắt thần số 2", "camera", "Mắt thần số 2"),
        ("Mã tài sản;Loại", "T1;Camera", "camera", ""),
    ],
)
def test_the_name_is_kept_as_the_book_writes_it(
    tmp_path: Path, head: str, row: str, type_: str, name: str
) -> None:
    """Beside the type, which may come from the same column."""
    path = tmp_path / "so.csv"
    path.write_text(f"{head}\n{row}\n", "utf-8")
    (line,) = read_book(path).lines
    assert (line.type, line.name) == (type_, name)


def chosen_book(path: Path) -> Path:
    """Two sheets, each with an old table above its own; the money in no known unit."""
    head = ["Mã tài sản", "Tên thiết bị", "Phòng", "Nguyên giá (USD)", "Tình trạng"]
    sheets: dict[str, Rows] = {
        name: [
            head,
            [f"TS-{number}", "Máy chiếu", "P203", 98, "Tốt"],
            ["Tên thiết bị", "Mã tài sản", "Phòng"],
            ["Ti vi", f"TS-{number}0", "P204"],
        ]
        for name, number in (("Khu A", 1), ("Khu B", 2))
    }
    return as_xlsx(path, **sheets)


def test_sheets_headings_and_the_unit_are_chosen_by_options(bring: Any, tmp_path: Path) -> None:
    """As on the trial's page; an answer wins over what the file says."""
    path = chosen_book(tmp_path / "a.xlsx")

    def tags(*options: str) -> dict[str, int | None]:
        report = bring(path, "--dry-run", *options)
        return {item["asset_tag"]: item["cost_vnd"] for item in report["items"]}

    assert tags() == {"TS-1": None, "TS-10": None, "TS-2": None, "TS-20": None}
    assert tags("--sheet", "Khu B", "--unit", "1000") == {"TS-2": 98_000, "TS-20": None}
    assert [*tags("--sheet", "Khu A", "--sheet", "Khu B")] == ["TS-1", "TS-10", "TS-2", "TS-20"]
    assert [*tags("--heading-row", "3")] == ["TS-10", "TS-20"]
    assert [*tags("--heading-row", "Khu A=3")] == ["TS-10", "TS-2", "TS-20"]
    assert [*tags("--heading-row", "3", "--heading-row", "Khu B=1")] == ["TS-10", "TS-2", "TS-20"]
    bring(path, "--sheet", "Khu B", "--unit", "1000")
    assert {entry.data.asset_tag: entry.data.cost_vnd for entry in kept(tmp_path)} == {
        "TS-2": 98_000,
        "TS-20": None,
    }


@pytest.mark.parametrize("option", [("--sheet", "Khu C"), ("--heading-row", "Khu C=2")])
def test_a_sheet_that_is_not_there_is_refused_by_name(
    bring: Any, tmp_path: Path, option: tuple[str, str]
) -> None:
    """Nothing of the others is read in its place."""
    report = bring(chosen_book(tmp_path / "a.xlsx"), *option)
    assert [warning["code"] for warning in report["warnings"]] == ["sheet_unknown"]
    assert "Khu A, Khu B" in report["warnings"][0]["message"]
    assert report["items"] == []


@pytest.mark.parametrize("row", ["0", "x", "Khu A=", "Khu A=-1", "1000000", "٣"])
def test_what_is_no_row_is_refused_with_how_to_write_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], row: str
) -> None:
    """Before the file is opened."""
    fresh_folder(tmp_path / "data")
    command = ["register", "import", "none.csv", "--data", str(tmp_path / "data")]
    assert main([*command, f"--heading-row={row}"]) != 0
    assert "--heading-row 5" in capsys.readouterr().err


def test_a_row_of_which_nothing_can_be_read_is_given_back_and_kept_nowhere(
    bring: Any, tmp_path: Path
) -> None:
    """It would be a new, empty line at each import: nothing in it says which thing it is."""
    path = tmp_path / "a.csv"
    path.write_text(
        "Mã tài sản;Tên thiết bị;Phòng\nTS-1;Máy chiếu;P203\nTS-2;Máy; chiếu;P203\n", "utf-8"
    )
    errors = tmp_path / "loi.csv"
    for _ in range(2):
        report = bring(path, "--errors", str(errors))
        assert [item["asset_tag"] for item in report["items"]] == ["TS-1"]
        assert "row_too_wide" in codes(report)
        assert [entry.data.asset_tag for entry in kept(tmp_path)] == ["TS-1"]
        assert "TS-2" in errors.read_text("utf-8-sig")
    path.write_text("Mã tài sản;Tên thiết bị;Phòng\nTS-2;Máy; chiếu;P203\n", "utf-8")
    assert codes(bring(path)) == ["nothing_usable"]


def test_what_was_wrong_stays_named_while_the_book_is_silent_there(
    bring: Any, tmp_path: Path
) -> None:
    """Else our own export, whose cell is blank, would change the line; a value ends it."""
    path = tmp_path / "a.csv"
    head = "Mã tài sản;Tên thiết bị;Phòng;Năm sử dụng\n"

    def bring_year(year: str, *options: str) -> str:
        path.write_text(f"{head}TS-1;Máy chiếu;P203;{year}\n", "utf-8")
        return str(bring(path, "--dry-run", *options)["items"][0]["verdict"])

    bring_year("abc")
    bring(path)
    assert bring_year("") == bring_year("abc") == "same"
    assert bring_year("", "--blank-clears") == bring_year("2021") == "changed"
    bring(path)
    assert [entry.data.errors for entry in kept(tmp_path)] == [()]
