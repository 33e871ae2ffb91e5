"""How long things are under warranty is read as books write it, and never guessed."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.register.book import Line
from controller.register.by_hand import Refused, written_line
from controller.register.headings import ALIASES, WARRANTY
from controller.register.merging import Answers, Kept, merged
from controller.register.reading import read_book
from controller.register.warranty import (
    ENDED,
    WARRANTY_WORDS,
    Warranty,
    WarrantyChoice,
    WarrantyWord,
    choice_of,
    day_told,
    end_of,
    later,
    months_until,
    shown_end,
    unit_of,
    warranties,
    warranty_of,
    warranty_said,
)
from controller.sheets.text import Cause, Cell, Day, RefusedError, Unreadable
from protocol.language import translator

NONE = Warranty()


@pytest.mark.parametrize(
    ("cell", "unit", "told"),
    [
        ("24 tháng", None, Warranty(24)),
        ("24 Tháng", 12, Warranty(24)),
        ("24T", None, Warranty(24)),
        ("24 th", None, Warranty(24)),
        ("24 (tháng)", None, Warranty(24)),
        ("24", None, Warranty(24)),
        (24.0, None, Warranty(24)),
        ("36,0", None, Warranty(36)),
        (Day(1900, 1, 23), 1, Warranty(24)),
        ("2 năm", None, Warranty(24)),
        ("1,5 năm", None, Warranty(18)),
        ("2", 12, Warranty(24)),
        (3.0, 12, Warranty(36)),
        ("3", 1, Warranty(3)),
        ("2 năm 6 tháng", None, Warranty(30)),
        ("2 năm và 6 tháng", None, Warranty(30)),
        ("BH 24 tháng", None, Warranty(24)),
        ("24 tháng kể từ ngày giao", None, Warranty(24)),
        ("24 months", None, Warranty(24)),
        ("2 years", None, Warranty(24)),
        ("0", None, Warranty(0)),
        ("Hết", None, Warranty(0)),
        ("Đã hết bảo hành", None, Warranty(0)),
        ("hết hạn", None, Warranty(0)),
        ("31/12/2027", None, Warranty(until="2027-12-31")),
        ("5.3.27", 1, Warranty(until="2027-03-05")),
        ("2027-12-31", None, Warranty(until="2027-12-31")),
        (Day(2027, 2, 28), None, Warranty(until="2027-02-28")),
        ("Đến 31/12/2027", None, Warranty(until="2027-12-31")),
        ("02/2028", None, Warranty(until="2028-02-29")),
        ("T6/2027", None, Warranty(until="2027-06-30")),
        ("tháng 6 năm 2027", None, Warranty(until="2027-06-30")),
        ("đến hết năm 2027", None, Warranty(until="2027-12-31")),
        ("2027", None, Warranty(until="2027-12-31")),
        (2027.0, 12, Warranty(until="2027-12-31")),
        ("", None, NONE),
        ("-", None, NONE),
        ("không có", None, NONE),
        ("chưa rõ", None, NONE),
    ],
)
def test_what_books_write_is_read(cell: Cell, unit: int | None, told: Warranty) -> None:
    """A length, a day, or nothing; a heading says what a bare number counts in."""
    assert warranty_of(cell, unit) == told


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("2", "warranty_ambiguous"),
        (3.0, "warranty_ambiguous"),
        ("240", "warranty_ambiguous"),
        ("12-24 tháng", "warranty_invalid"),
        ("còn", "warranty_invalid"),
        ("24 kg", "warranty_invalid"),
        ("31/02/2027", "warranty_invalid"),
        ("13/2027", "warranty_invalid"),
        ("31/12/1927", "warranty_invalid"),
        (float("inf"), "warranty_invalid"),
        (-1.0, "warranty_invalid"),
        ("999 tháng", "warranty_invalid"),
        (18.5, "warranty_invalid"),
        (Unreadable(Cause.ERROR, "#VALUE!"), "cell_error"),
        (Day(2199, 1, 2), "warranty_invalid"),
    ],
)
def test_what_may_be_two_things_is_refused(cell: Cell, code: str) -> None:
    """2 may be months or years; nothing is made of half a date."""
    with pytest.raises(RefusedError, match=code):
        warranty_of(cell)


@given(st.text(max_size=40), st.sampled_from([None, 1, 12]))
def test_whatever_stands_there_is_read_or_refused(text: str, unit: int | None) -> None:
    """Nothing else is raised, and what is told is within bounds."""
    try:
        told = warranty_of(text, unit)
    except RefusedError:
        return
    assert told.months is None or 0 <= told.months <= 600
    assert not told.until or dt.date.fromisoformat(told.until)
    assert told.months is None or not told.until


_WRITINGS: list[tuple[str, Any]] = [
    ("Thời hạn bảo hành (tháng)", lambda n, _: f"{n}"),
    ("Thời gian bảo hành", lambda n, _: f"{n} tháng"),
    ("Bảo hành", lambda n, _: f"{n} THÁNG"),
    ("Số tháng bảo hành", lambda n, _: f"{n}"),
    ("Bảo hành đến", lambda n, _: f"{n} tháng"),
    ("Warranty Months", lambda n, _: f"{n}"),
    ("Hạn bảo hành", lambda _, day: f"{day:%d/%m/%Y}"),
    ("Ngày hết bảo hành", lambda _, day: f"{day.day}-{day.month}-{day.year}"),
    ("Bảo hành", lambda _, day: f"{day:%d/%m/%Y}"),
    ("Ngày hết hạn bảo hành", lambda _, day: f"{day:%Y-%m-%d}"),
    ("Thời hạn bảo hành", lambda _, day: f"đến {day:%d/%m/%Y}"),
]


@given(
    st.sampled_from(_WRITINGS),
    st.integers(1, 120),
    st.dates(dt.date(2001, 1, 2), dt.date(2060, 12, 31)),
)
def test_each_heading_takes_either_writing(
    tmp_path_factory: pytest.TempPathFactory, writing: Any, months: int, day: dt.date
) -> None:
    """Whatever the column is called, what stands in it goes to its own field, or is refused."""
    head, write = writing
    cell = write(months, day)
    line = _read(
        tmp_path_factory.mktemp("book"), ["Tên thiết bị", "Số sê-ri", head], [["TV", "S1", cell]]
    )
    told = line.warranty_months, line.warranty_until
    assert told == ((months, "") if str(months) in cell and "/" not in cell and "-" not in cell
                    else (None, day.isoformat())), cell  # fmt: skip


def _read(folder: Path, head: list[str], rows: list[list[str]]) -> Line:
    path = folder / "so.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    return read_book(path).lines[0]


def test_a_length_ends_by_the_very_day_where_the_book_has_it(tmp_path: Path) -> None:
    """Of a year alone, or its first day, which is how people write a year, no end is made."""
    head = ["Tên thiết bị", "Số sê-ri", "Ngày đưa vào sử dụng", "Bảo hành (tháng)"]
    ends = [
        _read(tmp_path, head, [["TV", "S1", used, "24"]]).warranty_until
        for used in ("29/02/2024", "2024", "01/01/2024", "09/2024")
    ]
    assert ends == ["2026-02-28", "", "", ""]
    both = [*head, "Hạn bảo hành"]
    line = _read(tmp_path, both, [["TV", "S1", "15/03/2024", "24", "31/12/2026"]])
    assert (line.warranty_months, line.warranty_until) == (24, "2026-12-31")


def test_a_cell_in_error_is_named_and_the_line_is_kept(tmp_path: Path) -> None:
    """The other cells of the line stand."""
    line = _read(tmp_path, ["Tên thiết bị", "Số sê-ri", "Bảo hành"], [["TV", "S1", "2"]])
    assert [(fault.field, fault.code) for fault in line.errors] == [
        ("warranty_months", "warranty_ambiguous")
    ]
    assert (line.serial, line.warranty_months) == ("S1", None)


def test_no_alias_heads_two_fields() -> None:
    """A heading is of one of both; how a number counts stands in its brackets."""
    both = [*ALIASES[WARRANTY[0]], *ALIASES[WARRANTY[1]]]
    assert len(both) == len({*both})
    heads = (
        "Bảo hành (tháng)",
        "Bảo hành (năm)",
        "Bảo hành",
        "Năm hết bảo hành",
        "Warranty months",
    )
    assert [*map(unit_of, heads)] == [1, 12, None, None, 1]


@pytest.mark.parametrize(
    ("year", "months", "until", "end"),
    [
        (2024, 24, "", "2026-12-31"), (2024, 18, "", "2026-06-30"), (2024, 2, "", "2025-02-28"),
        (2023, 2, "", "2024-02-29"), (2024, 24, "2026-03-15", "2026-03-15"), (None, 24, "", ""),
        (2024, None, "", ""), (2024, 0, "", ENDED), (None, 0, "", ENDED),
    ],
)  # fmt: skip
def test_a_warranty_ends_as_told_or_at_the_latest(
    year: int | None, months: int | None, until: str, end: str
) -> None:
    """What is over for sure is over; of a year alone it is counted from its last day."""
    assert end_of(year, months, until) == end
    assert shown_end(end) == ("" if end == ENDED else end)


@given(st.dates(dt.date(2000, 1, 1), dt.date(2080, 12, 31)), st.integers(0, 600))
def test_months_later_is_the_same_day_or_the_months_last(day: dt.date, months: int) -> None:
    """As a calendar has it."""
    then = later(day, months)
    assert (then.year * 12 + then.month) - (day.year * 12 + day.month) == months
    assert then.day == day.day or (then + dt.timedelta(1)).day == 1


@given(st.integers(2000, 2040), st.dates(dt.date(2000, 1, 1), dt.date(2045, 12, 31)))
def test_as_months_an_end_is_reached_and_by_no_month_more(year: int, day: dt.date) -> None:
    """Another program counts them from the year's first day."""
    months = months_until(year, day.isoformat())
    if months is None:
        assert day <= dt.date(year, 1, 1)
        return
    assert later(dt.date(year, 1, 1), months) >= day > later(dt.date(year, 1, 1), months - 1)


@pytest.mark.parametrize("end", ["", ENDED, "2026-09-04", "2026-09-05", "2026-12-31", "2027-01-01"])
def test_each_end_is_in_one_word_and_in_its_year(end: str) -> None:
    """Valid, over or not known, and nothing in two of them."""
    day = "2026-09-05"
    fitting = [word for word in WARRANTY_WORDS if WarrantyChoice(day, word).fits(end)]
    right = (
        WarrantyWord.UNKNOWN if not end else WarrantyWord.OVER if end < day else WarrantyWord.VALID
    )
    assert fitting == [right]
    years = [year for year in range(1900, 2100) if WarrantyChoice(day, year=year).fits(end)]
    assert years == ([int(end[:4])] if end not in {"", ENDED} else [])


def test_an_address_asks_for_a_word_or_a_year() -> None:
    """Nothing else is a choice; the list offers what is asked, however far away."""
    assert choice_of("over", "2026-09-05") == WarrantyChoice("2026-09-05", WarrantyWord.OVER)
    assert choice_of("2027", "2026-09-05") == WarrantyChoice("", year=2027)
    assert [choice_of(text, "2026-09-05") for text in ("", "soon", "99", "20270", "²")] == [
        None
    ] * 5
    offered = [value for value, _ in warranties("2040", 2026, str)]
    assert offered == ["valid", "over", "unknown", *map(str, range(2025, 2031)), "2040"]


def test_how_it_stands_is_said() -> None:
    """In Vietnamese, with its length where that is known."""
    say, day = translator("vi"), "2026-09-05"
    said = [
        warranty_said(*told, day, say)
        for told in ((2024, 24, "2026-12-31"), (2024, 24, ""), (2021, 12, ""), (None, 24, ""),
                     (2024, 0, ""), (2024, None, ""))
    ]  # fmt: skip
    assert said == [
        "đến 31/12/2026 (24 tháng)",
        "muộn nhất đến 31/12/2026 (24 tháng)",
        "hết từ 31/12/2022 (12 tháng)",
        "24 tháng",
        "không bảo hành",
        "",
    ]


def _again(before: Line, line: Line, **more: Any) -> Line:
    result = merged([Kept(no=1, data=before)], [line], now_ms=1, **more)
    return result.steps[0].line


def test_another_length_takes_the_end_of_the_old_one_away() -> None:
    """And another end the old length; what a book says nothing of stays."""
    old = Line(row=1, asset_tag="T1", type="tv", warranty_months=24, warranty_until="2026-03-15")
    longer = _again(old, Line(row=1, asset_tag="T1", warranty_months=36))
    assert (longer.warranty_months, longer.warranty_until) == (36, "")
    ends = _again(old, Line(row=1, asset_tag="T1", warranty_until="2027-03-15"))
    assert (ends.warranty_months, ends.warranty_until) == (None, "2027-03-15")
    silent = _again(old, Line(row=1, asset_tag="T1", room="P2"))
    assert (silent.warranty_months, silent.warranty_until) == (24, "2026-03-15")
    blank = _again(
        old, Line(row=1, asset_tag="T1"),
        answers=Answers(blank_clears=True), fields=[frozenset(WARRANTY)],
    )  # fmt: skip
    assert (blank.warranty_months, blank.warranty_until) == (None, "")


def test_a_form_writes_both_and_refuses_by_the_field() -> None:
    """The browser sends a day as ISO; a person may write it."""
    line = Line(row=1, type="tv")
    written = written_line(line, {"warranty_months": "2 năm", "warranty_until": "31/12/2027"})
    assert isinstance(written, Line)
    assert (written.warranty_months, written.warranty_until) == (24, "2027-12-31")
    cleared = written_line(written, {"warranty_months": "", "warranty_until": ""})
    assert isinstance(cleared, Line)
    assert (cleared.warranty_months, cleared.warranty_until) == (None, "")
    for name, text in (("warranty_months", "2027"), ("warranty_until", "24 tháng")):
        refused = written_line(line, {name: text})
        assert isinstance(refused, Refused)
        assert [*refused.faults] == [name]


@given(st.text(max_size=10) | st.dates().map(str), st.none() | st.integers(0, 9999))
def test_whatever_a_record_has_as_its_day_is_read(until: str, year: int | None) -> None:
    """A row that was salvaged, or that a later version kept, ends no page and no night's file."""
    assert day_told(until) in {"", until} or len(until) == 8  # 20260131 is one, too
    assert end_of(year, None, until) == day_told(until)
    warranty_said(year, None, until, "2026-11-30", str)
    months_until(year, until)
