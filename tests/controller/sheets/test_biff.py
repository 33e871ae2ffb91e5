"""An .xls tells of errors and of formulas; damage in it is a refusal and no crash."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.sheets.cells import workbook
from controller.sheets.compound import CompoundError, stream_of
from controller.sheets.errors import SheetError
from controller.sheets.text import Cause, Unreadable
from tests.controller.sheets.written_grids import ERRORS, Formula, Grid, Odd, compound, write_xls


def test_an_empty_result_is_none_only_where_nothing_is_calculated(tmp_path: Path) -> None:
    """Excel keeps "" as the result of =IF(A1=1,"x",""): that is an empty cell, and no fault."""
    path = tmp_path / "a.xls"
    write_xls(Grid([["a", Odd.NO_RESULT, "b"]]), path)
    assert workbook(path)[0].rows == [["a", Unreadable(Cause.FORMULA), "b"]]
    write_xls(Grid([["a", Odd.NO_RESULT, Formula(5.0)]]), path)
    assert workbook(path)[0].rows == [["a", "", 5.0]]


@pytest.mark.parametrize("error", ERRORS)
def test_a_formula_in_error_is_unreadable(tmp_path: Path, error: str) -> None:
    """As a cell in error is, which the other tests write."""
    path = tmp_path / "a.xls"
    write_xls(Grid([[Formula(error), "b"]]), path)
    assert workbook(path)[0].rows == [[Unreadable(Cause.ERROR, error), "b"]]


@given(
    first=st.binary(max_size=9000), second=st.binary(min_size=1, max_size=5000), cut=st.integers(0)
)
def test_a_stream_is_what_was_written(first: bytes, second: bytes, cut: int) -> None:
    """Long or short, first or second; a file that is cut off is damaged, or tells less."""
    raw = compound({"Book": first, "Workbook": second})
    assert stream_of(raw, "Workbook") == second
    assert stream_of(raw, "book") == first
    assert stream_of(raw, "Other") == b""
    with contextlib.suppress(CompoundError):
        stream_of(raw[: cut % len(raw)], "Workbook")


def test_a_torn_xls_is_damaged(tmp_path: Path) -> None:
    """Wherever it is torn."""
    path = tmp_path / "a.xls"
    write_xls(Grid([["a"]]), path, more=300)
    raw = path.read_bytes()
    for end in (600, len(raw) // 2, len(raw) - 600):
        path.write_bytes(raw[:end])
        with pytest.raises(SheetError) as refused:
            workbook(path)
        assert refused.value.code == "damaged"
