"""The minutes of a stocktake open in LibreOffice and Word, say what was found, and run nothing."""

from __future__ import annotations

import csv
import io
import subprocess
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import docx
import pytest
import python_calamine
from defusedxml.ElementTree import fromstring
from msgspec.structs import replace

from controller.register.book import Line
from controller.register.decisions import Rulings
from controller.register.merging import Kept
from controller.stocktake.count import Stocktake, book_of, counted
from controller.stocktake.form import FIELDS, FILE, SHIPPED, form_in
from controller.stocktake.minutes import Minutes, minutes_of, name_of
from controller.stocktake.papers import as_docx, as_xlsx
from controller.stocktake.scan import Scan
from protocol.settings import SettingsError
from tests.waiting import LIMIT_S

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
BEGUN = 1_788_567_000_000  # 2026-09-05 07:10 in Vietnam
EVIL = '=HYPERLINK("http://x")'
LINES = (
    Line(row=1, asset_tag="0012345", type="board", maker="SMART", room="P203", condition="good"),
    Line(row=2, asset_tag="12E5", type="desk", room="P203", condition="good"),
    Line(row=3, asset_tag="3/2", type="chair", maker=EVIL, room="P204", condition="good"),
    Line(row=4, asset_tag="-1+2", type="fan", room="P10"),
)
SCANS = (
    Scan(id="s1", room="P203", line=1, quality_pct=85, seen_ms=1),
    Scan(id="s2", room="P9", line=2, condition="broken", seen_ms=2, note="@SUM(A1)\x07"),
    Scan(id="s3", room="P204", line=3, found=False, seen_ms=3),
    Scan(id="s4", room="P204", type="Quạt lạ", note="\ttừ kho", seen_ms=4),
)


def told(folder: Path | None = None, lines: Sequence[Line] = LINES) -> Minutes:
    take = Stocktake(
        no=3,
        begun_ms=BEGUN,
        finished_ms=BEGUN + 3_600_000,
        book=book_of([Kept(no=line.row, data=line) for line in lines], Rulings()),
    )
    result = counted(take, SCANS)
    return minutes_of(take, result, form_in(folder), school="Trường Lê Lợi", zone=ZONE)


def sheet_of(raw: bytes) -> list[list[object]]:
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(raw))
    return book.get_sheet_by_index(0).to_python()


def test_the_tables_tell_book_actual_difference_and_quality() -> None:
    """Line by line in the order of the rooms, then the surplus, each with its sums."""
    book, surplus = told().tables
    assert [row[1:] for row in book.rows] == [
        ("-1+2", "Quạt", "P10", 1, 0, -1, "", "", "chưa kiểm"),
        ("0012345", "Bảng tương tác SMART", "P203", 1, 1, 0, 85, "tốt", ""),
        ("12E5", "Bàn", "P203", 1, 1, 0, "", "hỏng", "thấy ở phòng P9; @SUM(A1)"),
        ("3/2", f"Ghế {EVIL}", "P204", 1, 0, -1, "", "", "không tìm thấy"),
    ]
    assert book.total == ("", "Cộng", "", "", 4, 2, -2, "", "", "")
    assert surplus.rows == ((1, "", "Quạt lạ", "P204", 0, 1, 1, "", "", "từ kho"),)
    assert "Thiếu: 2 (không tìm thấy 1, chưa kiểm 1)." in told().sums
    assert told().facts[2] == "Kết thúc: 08:10 ngày 05/09/2026"


def test_lines_of_several_are_so_many_things_in_the_minutes() -> None:
    """In the book, in fact and in the sums."""
    minutes = told(lines=[replace(line, quantity=10 * line.row) for line in LINES])
    (book, _) = minutes.tables
    assert [row[4:7] for row in book.rows] == [(40, 0, -40), (10, 10, 0), (20, 20, 0), (30, 0, -30)]
    assert book.total[4:7] == (100, 30, -70)
    assert "Theo sổ: 100. Theo thực tế: 30." in minutes.sums
    assert "Thiếu: 70 (không tìm thấy 30, chưa kiểm 40)." in minutes.sums
    assert "Thấy ở phòng khác: 20." in minutes.sums


def test_the_workbook_holds_text_and_numbers_and_no_formula() -> None:
    """Codes keep their zeros; what a name begins with does not run."""
    raw = as_xlsx(told())
    rows = sheet_of(raw)
    head = next(row for row in rows if row[0] == "STT")
    assert head[:6] == ["STT", "Mã tài sản", "Tên, loại", "Phòng", "Theo sổ", "Theo thực tế"]
    tags = {row[1] for row in rows}
    assert {"0012345", "12E5", "3/2", "-1+2"} <= tags
    with zipfile.ZipFile(io.BytesIO(raw)) as parts:
        sheet = fromstring(parts.read("xl/worksheets/sheet1.xml"))
    assert not [each for each in sheet.iter() if each.tag.endswith("}f")]


def test_libreoffice_opens_the_workbook_with_codes_as_written(
    libreoffice: str, tmp_path: Path
) -> None:
    """Opened without a screen and written as text."""
    (tmp_path / "m.xlsx").write_bytes(as_xlsx(told()))
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    kind = "csv:Text - txt - csv (StarCalc):44,34,76"
    subprocess.run(
        [libreoffice, profile, "--headless", "--convert-to", kind, "--outdir", tmp_path, "m.xlsx"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        timeout=LIMIT_S,
    )
    rows = list(csv.reader((tmp_path / "m.csv").read_text("utf-8").splitlines()))
    cells = {cell for row in rows for cell in row}
    assert {"0012345", "12E5", "3/2", "-1+2", f"Ghế {EVIL}", "85", "-2"} <= cells


def test_the_document_holds_the_same_and_room_for_names() -> None:
    """Read back by python-docx; every part of it is sound XML."""
    raw = as_docx(told())
    paper = docx.Document(io.BytesIO(raw))
    book, surplus, signed = paper.tables
    first = told()
    assert [cell.text for cell in book.rows[0].cells] == [each.head for each in first.form.column]
    shown = [[cell.text for cell in row.cells] for row in book.rows[1:-1]]
    assert shown == [[str(cell) for cell in row] for row in first.tables[0].rows]
    assert [cell.text for cell in surplus.rows[1].cells][2] == "Quạt lạ"
    assert [cell.text.split("\n")[0] for cell in signed.rows[0].cells] == list(
        first.form.signatures
    )
    text = "\n".join(each.text for each in paper.paragraphs)
    for word in ("Trường Lê Lợi", "BIÊN BẢN KIỂM KÊ", "Thành phần kiểm kê 1: .", "Kiểm tra lại"):
        assert word in text
    with zipfile.ZipFile(io.BytesIO(raw)) as parts:
        assert parts.testzip() is None
        for name in parts.namelist():
            if name.endswith((".xml", ".rels")):
                fromstring(parts.read(name))


def test_the_form_is_the_schools_own_where_it_has_one(tmp_path: Path) -> None:
    """Columns in its order, all fields known; the footnote goes when it is checked."""
    columns = "".join(
        f'[[column]]\nfield = "{each}"\nhead = "{each.upper()}"\n' for each in sorted(FIELDS)
    )
    (tmp_path / FILE).write_text(f'title = "MẪU RIÊNG"\nteam = 0\n{columns}', "utf-8")
    own = told(tmp_path)
    assert own.form.title == "MẪU RIÊNG"
    assert all(len(row) == len(FIELDS) for table in own.tables for row in table.rows)
    heads = [cell for row in sheet_of(as_xlsx(own)) for cell in row]
    assert "COST_VND" in heads
    assert not any("Kiểm tra lại" in str(each) for each in heads)
    assert "Thành phần" not in "".join(
        p.text for p in docx.Document(io.BytesIO(as_docx(own))).paragraphs
    )


def test_the_shipped_form_asks_to_be_checked() -> None:
    """Nobody here has read C53-HD."""
    text = SHIPPED.read_text("utf-8")
    assert "KIỂM TRA LẠI" in text
    assert "C53-HD" in form_in(None).footnote
    assert all(each in text for each in FIELDS)


@pytest.mark.parametrize(
    "text",
    [
        "title = 1",
        "title = 'x'\ncolumn = []",
        "title = 'x'\n[[column]]\nfield = 'password'\nhead = 'x'",
        "title = 'x'\nrun = 'y'\n[[column]]\nfield = 'no'\nhead = 'x'",
        "no toml",
    ],
)
def test_a_damaged_form_is_told(tmp_path: Path, text: str) -> None:
    """Rather than minutes that lack half."""
    (tmp_path / FILE).write_text(text, "utf-8")
    with pytest.raises(SettingsError, match="form"):
        form_in(tmp_path)


def test_a_draft_says_that_it_is_one() -> None:
    """Nobody signs what is not finished."""
    take = Stocktake(no=1, begun_ms=BEGUN, rooms=("P203",))
    drawn = minutes_of(take, counted(take, []), form_in(None), school="", zone=ZONE)
    assert any("BẢN NHÁP" in each for each in drawn.facts)
    assert "Phạm vi: P203" in drawn.facts
    assert name_of(take, "docx", ZONE) == "bien-ban-kiem-ke-1-2026-09-05.docx"


def test_a_whole_schools_minutes_are_written_in_seconds() -> None:
    """1,360 lines, both papers."""
    lines = [
        Line(row=n, asset_tag=f"TB-{n}", type="tablet", room=f"P{n % 34}") for n in range(1360)
    ]
    book = book_of([Kept(no=line.row + 1, data=line) for line in lines], Rulings())
    take = Stocktake(no=1, begun_ms=BEGUN, book=book)
    drawn = minutes_of(take, counted(take, []), form_in(None), school="A", zone=ZONE)
    began = time.process_time()
    as_xlsx(drawn)
    between = time.process_time()
    as_docx(drawn)
    print(between - began, time.process_time() - between)  # noqa: T201 - a figure for the report
    assert time.process_time() - began < 10
