"""A department's own workbook is filled where its names point, and a broken one says why."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import load_workbook

from controller.reports.report import REPORTS, Pack, Period, PeriodKind, ReportTable, differences
from controller.reports.template import TemplateError, check, filled, known_names
from controller.reports.workbook import workbook_of

FIGURES = (
    None,
    0,
    -5,
    10**9,
    12.5,
    0.1,
    "",
    " hai  dấu cách ",
    "=1+1",
    "<b>&amp;",
    "01",
    "dòng\nhai",
)


def pack_with(figure: Callable[[str, int], Any], rows: int = 2) -> Pack:
    """A pack whose figures a function gives, by report and place."""
    tables = []
    for spec in REPORTS:
        lead = ("00140708", "THCS Tô Hiệu") if spec.by_school else ()
        body = tuple(
            (*lead, *(figure(spec.code, at) for at, _ in enumerate(spec.columns)))
            for _ in range(rows)
        )
        total = tuple(figure(spec.code, at) for at, _ in enumerate(spec.columns))
        tables.append(ReportTable(code=spec.code, rows=body, total=total))
    return Pack(
        period=Period(kind=PeriodKind.MONTH, first="2026-11-01", last="2026-11-30"),
        day="2026-11-30",
        made_ms=1,
        department="Sở GD&ĐT <Sơn La>",
        schools=3,
        reported=2,
        silent=1,
        tables=tuple(tables),
    )


PLAIN = pack_with(lambda code, at: int(code[1:]) * 100 + at)


def cells(raw: bytes) -> dict[str, list[list[Any]]]:
    """What a spreadsheet program reads."""
    book = load_workbook(io.BytesIO(raw))
    return {
        name: book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        for name in book.sheet_names
    }


def own_form(names: dict[str, str], sheet: str = "Biểu 'số' 1") -> bytes:
    """A department's own workbook: names, a formula, words and forms of its own."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        page = book.add_worksheet(sheet)
        page.write(0, 0, "Mẫu của Sở", book.add_format({"bold": True, "bg_color": "#ffff00"}))
        page.write_formula(0, 5, "=B3*2", None, 0)
        page.write(2, 1, "cũ")
        for name, cell in names.items():
            quoted = sheet.replace("'", "''")
            book.define_name(name, f"='{quoted}'!{cell}")
    return buffer.getvalue()


def test_the_same_pack_is_the_same_file_and_every_cell_has_a_name() -> None:
    """Our own workbook is a template that uses all the names there are."""
    raw = workbook_of(PLAIN)
    assert raw == workbook_of(PLAIN)
    assert {*check(raw)} == known_names()
    assert cells(filled(raw, PLAIN)) == cells(raw)
    assert filled(raw, PLAIN) == filled(raw, PLAIN)


def test_whatever_figures_a_pack_has_the_template_shows_them() -> None:
    """Our layout, filled with another pack's figures, is what that pack's own workbook says."""
    pack = pack_with(lambda code, at: FIGURES[(int(code[1:]) + at) % len(FIGURES)])
    ours, theirs = cells(filled(workbook_of(PLAIN), pack)), cells(workbook_of(pack))
    for name, rows in theirs.items():
        for row, own in enumerate(rows):
            for column, value in enumerate(own):
                assert ours[name][row][column] == value, (name, row, column)


def test_a_department_s_own_form_keeps_all_but_the_named_cells() -> None:
    """Cells that were not there are made, those that were keep how they look."""
    form = own_form(
        {"LH_R02_managed": "$B$3", "LH_day": "$AA$9", "LH_R05_table": "$C$12", "Khác": "$A$1"}
    )
    raw = filled(form, PLAIN)
    (page,) = cells(raw).values()
    assert page[0][0] == "Mẫu của Sở"
    assert (page[2][1], page[8][26]) == (203.0, "30/11/2026")
    assert page[11][2:6] == ["00140708", "THCS Tô Hiệu", 500.0, 501.0]
    assert page[12][2] == "00140708"
    with zipfile.ZipFile(io.BytesIO(raw)) as file:
        assert b"<f>B3*2</f>" in file.read("xl/worksheets/sheet1.xml").replace(b"ns0:", b"")
        assert b"fullCalcOnLoad" in file.read("xl/workbook.xml")


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"no workbook", "template_unreadable"),
        (own_form({}), "template_nameless"),
        (own_form({"LH_R02_manged": "$B$3"}), "template_name"),
        (own_form({"LH_R02_managed": "$B$3:$B$9"}), "template_name"),
        (own_form({"LH_R02_managed": "#REF!"}), "template_name"),
    ],
    ids=["bytes", "nameless", "misspelt", "range", "gone"],
)
def test_a_broken_template_says_what_is_wrong_with_it(raw: bytes, code: str) -> None:
    """Before it is kept; the name that is wrong is told."""
    with pytest.raises(TemplateError) as told:
        check(raw)
    assert told.value.code == code
    if code == "template_name":
        assert "LH_R02_man" in told.value.text(str)


def form_with(write: Callable[[Any, Any], object]) -> bytes:
    """A department's own form with another sheet, on which something is written."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        book.define_name("LH_R02_managed", "='Số liệu'!$B$3")
        page = book.add_worksheet("Số liệu")
        page.write(2, 1, "cũ")
        write(book.add_worksheet("Tổng hợp"), page)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "error", ["#VALUE!", "#REF!", "#N/A", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"]
)
def test_a_cell_in_error_is_named_before_the_template_is_kept(error: str) -> None:
    """Written as a value it stays whatever comes; what a formula came to is reckoned anew."""

    def as_value(raw: bytes) -> bytes:
        with zipfile.ZipFile(io.BytesIO(raw)) as file:
            parts = {name: file.read(name) for name in file.namelist()}
        sheet = "xl/worksheets/sheet2.xml"
        parts[sheet] = parts[sheet].replace(b'<c r="C5"><v>7</v>', b'<c r="C5" t="e"><v>'
                                            + error.encode() + b"</v>")  # fmt: skip
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as file:
            for name, part in parts.items():
                file.writestr(name, part)
        return buffer.getvalue()

    with pytest.raises(TemplateError) as told:
        check(as_value(form_with(lambda page, _: page.write_number(4, 2, 7))))
    assert told.value.code == "template_cell"
    assert f"Tổng hợp!C5 of the template holds the error {error}" in told.value.text(str)
    formula = form_with(lambda page, _: page.write_formula(4, 2, "='Số liệu'!B3*2", None, error))
    assert check(formula) == ["R02_managed"]
    written = cells(filled(formula, PLAIN))
    assert error not in str(written)
    assert written["Số liệu"][2][1] == 203.0
    own = form_with(lambda _, page: page.write_formula(2, 1, "=1/0", None, error))
    assert check(own) == ["R02_managed"]


def test_a_reference_that_is_lost_is_named() -> None:
    """No figure mends it."""
    with pytest.raises(TemplateError, match=r"#REF!"):
        check(form_with(lambda page, _: page.write_formula(0, 0, "=SUM(#REF!)", None, 0)))


def test_what_a_formula_came_to_before_is_not_told_with_new_figures() -> None:
    """A program that reckons nothing shows nothing there, and no figure of another month."""
    form = form_with(lambda page, _: page.write_formula(4, 2, "='Số liệu'!B3*2", None, 4711))
    raw = filled(form, PLAIN)
    assert "4711" not in str(cells(raw))
    with zipfile.ZipFile(io.BytesIO(raw)) as file:
        book = file.read("xl/workbook.xml")
    assert book.index(b"definedNames") < book.index(b"calcPr")
    assert b"fullCalcOnLoad" in book


def test_a_workbook_without_settings_is_reckoned_when_it_is_opened() -> None:
    """Some programs write none; ours stand where the schema has them."""
    with zipfile.ZipFile(io.BytesIO(own_form({"LH_R02_managed": "$B$3"}))) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    book = parts["xl/workbook.xml"]
    parts["xl/workbook.xml"] = re.sub(rb"<calcPr[^>]*/>", b"", book)
    assert parts["xl/workbook.xml"] != book
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, part in parts.items():
            file.writestr(name, part)
    with zipfile.ZipFile(io.BytesIO(filled(buffer.getvalue(), PLAIN))) as file:
        written = file.read("xl/workbook.xml")
    assert written.index(b"definedNames") < written.index(b'calcPr fullCalcOnLoad="1"')


@given(st.integers(0, 5000), st.binary(min_size=1, max_size=20))
@settings(max_examples=25)
def test_a_damaged_template_is_an_error_of_ours_or_works(at: int, noise: bytes) -> None:
    """Whatever bytes are in the middle of it."""
    whole = own_form({"LH_R02_managed": "$B$3"})
    at %= len(whole)
    damaged = whole[:at] + noise + whole[at + len(noise) :]
    with suppress(TemplateError):
        filled(damaged, PLAIN)


def test_a_bomb_and_an_entity_are_refused() -> None:
    """Within bounds of size, and without what XML may pull in."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("xl/workbook.xml", b"0" * (70 * 1024 * 1024))
    with pytest.raises(TemplateError, match="too big"):
        check(buffer.getvalue())
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("xl/workbook.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
        file.writestr("xl/_rels/workbook.xml.rels", b"<a/>")
    with pytest.raises(TemplateError):
        check(buffer.getvalue())


def test_packs_are_compared_figure_by_figure() -> None:
    """What is not known in one of them has no change."""
    later = pack_with(lambda code, at: None if code == "R03" else int(code[1:]) * 100 + at + 1)
    told = {(one.code, one.head): one.change for one in differences(PLAIN, later)}
    assert {change for (code, _), change in told.items() if code != "R03"} == {1}
    assert {change for (code, _), change in told.items() if code == "R03"} == {None}
