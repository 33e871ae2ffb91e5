"""Each row of a book is a line or is named, and what holds for the lines below a row holds."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.register.book import Book, DoubtKind, LeftOut, RowReason
from controller.register.choices import Choices
from controller.register.fields import condition_ticked, money_of, single_room, single_serial
from controller.register.reading import read_book
from controller.register.units import NOT_UNDERSTOOD, times_in
from controller.sheets.text import RefusedError
from tests.controller.register.test_register_import import as_xlsx

HEAD = ["STT", "Mã tài sản", "Tên thiết bị", "Số sê-ri", "Phòng", "Nguyên giá"]
BARE = HEAD[1:]


def read(rows: list[list[str]], choices: Choices | None = None) -> Book:
    """The book that these rows are, as a CSV."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "so.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter=";").writerows(rows)
        return read_book(path, choices)


def item(number: int, room: str = "P203") -> list[str]:
    return [f"TS-{number:03}", "Máy chiếu", f"SN{number:03}", room, "9.900.000"]


TRAPS: dict[RowReason, list[list[str]]] = {
    RowReason.TOTAL: [
        ["Cộng phòng 203", "", "", "", "9.900.000"],
        ["", "Tổng cộng", "", "", "29.700.000"],
        ["", "Cộng", "", "", "19.800.000"],
        ["", "", "", "", "29.700.000"],
    ],
    RowReason.CARRIED: [["", "Cộng mang sang", "", "", "9.900.000"], ["Trang trước chuyển sang"]],
    RowReason.GROUP: [["II. BÀN GHẾ"], ["", "THIẾT BỊ DÙNG CHUNG"], ["B", "Loa, micro"]],
    RowReason.HEADING: [BARE, ["(1)", "(2)", "(3)", "(4)", "(5)"], ["A", "B", "1", "2", "3"]],
    RowReason.BLANK: [[], ["", "", "", "", ""]],
    RowReason.FOOTER: [
        ["Người lập biểu", "", "", "Hiệu trưởng"],
        ["", "", "Hà Nội, ngày 12 tháng 3 năm 2026"],
        ["Ghi chú: đã kiểm kê"],
    ],
}
TRAP = st.sampled_from([(reason, row) for reason, rows in TRAPS.items() for row in rows])


@given(kinds=st.lists(TRAP | st.none(), min_size=1, max_size=12), numbered=st.booleans())
def test_rows_of_every_kind_between_the_items_take_none_away(
    *, kinds: list[tuple[RowReason, list[str]] | None], numbered: bool
) -> None:
    """Items stand for themselves in the model; every other row is named with its own reason."""
    lead = [""] if numbered else []
    rows = [[*(["STT"] if numbered else []), *BARE], [*(["1"] if numbered else []), *item(0)]]
    wanted: list[RowReason | None] = [RowReason.HEADING, None]
    for number, kind in enumerate(kinds, start=1):
        rows.append(
            [*lead, *kind[1]] if kind else [*([str(number + 1)] if numbered else []), *item(number)]
        )
        wanted.append(kind[0] if kind else None)
    while not any(rows[-1]):  # a CSV ends with its last cell
        rows.pop()
        wanted.pop()
    book = read(rows)
    named = {row.row: row.reason for row in book.named}
    assert [named.get(place) for place in range(1, len(rows) + 1)] == wanted
    assert [line.asset_tag for line in book.lines] == [
        f"TS-{number:03}" for number, reason in enumerate(wanted[1:]) if reason is None
    ]
    assert {line.cost_vnd for line in book.lines} == {9_900_000}


@pytest.mark.parametrize(
    ("title", "room"),
    [("I. PHÒNG 203", "P203"), ("Phòng: P.203", "P203"), ("1. Kho thiết bị", "Kho thiết bị")],
)
def test_a_groups_room_holds_until_another_group(title: str, room: str) -> None:
    """Where a line names none itself."""
    rows = [HEAD, ["", title], ["1", *item(1, "")], ["2", *item(2, "P101")], ["", "II. PHÒNG 204"],
            ["3", *item(3, "")]]  # fmt: skip
    assert [line.room for line in read(rows).lines] == [room, "P101", "P204"]


TABLES: dict[str, list[str]] = {  # what heads a column, and a cell of it
    "ticked": ["Số serial", "Mã tài sản", "Năm SD", "Tên thiết bị", "Tốt", "Hỏng", ""],
    "priced": ["STT", "Mã TS", "Tên thiết bị", "Hãng", "Model", "Số lượng", "Đơn giá", "Nguyên giá",
               "Nguồn vốn", "Tình trạng", "Ghi chú"],
    "narrow": ["Mã tài sản", "Số sê-ri", "Năm sử dụng"],
    "two": ["Tên thiết bị", "Số sê-ri"],
}  # fmt: skip
CELLS = {"STT": "{}", "Mã tài sản": "TS-00{}", "Mã TS": "TS-00{}", "Số serial": "SN10{}X",
         "Số sê-ri": "SN10{}X", "Năm SD": "2020", "Năm sử dụng": "2020", "Tên thiết bị": "Loa",
         "Tốt": "x", "Số lượng": "2", "Đơn giá": "5000000", "Nguyên giá": "10000000"}  # fmt: skip


@pytest.mark.parametrize("gap", [[], [[]]])
@pytest.mark.parametrize("title", ["P.203", "203", "Phòng 203", "PHÒNG: P 203", "Phòng Tin 1"])
@pytest.mark.parametrize("heads", TABLES.values(), ids=TABLES)
def test_a_rooms_name_alone_in_any_column_heads_a_group(
    heads: list[str], title: str, gap: list[list[str]]
) -> None:
    """It is no item, tag or serial, be there ticks or not; of a number alone no room is told."""
    for place in range(len(heads)):
        alone = ["" if at != place else title for at in range(len(heads))]
        things = [[CELLS.get(head, "").format(number) for head in heads] for number in range(1, 5)]
        book = read([heads, *things[:2], alone, *gap, *things[2:]])
        named = [row.row for row in book.named if row.reason is RowReason.GROUP]
        assert named == [4], place
        room = {"203": "", "Phòng Tin 1": "Phòng Tin 1"}.get(title, "P203")
        assert [line.room for line in book.lines] == ["", "", room, room], place


def test_a_torn_row_that_ends_with_an_empty_cell_is_too_wide() -> None:
    """A comma of an amount moved its cells by one into the column without a heading."""
    rows = ["Mã tài sản,Đơn giá (đồng),Tên thiết bị,Giá trị (triệu đồng),Số sê-ri,",
            'TS-1,20200000,Loa,"20,2",SN1,', 'TS-2,63600000,"Ti vi 24,63,6,SN2,']  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        (path := Path(folder) / "so.csv").write_text("\n".join(rows), encoding="utf-8")
        book = read_book(path)
    assert [(line.serial, line.unit_cost_vnd) for line in book.lines] == [("SN1", 20_200_000)]
    assert [(row.row, row.reason) for row in book.named[1:]] == [(3, RowReason.UNREADABLE)]


@pytest.mark.parametrize(
    ("title", "room"),
    [
        ("THIẾT BỊ PHÒNG: P.203", "P203"),
        ("DANH MỤC THIẾT BỊ PHÒNG TIN HỌC 2", "PHÒNG TIN HỌC 2"),
        ("PHÒNG GIÁO DỤC VÀ ĐÀO TẠO QUẬN 1", ""),
        ("PHÒNG GD&ĐT QUẬN 1", ""),
    ],
)
def test_a_line_above_the_table_tells_the_room(title: str, room: str) -> None:
    """An office of education is no room of the school."""
    (line,) = read([[title], ["Mã tài sản", "Tên thiết bị"], ["TS-1", "Loa"]]).lines
    assert line.room == room


def test_a_second_table_counts_in_what_the_line_above_said() -> None:
    """Its heading stands for its own columns, and the unit above holds for both."""
    rows = [
        ["ĐVT: triệu đồng"],
        HEAD,
        ["1", "TS-1", "Loa", "SN1", "P203", "98,5"],
        ["II. BÀN GHẾ"],
        ["STT", "Nguyên giá", "Tên thiết bị", "Mã tài sản"],
        ["2", "2", "Bàn", "TS-2"],
    ]
    assert [line.cost_vnd for line in read(rows).lines] == [98_500_000, 2_000_000]


def test_money_of_an_unknown_unit_waits_for_an_answer() -> None:
    """Nothing is kept of it until a person says what it counts in."""
    rows = [["Mã tài sản", "Tên thiết bị", "Nguyên giá (USD)"], ["TS-1", "Loa", "450"]]
    book = read(rows)
    assert [doubt.kind for doubt in book.doubts] == [DoubtKind.UNIT]
    assert book.lines[0].cost_vnd is None
    assert "cost_vnd" not in book.sources[0].fields
    answered = read(rows, Choices(times=25_000))
    assert (answered.lines[0].cost_vnd, answered.doubts) == (11_250_000, ())


def test_a_summary_is_left_out_unless_it_is_chosen(tmp_path: Path) -> None:
    """So is every sheet that was not chosen; a heading can be chosen, too."""
    rows: list[list[Any]] = [["Mã tài sản", "Tên thiết bị"], ["TS-1", "Loa"]]
    other: list[list[Any]] = [["Tên thiết bị", "Số lượng", "Phòng"], ["Loa", 1, "P1"]]
    path = as_xlsx(tmp_path / "a.xlsx", P203=rows, **{"Tổng hợp": other})
    assert [sheet.left_out for sheet in read_book(path).sheets] == [None, LeftOut.SUMMARY]
    chosen = read_book(path, Choices(sheets=frozenset({"Tổng hợp"})))
    assert [sheet.left_out for sheet in chosen.sheets] == [LeftOut.NOT_CHOSEN, None]
    assert [line.room for line in chosen.lines] == ["P1"]


def test_a_line_tells_the_fields_that_it_could_be_read_in() -> None:
    """A refused cell tells nothing; a blank one tells that it is blank."""
    book = read([HEAD, ["1", "TS-1", "Loa", "1,2E+14", "", "abc"]])
    assert book.sources[0].fields == {"asset_tag", "type", "name", "room"}


@pytest.mark.parametrize(
    ("head", "times"),
    [
        ("Nguyên giá (1.000 đồng)", 1000),
        ("Nguyên giá - nghìn đồng", 1000),
        ("Giá trị (ngàn đ)", 1000),
        ("Thành tiền (1.000đ)", 1000),
        ("Nguyên giá (triệu)", 10**6),
        ("Nguyên giá (tr.đ)", 10**6),
        ("Nguyên giá (1.000.000 đ)", 10**6),
        ("Nguyên giá (tỷ đồng)", 10**9),
        ("Nguyên giá (VNĐ)", 1),
        ("Nguyên giá", None),
        ("Giá trị (ngân sách)", None),
        ("Giá trị hợp đồng", None),
        ("Nguyên giá (USD)", NOT_UNDERSTOOD),
        ("Nguyên giá (trăm nghìn)", NOT_UNDERSTOOD),
    ],
)
def test_a_heading_says_what_money_counts_in(head: str, times: int | None) -> None:
    """Or another currency, which is asked about."""
    assert times_in(head) == times


@given(st.integers(1, 999), st.integers(0, 99), st.sampled_from([10**6, 10**9]))
def test_millions_with_a_fraction_are_what_they_say(whole: int, part: int, times: int) -> None:
    """By comma or point, as a number; three digits behind either may be thousands."""
    amount = whole * times + part * times // 100
    assert money_of(f"{whole},{part:02}", times) == amount
    assert money_of(f"{whole}.{part:02}", times) == amount
    assert money_of(float(f"{whole}.{part:02}"), times) == amount
    with pytest.raises(RefusedError, match="cost_ambiguous"):
        money_of(f"{whole},{part:03}", times)


@pytest.mark.parametrize(
    ("written", "answer"),
    [
        ("To be filled by O.E.M.", ""),
        ("Default string", ""),
        ("xxx", ""),
        ("Mờ số", ""),
        ("không đọc được", ""),
        ("SN004, SN005", "code_many"),
        ("SN001\nSN002", "code_many"),
        ("SN001 SN002", "code_many"),
        ("TS-001 đến TS-045", "code_range"),
        ("SN1 - SN9", "code_range"),
        ("8614567890123000", "code_rounded"),
        ("1234 5678", "1234 5678"),
        ("DS-2CD1023", "DS-2CD1023"),
    ],
)
def test_a_cell_of_serials_is_one_serial_or_none(written: str, answer: str) -> None:
    """What a maker left in, what people write where they cannot read, and lists of codes."""
    if not answer.startswith("code_"):
        assert single_serial(written) == answer
        return
    with pytest.raises(RefusedError, match=answer):
        single_serial(written)


@pytest.mark.parametrize("written", ["P203, P204", "P203-P204", "Phòng 203 và 204"])
def test_several_rooms_are_refused(written: str) -> None:
    """An item stands in one; "Phòng 203 (10A1)" and 3/2 are one room each."""
    with pytest.raises(RefusedError, match="room_many"):
        single_room(written)
    assert single_room("3/2") == "3/2"


def test_two_ticks_are_no_condition() -> None:
    """One is, in whatever sign; a count is none."""
    ticks = {0: "good", 1: "broken"}
    assert [condition_ticked(row, ticks) for row in (["x"], ["", "✓"], ["", ""])] == [
        "good", "broken", ""
    ]  # fmt: skip
    for row, why in ((["x", "x"], "condition_twice"), (["20", "2"], "condition_unknown")):
        with pytest.raises(RefusedError, match=why):
            condition_ticked(row, ticks)
