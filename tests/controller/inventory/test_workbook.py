"""The workbook: what spreadsheets spoil survives, nothing runs, and it comes back as it was."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from python_calamine import CalamineWorkbook

from controller.inventory.asset import Asset, AssetState
from controller.inventory.exports.spelling import condition_said, type_said
from controller.inventory.exports.workbook import (
    COLUMNS,
    MAX_ROWS,
    ExportError,
    WorkbookHeading,
    workbook,
)
from controller.register.book import Line
from controller.register.fields import JUDGES, condition_in
from controller.register.merging import Kept, merged
from controller.register.prices import is_product, share_of
from controller.register.reading import read_book
from controller.register.vocabulary import TYPE_WORDS, Condition, type_of
from controller.sheets.letters import mend
from controller.sheets.text import Cell, RefusedError, Unreadable, text_of
from protocol.model import Place
from tests.controller.some_assets import (
    IMPOSSIBLE,
    NOW_MS,
    TRAPS,
    asset,
    many,
    of_every_kind,
    stray,
    unseen,
)

HEADING = WorkbookHeading("Trường: THCS Nguyễn Du (00123)", NOW_MS, ZoneInfo("Asia/Ho_Chi_Minh"))
HEADS = [each.head for each in COLUMNS]


def cells(raw: bytes) -> list[list[object]]:
    """Every cell as an independent reader has it."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(raw))
    return book.get_sheet_by_index(0).to_python(skip_empty_area=False)


def table(raw: bytes) -> list[dict[str, object]]:
    """The rows under the heading, by heading."""
    rows = cells(raw)
    at = next(place for place, row in enumerate(rows) if row[0] == "STT")
    return [dict(zip(rows[at], row, strict=True)) for row in rows[at + 1 :]]


def xml(raw: bytes, name: str = "xl/worksheets/sheet1.xml") -> str:
    """A part of the file."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return archive.read(name).decode()


@pytest.mark.parametrize("trap", TRAPS)
def test_a_code_survives_letter_for_letter(trap: str) -> None:
    """In every column of text, as text, and never as a formula."""
    raw = workbook([stray(1, serial=trap, name=trap, model=trap, maker=trap, room=trap)], HEADING)
    (row,) = table(raw)
    for head in ("Số sê-ri", "Tên máy báo", "Kiểu máy", "Hãng sản xuất", "Phòng"):
        assert row[head] == trap
    assert "<f>" not in xml(raw)
    assert "hyperlink" not in xml(raw)


@pytest.mark.parametrize(("told", "left"), IMPOSSIBLE.items())
def test_what_no_file_can_hold_is_left_out(told: str, left: str) -> None:
    """Control characters and halves of characters spoil neither the cell nor the file."""
    (row,) = table(workbook([stray(1, name=told)], HEADING))
    assert row["Tên máy báo"] == left


@given(st.text(max_size=40), st.text(st.characters(codec=None), max_size=40))
def test_no_text_breaks_the_workbook(name: str, serial: str) -> None:
    """Whatever a device calls itself, the file opens and the rows under it are there."""
    rows = table(workbook([stray(1, name=name, serial=serial), asset(2)], HEADING))
    assert [each["Mã LopHoc"] for each in rows] == ["usb-000000000002", "usb-000000000001"]


def test_years_and_money_are_numbers_and_codes_are_text() -> None:
    """Excel can sum the one, and warns of no digits in the other."""
    raw = workbook([asset(1, place=Place("79", "0012"), asset_tag="0001", serial="007")], HEADING)
    (row,) = table(raw)
    assert (row["Năm đưa vào sử dụng"], row["Nguyên giá (VNĐ)"]) == (2021, 5_250_000)
    assert (row["Mã tài sản"], row["Số sê-ri"], row["Mã trường"]) == ("0001", "007", "0012")
    assert str(row["Lần thấy gần nhất"]) == "2026-09-05 07:10:00"
    assert 'numberStoredAsText="1"' in xml(raw)
    assert 'numFmtId="49"' in xml(raw, "xl/styles.xml")  # the text format


def test_the_head_tells_the_school_the_moment_and_the_count() -> None:
    """Who reads the paper knows whose it is and how old."""
    rows = cells(workbook([asset(1), stray(2)], HEADING))
    assert rows[1][0] == "Trường: THCS Nguyễn Du (00123)"
    assert rows[2][0] == "Tính đến 07:10 ngày 05/09/2026: 2 dòng, 1 dòng ngoài sổ"
    assert rows[3] == HEADS


def test_it_prints_on_a4_with_its_heading_and_can_be_filtered() -> None:
    """Landscape, one page wide, the heading on each page and in sight."""
    raw = workbook(many(60), HEADING)
    sheet = xml(raw)
    assert '<autoFilter ref="A4:AC64"' in sheet
    assert 'topLeftCell="E5"' in sheet
    assert 'paperSize="9"' in sheet
    assert 'orientation="landscape"' in sheet
    assert "$4:$4" in xml(raw, "xl/workbook.xml")


def test_the_head_tells_how_many_things_lines_of_several_are() -> None:
    """45 desks are one line."""
    rows = cells(workbook([asset(1, quantity=45), asset(2), stray(3)], HEADING))
    told = "Tính đến 07:10 ngày 05/09/2026: 3 dòng, 1 dòng ngoài sổ, 46 thiết bị trong sổ"
    assert rows[2][0] == told


def test_the_book_comes_first_in_its_order() -> None:
    """Line 2 before line 10, then what is not in the book."""
    told = [stray(7, room="9A1"), asset(10), asset(2), stray(3, room="6A1")]
    rows = table(workbook(told, HEADING))
    assert [each["STT"] for each in rows] == [2, 10, "", ""]
    assert [each["Phòng"] for each in rows[2:]] == ["6A1", "9A1"]


def test_a_province_in_one_workbook_is_refused_with_what_to_do() -> None:
    """It would take minutes, and Excel with it."""
    with pytest.raises(ExportError, match="Choose one school"):
        workbook([asset(1)] * (MAX_ROWS + 1), HEADING)


def test_an_empty_inventory_is_a_heading() -> None:
    """A school that has nothing yet gets a file that opens."""
    assert table(workbook([], HEADING)) == []


@pytest.mark.parametrize("type_", [*TYPE_WORDS, "Bộ thí nghiệm hóa"])
def test_the_word_for_a_type_is_read_as_that_type(type_: str) -> None:
    """The importer knows every word that the workbook says."""
    assert type_of(text_of(type_said(asset(type=type_)))) == type_


@pytest.mark.parametrize("condition", ["", *Condition])
def test_the_word_for_a_condition_is_read_as_that_condition(condition: str) -> None:
    """The same for conditions."""
    assert condition_in(condition_said(asset(condition=condition))) == condition


def as_line(item: Asset) -> Line:
    """What the book says of an item that is wholly of the book."""
    assert item.row is not None
    names = (
        "asset_tag", "type", "maker", "model", "serial", "room", "year", "cost_vnd", "funding",
        "condition",
    )  # fmt: skip
    fields = {name: getattr(item, name) for name in names}
    return Line(row=item.row, quantity=item.quantity, unit_cost_vnd=item.unit_cost, **fields)


def test_the_importer_reads_the_book_back_as_it_was(tmp_path: Path) -> None:
    """Every field of every type; what is not in the book stays out of it, a person accepts it."""
    told = [unseen(number, type_) for number, type_ in enumerate(TYPE_WORDS, start=1)]
    told += [asset(50 + number, serial=f"{trap}x") for number, trap in enumerate(("12E5", "3/2"))]
    told += [asset(60, year=None, cost_vnd=None, condition="", room="", lacks=("room", "year"))]
    path = tmp_path / "sổ.xlsx"
    strays = [stray(70), stray(71, type=""), stray(72, state=AssetState.DUPLICATE_SERIAL)]
    path.write_bytes(workbook([*told, *strays], HEADING))
    book = read_book(path)
    assert list(book.lines) == [
        as_line(each) for each in sorted(told, key=lambda one: one.row or 0)
    ]
    assert {each.code for each in book.warnings} == {"column_dropped"}


def test_a_serial_that_only_the_device_tells_does_not_complete_the_line(tmp_path: Path) -> None:
    """Else reading our own file in again would raise the figure without anybody's word."""
    told = asset(1, serial="DEV1", room="6A1", lacks=("serial", "room"))
    raw = workbook([told], HEADING)
    path = tmp_path / "a.xlsx"
    path.write_bytes(raw)
    (line,) = read_book(path).lines
    assert (line.serial, line.room) == ("", "")
    assert table(raw)[0]["Số sê-ri máy đọc được"] == "DEV1"


def test_every_kind_of_item_has_its_row() -> None:
    """The same rows as the other writers have."""
    told = of_every_kind()
    ids = [each["Mã LopHoc"] for each in table(workbook(told, HEADING))]
    assert sorted(ids) == sorted(each.device_id for each in told)


def kept(field: str) -> st.SearchStrategy[str]:
    """What a register may hold in the field: what its judge makes of any text, and keeps so."""
    judge = JUDGES[field]

    def judged(text: str) -> str:
        try:
            told = str(judge(text))
            return told if judge(told) == told else ""
        except RefusedError:
            return ""

    return st.one_of(st.text(max_size=30), st.sampled_from(TRAPS)).map(judged)


LINES = st.lists(
    st.builds(
        lambda **fields: asset(1, **fields),
        asset_tag=st.just(""),
        type=st.one_of(st.sampled_from([*TYPE_WORDS]), kept("type")),
        maker=kept("maker"),
        model=kept("model"),
        serial=kept("serial"),
        room=kept("room"),
        year=st.none() | st.integers(1950, 2026),
        quantity=st.integers(0, 300),
        unit_cost_vnd=st.none() | st.integers(0, 10**12),
        cost_vnd=st.none() | st.integers(0, 10**15 - 1),
        funding=kept("funding"),
        condition=st.sampled_from(["", *Condition]),
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=20, deadline=None)
@given(LINES)
def test_any_register_is_read_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, told: list[Asset]
) -> None:
    """Whatever its lines hold: a serial like a formula, a maker like a date.

    Letters that no Vietnamese text holds are refused by their cells: tests of letters tell which.
    """
    texts: list[list[Cell]] = [
        [each.type, each.maker, each.model, each.serial, each.room, each.funding] for each in told
    ]
    assume(not mend(texts).columns and not any(isinstance(c, Unreadable) for r in texts for c in r))
    items = [
        _kept(
            replace(
                each, row=number, line=number, asset_tag=f"TS-{number}", device_id=f"line:{number}"
            )
        )
        for number, each in enumerate(told, start=1)
    ]
    path = tmp_path_factory.mktemp("book") / "a.xlsx"
    path.write_bytes(workbook(items, HEADING))
    book = read_book(path)
    assert list(book.lines) == [as_line(each) for each in items]
    lines = [replace(as_line(each), unit_cost_vnd=each.unit_cost_vnd) for each in items]
    register = [Kept(no=line.row, data=line) for line in lines]
    assert merged(register, book.lines, fields=book.told, whole=True).writes == ()


def _kept(item: Asset) -> Asset:
    """The item with prices as the register keeps them: a price of one that agrees, and is other."""
    unit, cost = item.unit_cost_vnd, item.cost_vnd
    if unit is not None and not (cost is not None and is_product(unit, item.quantity, cost)):
        cost = unit * item.quantity
    is_share = unit == share_of(cost, item.quantity)
    return replace(item, unit_cost_vnd=None if is_share else unit, cost_vnd=cost)
