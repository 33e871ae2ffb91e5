"""LibreOffice, a real spreadsheet, opens what we export and shows every cell as it is."""

from __future__ import annotations

import csv
import subprocess
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from python_calamine import CalamineWorkbook

from controller.inventory.asset import Asset
from controller.inventory.exports.workbook import COLUMNS, WorkbookHeading, workbook
from controller.sheets.table import table_csv
from tests.controller.some_assets import IMPOSSIBLE, NOW_MS, TRAPS, asset, stray
from tests.waiting import LIMIT_S

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
HEADING = WorkbookHeading("Trường (00123)", NOW_MS, ZONE)
# Comma, quote, UTF-8, from row 1; no column types; cells as they are shown.
_CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,true"
# The same for reading: a cell's text is judged as a person's typing would be, formulas and all.
_READ = "Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1,true"
Convert = Callable[[Path, str], Path]


@pytest.fixture(scope="module")
def convert(libreoffice: str, tmp_path_factory: pytest.TempPathFactory) -> Convert:
    """Have LibreOffice turn a file into another kind; gives the new file."""
    profile = tmp_path_factory.mktemp("profile")

    def run(path: Path, kind: str, *more: str) -> Path:
        out = path.parent / "out"
        command = [libreoffice, "--headless", f"-env:UserInstallation={profile.as_uri()}", *more]
        command += ["--convert-to", kind, "--outdir", str(out), str(path)]
        subprocess.run(command, check=True, capture_output=True, timeout=LIMIT_S)
        return out / f"{path.stem}.{kind.partition(':')[0]}"

    return run


def trapped() -> list[Asset]:
    """An item for each trap, the trap in every text that a device or a book may tell."""
    texts = [*TRAPS, *IMPOSSIBLE]
    book = [
        asset(n, asset_tag=text, serial=text, funding=text, building=text)
        for n, text in enumerate(texts, start=1)
    ]
    seen = [
        stray(n, name=text, maker=text, model=text, serial=text, there=text)
        for n, text in enumerate(texts, start=500)
    ]
    return book + seen


def shown(raw: bytes, tmp_path: Path, convert: Convert) -> list[list[str]]:
    """The cells as LibreOffice shows them."""
    path = tmp_path / "thiet-bi.xlsx"
    path.write_bytes(raw)
    with convert(path, _CSV).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_every_code_is_shown_letter_for_letter(tmp_path: Path, convert: Convert) -> None:
    """All traps at once; what is expected is what was given, not what we wrote."""
    told = trapped()
    rows = shown(workbook(told, HEADING), tmp_path, convert)
    heads = rows[3]
    assert heads == [each.head for each in COLUMNS]
    by_id = {row[heads.index("Mã LopHoc")]: dict(zip(heads, row, strict=True)) for row in rows[4:]}
    assert len(by_id) == len(told)
    names = {"serial": "Số sê-ri", "asset_tag": "Mã tài sản", "funding": "Nguồn vốn",
             "building": "Nhà", "name": "Tên máy báo", "maker": "Hãng sản xuất",
             "model": "Kiểu máy", "there": "Phòng thấy gần nhất"}  # fmt: skip
    for each in told:
        row = by_id[each.device_id]
        for name, head in names.items():
            given = getattr(each, name)
            assert row[head] == IMPOSSIBLE.get(given, given), (head, given)


def test_numbers_and_times_are_what_they_are(tmp_path: Path, convert: Convert) -> None:
    """A year, an amount of money, a moment by the school's clock."""
    rows = shown(workbook([asset(1)], HEADING), tmp_path, convert)
    row = dict(zip(rows[3], rows[4], strict=True))
    assert row["Năm đưa vào sử dụng"] == "2021"
    assert row["Nguyên giá (VNĐ)"].replace(".", ",") == "5,250,000"
    assert row["Lần thấy gần nhất"] == "05/09/2026 07:10"


def test_what_libreoffice_saves_again_is_still_all_text(tmp_path: Path, convert: Convert) -> None:
    """An officer opens it, saves it, sends it on: read by a second program it is as it was."""
    told = trapped()
    path = tmp_path / "a.xlsx"
    path.write_bytes(workbook(told, HEADING))
    book = CalamineWorkbook.from_path(convert(path, "xlsx"))
    rows = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    place = rows[3].index("Số sê-ri")
    given = {each.device_id: each.serial for each in told}
    read = {row[rows[3].index("Mã LopHoc")]: row[place] for row in rows[4:]}
    assert read == {name: IMPOSSIBLE.get(text, text) for name, text in given.items()}


def test_a_list_for_people_runs_nothing_when_it_is_opened(tmp_path: Path, convert: Convert) -> None:
    """A name from the network may begin like a formula: LibreOffice finds none in the sheet."""
    heads = ("asset_tag", "name", "maker", "model", "serial", "there", "funding", "building")
    rows = [[getattr(each, head) for head in heads] for each in trapped()]
    path = tmp_path / "a.csv"
    path.write_text("".join(table_csv(heads, rows)), "utf-8", errors="replace")
    flat = convert(path, "fods", f"--infilter={_READ}").read_text("utf-8")
    assert "table:table-row" in flat
    assert "table:formula" not in flat


def test_a_formula_in_a_csv_would_be_found(tmp_path: Path, convert: Convert) -> None:
    """The test above can fail: a bare formula is one to LibreOffice."""
    path = tmp_path / "a.csv"
    path.write_text("a,=1+1\n", "utf-8")
    flat = convert(path, "fods", f"--infilter={_READ}").read_text("utf-8")
    assert "table:formula" in flat
