"""These tests hold that errors, formulas without a result and formats of numbers are not lost."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from controller.sheets.cells import workbook
from controller.sheets.errors import SheetError
from controller.sheets.formats import number_format
from controller.sheets.text import Cause, Cell, Unreadable, folded
from tests.workbooks import raw_workbook

FORMULA = Unreadable(Cause.FORMULA)


@pytest.mark.parametrize(
    ("xml", "cell"),
    [
        ('<c r="B1" t="e"><v>#REF!</v></c>', Unreadable(Cause.ERROR, "#REF!")),
        ('<c r="B1" t="e"><f>1/0</f><v>#DIV/0!</v></c>', Unreadable(Cause.ERROR, "#DIV/0!")),
        ('<c r="B1"><f>A1</f></c>', FORMULA),
        ('<c r="B1"><f>A1</f><v/></c>', FORMULA),
        ('<c r="B1"><f>A1</f><v></v></c>', FORMULA),
        ('<c r="B1"><f t="shared" si="0"/></c>', FORMULA),
        ('<c><v>1</v></c><c t="e"><v>#N/A</v></c>', Unreadable(Cause.ERROR, "#N/A")),
        ('<c r="B1" t="str"><f>""</f><v></v></c>', ""),
        ('<c r="B1"><f>A1</f><v>7</v></c>', 7.0),
        ('<c r="B1" s="1"><v>1.1</v></c>', "1.10"),
        ('<c r="B1" s="1"><v>203</v></c>', 203.0),
        ('<c r="B1" s="2"><v>7</v></c>', "TS-007"),
        ('<c r="B1" s="3"><v>123</v></c>', "0000000123"),
        ('<c r="B1" s="4"><v>9900000</v></c>', 9900000.0),
        ('<c r="B1" s="5"><v>98</v></c>', "98 triệu"),
    ],
)
def test_a_cell_is_what_the_sheet_shows(tmp_path: Path, xml: str, cell: Cell) -> None:
    """The parser alone gives an empty cell, or the number without its form."""
    formats = ["0.00", '"TS-"000', "0000000000", '#,##0" đ"', '0" triệu"']
    end = '<c r="C1"><v>1</v></c>'
    path = raw_workbook(tmp_path / "a.xlsx", f'<row r="1">{xml}{end}</row>', formats=formats)
    [sheet] = workbook(path)
    assert sheet.rows[0][1] == cell
    assert sheet.rows[0][2] == 1.0


def test_an_amended_cell_may_stand_beyond_the_others(tmp_path: Path) -> None:
    """The parser's rows end with the last cell that it read."""
    rows = (
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="3"><c r="AA3" t="e"><v>#NUM!</v></c></row>'
    )
    [sheet] = workbook(raw_workbook(tmp_path / "a.xlsx", rows))
    assert [len(row) for row in sheet.rows] == [1, 0, 27]
    assert sheet.rows[2][26] == Unreadable(Cause.ERROR, "#NUM!")


def test_a_workbook_of_a_program_without_a_result_in_one_of_many_rows(tmp_path: Path) -> None:
    """What is told stands in its own row, however long the sheet is."""
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_column(0, 0, [f"{number:<60}." for number in range(20_000)])
        sheet.write_formula(19_000, 1, "=A1", value="")
        sheet.write_formula(19_001, 1, "=1/0", value="#DIV/0!")
    [told] = workbook(path)
    assert told.rows[19_001][1] == Unreadable(Cause.ERROR, "#DIV/0!")
    assert sum(len(row) > 1 for row in told.rows) == 2


@given(number=st.integers(0, 10**12), digits=st.integers(2, 15))
def test_zeros_of_a_format_are_kept(number: int, digits: int) -> None:
    """A tag or an id that is shown as 000123 is that, not 123."""
    form = number_format("0" * digits)
    assert form is not None
    assert form.text_of(str(number)) == str(number).rjust(digits, "0")


@given(number=st.decimals(0, 10**9, places=6), places=st.integers(1, 6))
def test_a_fraction_is_shown_to_its_places(number: Decimal, places: int) -> None:
    """Rounded as a spreadsheet does; a whole number stays one."""
    form = number_format("0." + "0" * places)
    assert form is not None
    text = form.text_of(str(number))
    if number == number.to_integral_value():
        assert text is None
    else:
        assert text is not None
        assert abs(Decimal(text) - number) * 2 <= Decimal(1).scaleb(-places)
        assert len(text.partition(".")[2]) == places


@pytest.mark.parametrize(
    "code", ["General", "@", "0", "#,##0", "#,##0.00", "0%", "#,##0 [$₫-42A]", "dd/mm/yyyy", ""]
)
def test_money_and_plain_numbers_stay_numbers(code: str) -> None:
    """Their format says nothing that the number does not."""
    assert number_format(code) is None


def test_a_far_cell_is_too_big_and_not_damaged(tmp_path: Path) -> None:
    """A person who is told "damaged" looks for another fault."""
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "x")
        sheet.write(1_048_575, 16_383, "y")
    with pytest.raises(SheetError) as refused:
        workbook(path)
    assert refused.value.code == "too_big"


@pytest.mark.parametrize(
    ("head", "plain"),
    [
        ("Mã (theo (QĐ)) x", "ma x"),
        ("(((a) b", "b"),
        ("a (b", "a b"),
        ("a) (b", "a b"),
        ("(" * 4000, ""),
    ],
)
def test_brackets_are_left_out_where_they_close(head: str, plain: str) -> None:
    """And an open one is looked at once, not from each bracket to the end."""
    assert folded(head) == plain
