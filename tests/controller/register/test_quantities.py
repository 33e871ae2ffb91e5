"""A line is as many things as its quantity says: asked once, counted, never silently one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from controller.__main__ import main
from controller.database.store import Store
from controller.register import store as register
from controller.register.book import Book, DoubtKind, LeftOut, Line, SeveralLines
from controller.register.choices import Choices, PriceOf, Several
from controller.register.headings import MONEY
from controller.register.intake import take_in
from controller.register.life import Said
from controller.register.merging import UNASKED, Answers, Kept, merged
from controller.register.prices import is_product, priced, share_of, unit_cost_of
from controller.register.quantities import MAX_QUANTITY, quantity_of
from controller.register.reading import read_book
from controller.sheets.text import Cause, Cell, Day, RefusedError, Unreadable
from tests.controller.fresh import fresh_folder
from tests.controller.register.test_book_import_pages import browsing
from tests.controller.register.test_field_cases import SHEETS
from tests.controller.register.test_register_import import as_xlsx
from tests.controller.register.test_rows import read
from tests.controller.web_school import SCHOOL, a_store
from tests.databases import Database

HEAD: Final = ["Mã tài sản", "Tên thiết bị", "Phòng", "Số lượng"]
PRICES: Final = [*HEAD, "Đơn giá", "Thành tiền"]
MERGED: Final = [*PRICES[:3], "SL", "Đơn giá", "Nguyên giá"]
CLEARS: Final = Answers(blank_clears=True)
Told = int | str | None


def judged(cell: Cell) -> Told:
    """The quantity, or the code of why it is none."""
    try:
        return quantity_of(cell)
    except RefusedError as refused:
        return str(refused)


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("2", 2), ("02", 2), ("2 cái", 2), ("2 Cái.", 2), ("45 bộ", 45), ("12 chiếc", 12),
        ("3 thiết bị", 3), ("10pcs", 10), ("1,0", 1), ("2.00", 2), (2.0, 2), (45, 45),
        (1000.0, 1000), ("1000", 1000), ("0", 0), (0.0, 0), ("", None), ("-", None),
        ("không có", None),
        ("-1", "quantity_invalid"), (-1.0, "quantity_invalid"), ("nhiều", "quantity_invalid"),
        ("2 đôi", "quantity_invalid"), ("3 kg", "quantity_invalid"), ("1 chục", "quantity_invalid"),
        ("2+3", "quantity_invalid"), ("2-3", "quantity_invalid"), ("1e3", "quantity_invalid"),
        (float("inf"), "quantity_invalid"), (float("nan"), "quantity_invalid"),
        ("12500000", "quantity_invalid"), ("\u0662", "quantity_invalid"),
        ("1.000", "quantity_ambiguous"), ("1,000", "quantity_ambiguous"),
        ("1.234.567", "quantity_ambiguous"), ("2,5", "quantity_fraction"),
        (2.5, "quantity_fraction"), ("1/2", "quantity_fraction"), ("0.125", "quantity_ambiguous"),
        (Day(2021, 1, 2), "quantity_invalid"), (Unreadable(Cause.ERROR, "#REF!"), "cell_error"),
    ],
)  # fmt: skip
def test_a_quantity_is_a_whole_number_or_is_refused_by_name(cell: Cell, told: Told) -> None:
    """Never one, where something else stands there."""
    assert judged(cell) == told


@given(st.integers(0, MAX_QUANTITY), st.sampled_from(["{}", "0{}", "{} cái", "{},0", " {} bộ "]))
def test_any_count_is_read_as_it_is_written(count: int, form: str) -> None:
    """In each of the ways that books write it."""
    assert quantity_of(form.format(count)) == count


@given(st.text(max_size=12) | st.floats())
def test_whatever_stands_there_is_a_count_or_is_refused(cell: Cell) -> None:
    """A count that is read stands in the cell by its digits."""
    told = judged(cell)
    digits = str(cell) if isinstance(cell, str) else str(int(cell)) if isinstance(told, int) else ""
    assert told is None or isinstance(told, str) or str(told) in digits


def row(number: int, *rest: str) -> list[str]:
    return [f"TS-{number}", "Bàn học sinh", "P203", *rest]


def counts(book: Book) -> list[Told]:
    """How many things each line is, or why that is not known."""
    return [
        next((one.code for one in line.errors if one.field == "quantity"), line.quantity)
        for line in book.lines
    ]


SOME: Final = [HEAD, row(1, "45"), row(2, "1"), row(3, "0"), row(4, "nhiều"), row(5, "")]


def test_a_book_is_asked_about_once_with_how_many_things_it_would_be() -> None:
    """Each thing counts until it is answered; what is no quantity is named with its row."""
    book = read(SOME)
    assert counts(book) == [45, 1, 0, "quantity_invalid", None]
    assert book.several == SeveralLines(2, 45)
    assert [doubt.kind for doubt in book.doubts] == [DoubtKind.QUANTITY]
    named = {(notice.code, notice.value) for notice in book.warnings}
    assert {("quantity_none", "4"), ("quantity_blank", "6")} <= named
    assert [line.row for line in book.lines if line.errors] == [5]
    assert "quantity" not in book.sources[3].fields


@pytest.mark.parametrize(
    ("several", "told"),
    [
        (Several.EACH, [45, 1, 0, "quantity_invalid", None]),
        (Several.ONE, [1, 1, 0, "quantity_invalid", None]),
    ],
)
def test_an_answer_holds_for_the_whole_book(several: Several, told: list[Told]) -> None:
    """And nothing is asked any more; what was asked about stays to be seen."""
    book = read(SOME, Choices(several=several))
    assert (counts(book), book.doubts, book.several) == (told, (), SeveralLines(2, 45))


def test_a_book_of_single_things_is_not_asked_about() -> None:
    """A blank among ones is one."""
    book = read([HEAD, row(1, "1"), row(2, "01"), row(3, "")])
    assert (book.several, book.doubts, book.warnings) == (SeveralLines(), (), ())


def test_a_summary_by_name_and_count_alone_is_no_book(tmp_path: Path) -> None:
    """Counts beside names sum other sheets up."""
    rows = [["Tên thiết bị", "Số lượng"], ["Bàn", 45]]
    book = read_book(as_xlsx(tmp_path / "a.xlsx", P203=[HEAD, row(1, "2")], Chung=rows))
    assert [sheet.left_out for sheet in book.sheets] == [None, LeftOut.NO_HEADING]
    assert counts(book) == [2]


@pytest.mark.parametrize("name", ["Trang 3", "Toàn trường"])
def test_a_sheet_that_sums_up_the_others_by_its_numbers_is_left_out(
    tmp_path: Path, name: str
) -> None:
    """Whatever it is called, with a notice; it is read where a person ticks it."""
    sums = [["STT", "Tên thiết bị", "Số lượng"], [1, "Bàn học sinh", 3]]
    rooms = {"P203": [HEAD, row(1, "1"), row(2, "1")], "P204": [HEAD, row(3, "1")]}
    book = read_book(as_xlsx(tmp_path / "a.xlsx", **rooms, **{name: sums}))
    assert [sheet.left_out for sheet in book.sheets] == [None, None, LeftOut.SUMMARY]
    assert [(doubt.kind, doubt.value) for doubt in book.doubts] == [(DoubtKind.SUMMARY, name)]
    assert [line.asset_tag for line in book.lines] == ["TS-1", "TS-2", "TS-3"]
    ticked = read_book(tmp_path / "a.xlsx", Choices(sheets=frozenset({*rooms, name})))
    assert counts(ticked) == [1, 1, 1, 3]


def test_a_sheet_that_may_sum_up_the_others_is_asked_about(tmp_path: Path) -> None:
    """Other numbers for the same things; one that tells a room is a room's."""
    sums = [["STT", "Tên thiết bị", "Số lượng"], [1, "Bàn học sinh", 4]]
    rooms = {"P203": [HEAD, row(1, "1"), row(2, "1")], "P204": [HEAD, row(3, "1")]}
    for name, told in (("Trang 3", ["Trang 3"]), ("Phòng 205", [])):
        book = read_book(as_xlsx(tmp_path / "a.xlsx", **rooms, **{name: sums}))
        assert [one.value for one in book.warnings if one.code == "sheet_sums_up"] == told
        assert counts(book) == [1, 1, 1, 4]


def test_a_list_of_all_tags_beside_the_rooms_sheets_is_left_out(tmp_path: Path) -> None:
    """It tells each thing again; of two lists that are the same neither is."""
    rooms = {"P203": [HEAD, row(1, "1"), row(2, "1")], "P204": [HEAD, row(3, "1")]}
    every = [HEAD, *(row(number, "1") for number in (1, 2, 3))]
    book = read_book(as_xlsx(tmp_path / "a.xlsx", Chung=every, **rooms))
    assert [sheet.left_out for sheet in book.sheets] == [LeftOut.SUMMARY, None, None]
    assert [line.asset_tag for line in book.lines] == ["TS-1", "TS-2", "TS-3"]
    twice = read_book(as_xlsx(tmp_path / "b.xlsx", Chung=every, Nua=every))
    assert [sheet.left_out for sheet in twice.sheets] == [None, None]
    assert sum(bool(line.errors) for line in twice.lines) == 3


@pytest.mark.parametrize("is_turned", [True, False])
def test_of_two_quantities_the_books_own_is_taken_and_the_other_can_be_chosen(
    *, is_turned: bool
) -> None:
    """Neither is dropped in silence."""
    heads = ["Số lượng theo sổ", "Số lượng thực tế"]
    cells = ["45", "44"]
    if is_turned:
        heads, cells = heads[::-1], cells[::-1]
    rows = [["Mã tài sản", "Tên thiết bị", *heads], ["TS-1", "Bàn học sinh", *cells]]
    book = read(rows)
    assert counts(book) == [45]
    told = {(one.code, one.value) for one in book.warnings}
    assert told >= {("quantity_taken", heads[is_turned]), ("quantity_beside", heads[not is_turned])}
    chosen = read(rows, Choices(headings={"so luong thuc te": "quantity"}))
    assert counts(chosen) == [44]
    assert ("quantity_taken", "Số lượng thực tế") in {(o.code, o.value) for o in chosen.warnings}


@pytest.mark.parametrize(
    ("price", "told"), [(PriceOf.ONE, (500_000, None)), (PriceOf.ALL, (None, 500_000))]
)
@pytest.mark.parametrize("head", ["Nguyên giá", "Giá mua"])
def test_what_a_price_is_of_can_be_answered(
    head: str, price: PriceOf, told: tuple[int | None, int | None]
) -> None:
    """Whatever its heading was taken for; nothing is asked any more."""
    rows = [[*HEAD, head], row(1, "2", "500.000")]
    assert DoubtKind.PRICE in {doubt.kind for doubt in read(rows).doubts}
    book = read(rows, Choices(price=price))
    (line,) = book.lines
    assert (line.unit_cost_vnd, line.cost_vnd) == told
    assert (DoubtKind.PRICE not in {doubt.kind for doubt in book.doubts}, book.warnings) == (
        True,
        (),
    )


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        (("45", "500.000", "22.500.000"), (45, 500_000, 22_500_000)),
        (("3", "33.333.333", "100.000.000"), (3, 33_333_333, 100_000_000)),
        (("3", "33.333.000", "100.000.000"), (3, 33_333_000, 100_000_000)),
        (("45", "500.000", ""), (45, 500_000, None)),
        (("45", "", "22.500.000"), (45, None, 22_500_000)),
        (("", "500.000", "500.000"), (None, 500_000, 500_000)),
        (("45", "500.000", "500.000"), "cost_product"),
        (("45", "500.000", "22.600.000"), "cost_product"),
        (("", "500.000", "22.500.000"), "cost_product"),
        (("0", "500.000", "0"), (0, 500_000, 0)),
        (("nhiều", "500.000", "22.500.000"), (None, None, 22_500_000)),
    ],
)  # fmt: skip
def test_unit_price_and_total_stay_apart_and_are_held_against_the_quantity(
    cells: tuple[str, ...], told: tuple[Told, ...] | str
) -> None:
    """Where they disagree nobody knows which is right: neither is kept, and the line is named."""
    book = read([PRICES, row(1, *cells)])
    (line,) = book.lines
    if isinstance(told, str):
        assert [(one.field, one.code) for one in line.errors] == [(name, told) for name in MONEY]
        assert (line.unit_cost_vnd, line.cost_vnd) == (None, None)
    else:
        assert (line.quantity, line.unit_cost_vnd, line.cost_vnd) == told
    assert not {one.field for one in line.errors} & book.sources[0].fields


def test_a_set_costs_what_its_parts_do() -> None:
    """One thing, whose price is that of all."""
    book = read([PRICES, row(1, "5", "100.000", ""), row(2, "5", "100.000", "500.000")],
                Choices(several=Several.ONE))  # fmt: skip
    assert [(line.quantity, line.unit_cost_vnd, line.cost_vnd) for line in book.lines] == [
        (1, None, 500_000)
    ] * 2
    assert all("cost_vnd" in source.fields for source in book.sources)


def test_each_column_of_money_counts_in_its_own_unit() -> None:
    """A price in đồng beside a total in thousands."""
    rows = [[*HEAD, "Đơn giá (đồng)", "Thành tiền (1.000đ)"], row(1, "2", "250.000", "500")]
    (line,) = read(rows).lines
    assert (line.unit_cost_vnd, line.cost_vnd) == (250_000, 500_000)


def test_a_cost_beside_a_total_is_that_of_one() -> None:
    """Nguyên giá beside Thành tiền, without a Đơn giá; alone it is what the whole line cost."""
    rows = [[*HEAD, "Nguyên giá", "Thành tiền"], row(1, "2", "250.000", "500.000")]
    (line,) = read(rows).lines
    assert (line.unit_cost_vnd, line.cost_vnd) == (250_000, 500_000)
    (line,) = read([[*HEAD, "Nguyên giá"], row(1, "2", "500.000")]).lines
    assert (line.unit_cost_vnd, line.cost_vnd) == (None, 500_000)


@pytest.mark.parametrize(
    ("head", "code"),
    [("Nguyên giá", "price_of_all"), ("Giá trị", "price_of_all"), ("Giá mua", "price_of_one"),
     ("Đơn giá", ""), ("Thành tiền (đồng)", "")],
)  # fmt: skip
def test_a_price_that_may_be_of_one_or_of_all_is_told(head: str, code: str) -> None:
    """Where a line is several things, and the heading does not say which it is."""
    told = [notice.code for notice in read([[*HEAD, head], row(1, "2", "500.000")]).warnings]
    assert told == [code] * bool(code)
    assert read([[*HEAD, head], row(1, "1", "500.000")]).warnings == ()


def merged_book(folder: Path, rows: list[list[Any]], *spans: tuple[int, int, int]) -> Book:
    """The book of a workbook. spans: first row, last row and column that are merged, from 0."""
    path = folder / "so.xlsx"
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet()
        for at, cells in enumerate(rows):
            page.write_row(at, 0, cells)
        for top, bottom, place in spans:
            page.merge_range(top, place, bottom, place, rows[top][place])
    return read_book(path)


def three(*rest: Any) -> list[list[Any]]:
    return [MERGED, [*row(1), *rest], row(2), row(3)]


def test_a_quantity_merged_over_as_many_lines_is_one_each(tmp_path: Path) -> None:
    """Each of the three rows is one of the three; that is told by their rows."""
    book = merged_book(tmp_path, three(3), (1, 3, 3))
    assert counts(book) == [1, 1, 1]
    assert [one.value for one in book.warnings if one.code == "quantity_shared"] == ["2, 3, 4"]


def test_a_quantity_merged_over_other_lines_is_no_lines(tmp_path: Path) -> None:
    """Ten things in three rows: nobody knows how many each is."""
    assert counts(merged_book(tmp_path, three(10), (1, 3, 3))) == ["quantity_merged"] * 3


def test_a_merged_total_is_not_many_totals(tmp_path: Path) -> None:
    """Three lines that share 9,000,000 do not cost 27,000,000."""
    book = merged_book(tmp_path, three("", "", 9_000_000), (1, 3, 5))
    assert [line.cost_vnd for line in book.lines] == [None] * 3
    assert [one.code for line in book.lines for one in line.errors] == ["cost_merged"] * 3


def test_a_merged_total_that_the_prices_add_up_to_is_their_sum(tmp_path: Path) -> None:
    """Each line then costs its own price, and nothing is in doubt."""
    rows = [MERGED, [*row(1), 1, 2_000_000, 9_000_000], [*row(2), 2, 2_000_000],
            [*row(3), 1, 3_000_000]]  # fmt: skip
    book = merged_book(tmp_path, rows, (1, 3, 5))
    assert [(line.unit_cost_vnd, line.cost_vnd) for line in book.lines] == [
        (2_000_000, None), (2_000_000, None), (3_000_000, None),
    ]  # fmt: skip
    assert not any(line.errors for line in book.lines)
    kept = [entry.data for entry in merged([], book.lines, fields=book.told).writes]
    assert [line.cost_vnd for line in kept] == [2_000_000, 4_000_000, 3_000_000]


def test_a_merged_price_of_one_holds_for_each_line(tmp_path: Path) -> None:
    """So does a total that is each line's own by its quantity and price."""
    rows = three(2, 500_000, 1_000_000)
    rows[2:] = [[*row(number), 2] for number in (2, 3)]
    book = merged_book(tmp_path, rows, (1, 3, 4), (1, 3, 5))
    assert [(line.unit_cost_vnd, line.cost_vnd) for line in book.lines] == [
        (500_000, 1_000_000)
    ] * 3


AMOUNTS = st.none() | st.integers(0, 10**12)
COUNTS = st.none() | st.integers(0, 500)


def line_of(quantity: int | None, unit: int | None, cost: int | None) -> Line:
    return Line(row=1, asset_tag="T1", type="desk", quantity=quantity, unit_cost_vnd=unit,
                cost_vnd=cost)  # fmt: skip


def brought(before: list[Kept], line: Line, answers: Answers = UNASKED) -> list[Kept]:
    """The register after a book with all columns of amounts brought this line in."""
    fields = frozenset({"asset_tag", "type", "quantity", "unit_cost_vnd", "cost_vnd"})
    done = merged(before, [line], fields=[fields], answers=answers, now_ms=1).writes
    by_no = {entry.no: entry for entry in before} | {entry.no: entry for entry in done}
    return [*by_no.values()]


@given(COUNTS, AMOUNTS, AMOUNTS)
def test_where_two_stand_the_third_follows(
    quantity: int | None, unit: int | None, cost: int | None
) -> None:
    """Of quantity, price of one and price of all; bringing the line in again changes nothing."""
    line = line_of(quantity, unit, cost)
    after = brought([], line)
    (kept,) = after
    assert kept.data.count == (1 if quantity is None else quantity)
    if unit is not None and cost is None:
        assert kept.data.cost_vnd == unit * kept.data.count
    if cost is not None:
        assert kept.data.cost_vnd == cost
    if unit is not None and (cost is None or kept.data.count):
        assert unit_cost_of(kept.data) == unit
    if unit is None and cost is not None and kept.data.count:
        assert is_product(unit_cost_of(kept.data) or 0, kept.data.count, cost)
    assert brought(after, line) == after


@given(st.integers(1, 500), st.integers(1, 500), st.integers(0, 10**10))
def test_the_price_of_one_stays_where_only_the_quantity_is_other(
    was: int, becomes: int, unit: int
) -> None:
    """Five of forty-five desks written off cost a ninth less."""
    (kept,) = brought(brought([], line_of(was, unit, None)), line_of(becomes, None, None))
    assert (kept.data.cost_vnd, unit_cost_of(kept.data)) == (becomes * unit, unit)


def test_a_book_that_says_nothing_of_quantities_changes_none() -> None:
    """Neither a blank cell does, be it so that blanks clear, nor a column that is not there."""
    before = brought([], line_of(45, 500_000, None))
    for answers in (UNASKED, CLEARS):
        (kept,) = brought(before, line_of(None, None, 23_400_000), answers)
        assert (kept.data.count, kept.data.cost_vnd) == (45, 23_400_000)
        assert unit_cost_of(kept.data) == 520_000
    bare = replace(line_of(None, None, None), room="P9")
    done = merged(before, [bare], fields=[frozenset({"asset_tag", "room"})], answers=CLEARS)
    assert (done.writes[0].data.count, done.writes[0].data.cost_vnd) == (45, 22_500_000)


def test_a_blank_clears_only_where_that_lines_own_sheet_has_the_column() -> None:
    """A sheet without a column of serials takes none away, though another sheet has one."""
    lines = [Line(row=n, asset_tag=f"T{n}", type="board", serial=f"S{n}") for n in (1, 2)]
    before = list(merged([], lines).writes)
    again = [replace(line, serial="") for line in lines]
    own = [frozenset({"asset_tag", "serial"}), frozenset({"asset_tag"})]
    done = merged(before, again, fields=own, answers=CLEARS)
    assert [step.line.serial for step in done.steps] == ["", "S2"]


def test_what_one_of_a_line_costs_is_rounded_to_the_dong() -> None:
    """Half a đồng up; of nothing there is no share."""
    assert [share_of(100, 3), share_of(5, 2), share_of(7, 0), share_of(None, 2)] == [
        33, 3, None, None,
    ]  # fmt: skip
    assert priced(line_of(3, 33, 100)) == line_of(3, None, 100)


def test_quantities_are_kept_and_taken_back_with_their_import(database: Database) -> None:
    """On either database; a line of before the column is one thing."""
    with Store(database.url) as store:
        for now_ms, line in ((1, line_of(None, None, 500_000)), (2, line_of(45, 500_000, None))):
            with store.locked(SCHOOL) as db:
                register.bring_in(db, SCHOOL, [line], whole=True, now_ms=now_ms)
        assert kept_in(store) == [(45, 22_500_000)]
        with store.locked(SCHOOL) as db:
            done = register.undo_import(db, SCHOOL, 2, Said("hoa", 3))
        assert done is not None
        assert done.remaining == ()
        assert kept_in(store) == [(1, 500_000)]


def kept_in(store: Store) -> list[tuple[int | None, int | None]]:
    lines = store.read(register.lines_of, SCHOOL)
    return [(entry.data.quantity, entry.data.cost_vnd) for entry in lines]


def test_the_trial_asks_and_remembers_the_answer(tmp_path: Path) -> None:
    """With how many things there would be; one of them is chosen from then on."""
    text = "\n".join(";".join(cells) for cells in [PRICES, row(1, "45", "500.000", "22.500.000")])
    with a_store(tmp_path) as store, browsing(store) as web:
        files = {"file": ("so.csv", text.encode())}
        trial = web.post("/register/import", files=files).headers["location"]
        page = web.get(trial).text
        assert "1 line has a quantity other than 1: 45 things if each is counted." in page
        assert 'value="one">' in page
        web.post(f"{trial}/headings", data={"several": "one"})
        page = web.get(trial).text
        assert 'value="one" selected>' in page
        assert "not answered" not in page
        web.post(trial)
        assert kept_in(store) == [(1, 22_500_000)]


def test_the_command_asks_and_takes_an_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each thing counts unless the book's lines are said to be one each."""
    path = tmp_path / "so.csv"
    path.write_text("\n".join(";".join(cells) for cells in [HEAD, row(1, "45")]), "utf-8")
    monkeypatch.setenv("LOPHOC_CONTROLLER_SCHOOL", SCHOOL.school)
    monkeypatch.setenv("LOPHOC_CONTROLLER_PROVINCE", SCHOOL.province)
    fresh_folder(tmp_path / "data")
    command = ["register", "import", str(path), "--dry-run", "--data", str(tmp_path / "data")]
    assert main(command) == 0
    told = capsys.readouterr().out
    assert "1 dòng có số lượng khác 1: 45 thiết bị nếu tính từng cái." in told
    assert "--quantity one" in told
    assert main([*command, "--quantity", "one", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert [item["quantity"] for item in report["items"]] == [1]
    assert [one["code"] for one in report["warnings"]] == ["doubt_quantity"]


def test_forty_five_one_and_none() -> None:
    """A book of the field: each line keeps its quantity."""
    path = SHEETS / "i06-qty.csv"
    if not path.exists():
        pytest.skip("the books of the field are not here")
    book = read_book(path)
    assert [line.quantity for line in book.lines] == [45, 1, 0]
    assert book.several == SeveralLines(2, 45)


def test_an_import_before_quantities_is_taken_back_all_the_same(tmp_path: Path) -> None:
    """What was noted of its lines then knows no quantity: each was one thing."""
    with a_store(tmp_path) as store:
        path = tmp_path / "so.csv"
        path.write_text("\n".join(";".join(cells) for cells in [HEAD[:3], row(1)]), "utf-8")
        take_in(store, SCHOOL, read_book(path), whole=True, now_ms=1)
        with store.locked(SCHOOL) as db:
            (change,) = register.imports.changes_in(db, SCHOOL, 1)
            assert change.becomes.data.quantity is None
            done = register.undo_import(db, SCHOOL, 1, Said("hoa", 3))
        assert done is not None
        assert done.remaining == ()
