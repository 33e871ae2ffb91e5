"""Printed labels are read back: the code says the tag, the letters say it too."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import cv2
import pytest
import zxingcpp

from controller.__main__ import main
from controller.database.store import Store
from controller.register import store as register
from controller.register.book import Line
from controller.stocktake.label_sheets import SHEETS
from controller.stocktake.labels import Label, draw_labels, wrapped
from controller.stocktake.scan import label_text, tag_in
from protocol.model import Place
from tests.conftest import need
from tests.databases import sqlite_in
from tests.tiers import one_short

DPI = 200
MM = DPI / 25.4
NAME = "Trường THCS Nguyễn Đình Chiểu, xã Thạnh Mỹ Lợi Đông"
TAGS = (
    "0012345",
    "TB-P203-BTT-01",
    "THIẾT-BỊ/Ở ĐÂY-07",
    "A" * 40,
    "Ế" * 64,
    "0000000000000000000000000000000000000042",
    "mãsố",
    "1-2",
)
LINES = (
    Line(row=1, asset_tag="TB-001", type="board", room="P203"),
    Line(row=2, asset_tag="0007", type="projector", room="P9"),
    Line(row=3, type="desk", room="P203"),
    Line(row=4, asset_tag="TB-004", type="charging_cart", room="P203"),
)


@pytest.fixture
def school(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LOPHOC_CONTROLLER_NAME", NAME)
    with Store(sqlite_in(tmp_path)) as store, store.locked(Place()) as db:
        register.bring_in(db, Place(), LINES, whole=True, now_ms=1)
    return tmp_path


def pages(pdf: Path) -> list[Any]:
    need("pdftoppm", "poppler-utils")
    stem = pdf.with_suffix("")
    subprocess.run(["pdftoppm", "-r", str(DPI), "-gray", "-png", pdf, stem], check=True)
    files = sorted(pdf.parent.glob(f"{stem.name}-*.png"))
    return [cv2.imread(str(each), cv2.IMREAD_GRAYSCALE) for each in files]


def codes_of(pdf: Path) -> list[str]:
    found = [
        (each.position.top_left.y // 60, each.position.top_left.x, each.text)
        for page in pages(pdf)
        for each in zxingcpp.read_barcodes(page)
    ]
    return [text for *_, text in found]


def text_of(pdf: Path) -> str:
    need("pdftotext", "poppler-utils")
    done = subprocess.run(["pdftotext", "-raw", pdf, "-"], check=True, capture_output=True)
    return done.stdout.decode()


@pytest.mark.parametrize("name", one_short(SHEETS, 2))
def test_every_code_is_read_back_letter_for_letter(tmp_path: Path, name: str) -> None:
    """Leading zeros, Vietnamese letters, 40 and 64 characters, on every paper."""
    pdf = tmp_path / "labels.pdf"
    labels = [Label(each, "Máy tính xách tay", "P203") for each in TAGS]
    with pdf.open("wb") as file:
        draw_labels(file, labels, SHEETS[name], school=NAME)
    told = codes_of(pdf)
    assert sorted(told) == sorted(map(label_text, TAGS))
    assert sorted(map(tag_in, told)) == sorted(TAGS)
    said = "".join(text_of(pdf).split())
    for each in TAGS:
        assert "".join(each.split()) in said


@pytest.mark.parametrize("name", one_short(SHEETS, 2))
def test_a_full_sheet_stays_on_its_page_and_its_labels_apart(tmp_path: Path, name: str) -> None:
    """Each code lies in its own sticker; one label more begins a second page."""
    sheet = SHEETS[name]
    pdf = tmp_path / "labels.pdf"
    labels = [Label(f"T-{number:03}") for number in range(sheet.count + 1)]
    with pdf.open("wb") as file:
        draw_labels(file, labels, sheet, school=NAME)
    first, second = pages(pdf)
    assert first.shape == pytest.approx((297 * MM, 210 * MM), abs=3)
    found = zxingcpp.read_barcodes(first)
    assert len(found) == sheet.count
    assert len(zxingcpp.read_barcodes(second)) == 1
    for each in found:
        number = int(each.text[-3:])
        row, column = divmod(number, sheet.across)
        left = (sheet.left + column * (sheet.width + sheet.gap)) * MM
        top = (sheet.top + row * sheet.height) * MM
        for corner in (each.position.top_left, each.position.bottom_right):
            assert left < corner.x < left + sheet.width * MM
            assert top < corner.y < top + sheet.height * MM


def test_the_command_prints_what_has_a_tag_and_tells_what_has_none(
    school: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the order of the rooms, with the school's name, type and room in Vietnamese."""
    pdf = school / "nhan.pdf"
    assert main(["labels", "-o", str(pdf), "--data", str(school)]) == 0
    said = capsys.readouterr().out
    assert "3 nhãn" in said
    assert "1 dòng chưa có mã tài sản" in said
    assert [tag_in(each) for each in codes_of(pdf)] == ["0007", "TB-001", "TB-004"]
    text = " ".join(text_of(pdf).split())
    for word in ("Trường THCS Nguyễn Đình Chiểu", "bảng tương tác", "tủ sạc", "P203"):
        assert word in text


def test_only_one_room_one_type_or_what_is_new(school: Path) -> None:
    """What was printed once is not printed again with --only-new."""
    pdf = school / "nhan.pdf"

    def printed(*more: str) -> list[str]:
        pdf.unlink(missing_ok=True)
        assert main(["labels", "-o", str(pdf), "--data", str(school), *more]) == 0
        return [tag_in(each) for each in codes_of(pdf)] if pdf.exists() else []

    assert printed("--room", "phòng 203", "--type", "bảng tương tác") == ["TB-001"]
    assert printed("--only-new") == ["0007", "TB-004"]
    assert printed("--only-new") == []
    assert printed("--room", "P9", "--sheet", "2x7", "--skip", "5") == ["0007"]


def test_a_pdf_that_cannot_be_written_is_told(school: Path) -> None:
    """And no label counts as printed."""
    assert main(["labels", "-o", str(school / "no" / "x.pdf"), "--data", str(school)]) == 2
    assert main(["labels", "-o", str(school / "x.pdf"), "--only-new", "--data", str(school)]) == 0
    assert (school / "x.pdf").exists()


def test_long_words_are_broken_and_too_long_ones_cut() -> None:
    """Never wider than the label."""
    assert wrapped("TB-P203-BTT-0001", 11, 60, 3) == ["TB-P203-", "BTT-0001"]
    assert wrapped("", 8, 60, 2) == []
    assert wrapped("một hai ba bốn năm sáu bảy", 10, 40, 1)[0].endswith("…")
