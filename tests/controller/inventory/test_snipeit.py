"""Snipe-IT's CSV: its own labels, never an empty tag, nothing that runs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.inventory.asset import Asset, AssetState
from controller.inventory.exports.snipeit import HEAD, VIETNAMESE, Manner, as_csv
from controller.register.vocabulary import Condition
from protocol.model import Place
from tests.controller.some_assets import (
    IMPOSSIBLE,
    SCHOOL,
    TRAPS,
    asset,
    of_every_kind,
    stray,
    unseen,
)

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
SNIPE = Path(__file__).parents[3].parent / "shared/data/snipeit"
# Labels of Snipe-IT's screens that its importer's source does not spell out.
ON_SCREEN = {"status", "eol date", "last audit", "checkout type", "checkout location"}


def rows(assets: Iterable[Asset], **manner: Any) -> list[dict[str, str]]:
    """The rows as a program reads them."""
    text = "".join(as_csv([list(assets)], Manner(zone=ZONE, **manner)))
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_the_labels_are_those_that_snipe_it_knows() -> None:
    """As its importer and its own sample have them, whatever the case."""
    if not SNIPE.exists():
        pytest.skip("Snipe-IT's labels are not at hand")
    told = json.loads((SNIPE / "field-map.json").read_text("utf-8"))
    known = {each.lower() for aliases in told["aliases_seen"].values() for each in aliases}
    known |= {each.lower() for each in told["cli_default_map"].values()}
    known |= {
        each.lower()
        for each in (SNIPE / "official-sample-header.csv").read_text("utf-8").strip().split(",")
    }
    assert {each.lower() for each in HEAD} - known <= ON_SCREEN
    assert "model" not in {each.lower() for each in HEAD}  # it is two fields' alias


def test_an_item_is_told_in_snipe_its_terms() -> None:
    """What each column holds."""
    (row,) = rows([asset(7, site="Điểm chính", building="Nhà A")])
    assert row == {
        "Company": "00123",
        "Name": "Máy 7",
        "Asset Tag": "TS-00007",
        "Category": "máy tính bảng",
        "Manufacturer": "Samsung",
        "Model Name": "SM-T225",
        "Model Number": "",
        "Serial Number": "000000007",
        "Status": "Ready to Deploy",
        "Location": "00123 - Điểm chính - Nhà A - 6A1",
        "Purchase Date": "2021-01-01",
        "Purchase Cost": "5250000",
        "Warranty Months": "",
        "EOL Date": "",
        "Last Audit": "",
        "Next Audit": "",
        "Asset Notes": "Tình trạng: tốt; Đối chiếu: khớp sổ; Phòng: 6A1; "
        "Nguồn vốn: NSNN; LopHoc: usb-000000000007",
        "Checkout Type": "location",
        "Checkout Location": "00123 - Điểm chính - Nhà A - 6A1",
    }


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ("", "Ready to Deploy"),
        (Condition.GOOD, "Ready to Deploy"),
        (Condition.BROKEN, "Pending"),
        (Condition.REPAIR, "Pending"),
        (Condition.AWAITING_DISPOSAL, "Pending"),
        (Condition.DISPOSED, "Archived"),
        (Condition.LOST, "Archived"),
    ],
)
def test_only_what_is_well_is_handed_out(condition: str, status: str) -> None:
    """Snipe-IT refuses to hand out what cannot be, and so fails the row."""
    (row,) = rows([asset(1, condition=condition)])
    assert row["Status"] == status
    assert bool(row["Checkout Type"]) == (status == "Ready to Deploy")


def test_no_tag_is_empty_or_another_items() -> None:
    """Snipe-IT would number it by itself, anew at each import."""
    told = [*of_every_kind(), unseen(800, "desk", asset_tag=""), stray(801)]
    tags = [each["Asset Tag"] for each in rows(told)]
    assert all(tags)
    assert len({*tags}) == len(told)
    assert tags[-2:] == ["LOPHOC-00123-L800", "LOPHOC-00123-usb-000000000321"]


def test_a_departments_tag_names_its_school() -> None:
    """Snipe-IT finds an item by its tag alone: the second school's would change the first's."""
    told = [asset(1, asset_tag="TS 1"), asset(1, asset_tag="ts1", place=Place("79", "00124", "a"))]
    tags = [each["Asset Tag"] for each in rows(told, named=True)]
    assert tags == ["TS 1 (00123)", "ts1 (00124)"]


def test_a_model_that_nobody_knows_keeps_its_maker() -> None:
    """Snipe-IT finds a model by its name and gives it the maker of the last row."""
    told = rows([asset(1, model="", maker="Epson"), asset(2, model="", maker="Sony")])
    assert [each["Model Name"] for each in told] == ["máy tính bảng Epson", "máy tính bảng Sony"]


def test_what_is_missing_is_not_ready() -> None:
    """Nor is it handed out, however well it was in the book."""
    told = rows([asset(1, state=AssetState.MISSING), asset(2, also=("missing",), condition="lost")])
    assert [each["Status"] for each in told] == ["Pending", "Archived"]
    assert not any(each["Checkout Type"] for each in told)


def test_what_was_imported_before_is_not_handed_out_again() -> None:
    """Only what is here since the last import's day, by the school's calendar."""
    noon_ms = 1_788_500_000_000  # 2026-09-04 in Vietnam
    told = [asset(1, first_seen_ms=noon_ms), asset(2, first_seen_ms=noon_ms + 86_400_000)]
    handed = [bool(each["Checkout Type"]) for each in rows(told, new_from=date(2026, 9, 5))]
    assert handed == [False, True]


def test_the_end_of_life_is_the_forecasts() -> None:
    """Blank where nobody knows the year or the life."""
    told = [asset(1, year=2021), asset(2, year=None), asset(3, type="desk")]
    ends = [each["EOL Date"] for each in rows(told, lives={"tablet": 5})]
    assert ends == ["2026-01-01", "", ""]


def test_a_vietnamese_screen_finds_the_same_columns() -> None:
    """The labels alone are others; its statuses are data, and stay."""
    (plain,), (vietnamese,) = rows([asset(1)]), rows([asset(1)], vietnamese=True)
    assert {VIETNAMESE.get(name, name): value for name, value in plain.items()} == vietnamese
    assert len({*vietnamese}) == len(HEAD)


def test_a_line_of_several_is_as_many_rows() -> None:
    """Each with a tag of its own, its school's where others share it, and the price of one."""
    told = [asset(1, quantity=3, cost_vnd=900, by="person_scan"), unseen(2, "desk", asset_tag=""),
            asset(4, quantity=0)]  # fmt: skip
    got = rows(told, named=True)
    tags = [f"TS-00001 (00123){mark}" for mark in ("", " #2", " #3")]
    assert [row["Asset Tag"] for row in got] == [*tags, "LOPHOC-00123-L2"]
    assert [row["Purchase Cost"] for row in got[:3]] == ["300"] * 3
    assert [row["Serial Number"] for row in got[:3]] == ["000000001", "", ""]
    assert len({row["Last Audit"] for row in got[:3]} - {""}) == 1


def test_a_further_thing_bears_no_other_lines_tag() -> None:
    """Snipe-IT knows an item by its tag alone, in any case: one would have become the other."""
    told = [asset(1, asset_tag="A", quantity=3), asset(2, asset_tag="a #2")]
    got = [row["Asset Tag"] for row in rows(told, taken=frozenset({"a#2"}))]
    assert got == ["A", "A #2 #2", "A #3", "a #2"]


def test_an_audit_is_a_persons_scan() -> None:
    """Not that a computer saw it."""
    scanned, seen = rows([asset(1, by="person_scan"), asset(2)])
    assert (scanned["Last Audit"], seen["Last Audit"]) == ("2026-09-05", "")


@pytest.mark.parametrize("trap", TRAPS)
def test_a_code_survives_and_runs_nothing(trap: str) -> None:
    """Letter for letter: a program reads it, and runs nothing."""
    (row,) = rows([asset(1, serial=trap, name=trap, asset_tag=f"{trap}1")])
    assert [row[head] for head in ("Serial Number", "Name", "Asset Tag")] == [
        trap,
        trap,
        f"{trap}1",
    ]


@given(st.text(st.characters(codec=None), max_size=60))
def test_no_text_breaks_the_table(text: str) -> None:
    """One row with all its cells, in UTF-8, whatever a device says."""
    told = [asset(1, name=text, serial=text, funding=text, room=text, maker=text, model=text)]
    table = "".join(as_csv([told], Manner(zone=ZONE)))
    table.encode()
    head, row = csv.reader(io.StringIO(table, newline=""), strict=True)
    assert len(row) == len(head)


@pytest.mark.parametrize(("told", "left"), IMPOSSIBLE.items())
def test_what_no_file_can_hold_is_left_out(told: str, left: str) -> None:
    """As in the other files."""
    assert rows([asset(1, name=told)])[0]["Name"] == left


def test_nothing_is_a_table_with_a_head() -> None:
    """A school that has nothing yet gets a file that Snipe-IT reads."""
    assert "".join(as_csv([], Manner(zone=ZONE))) == ",".join(HEAD) + "\r\n"
    assert rows([asset(1)])[0]["Company"] == SCHOOL.school
