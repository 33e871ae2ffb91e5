"""A pack of a department: figures against a count of its own, kept, and made again."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from python_calamine import load_workbook

from controller.__main__ import main
from controller.areas.areas import Area, Membership, Merger, SchoolFacts
from controller.database.store import Store
from controller.inventory.asset import Asset
from controller.reports.report import NOT_TOLD, UNKNOWN_NOTE, PeriodKind, period_of
from tests.controller.reports.test_template import own_form
from tests.controller.web_department import (
    DAY_MS,
    MISSING,
    NOW_MS,
    OWN,
    TODAY,
    ServedDepartment,
    a_department,
    fill,
    hear,
    know,
    line,
    stranger,
)
from tests.controller.web_school import FOLDERS

A, B, GONE = "00140701", "00140702", "00140703"
ITEMS: list[Asset] = [
    *(line(A, n, room="P1", type=type_) for n, type_ in enumerate(
        ("board", "laptop", "camera", "access_point", "tablet", "tablet"), 1)),
    line(A, 7, type="tablet", condition="broken", year=2010, lacks=("room",), room="P2"),
    line(A, 8, quantity=3, type="desk", serial="", condition="repair"),
    line(B, 1, state=MISSING, verified=False),
    line(B, 2, by="person_scan"),
    stranger(B, 1),
    line(GONE, 5),
]  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Two schools, one of which took a third over; one silent for two days."""
    with a_department(tmp_path) as opened:
        know(
            opened,
            [SchoolFacts(code=A, name="THCS Tô Hiệu"), SchoolFacts(code=B, name="TH Xôm")],
            [Area(code="03646", name="Tô Hiệu", kind="phường")],
            [Membership(school=A, area="03646")],
            [Merger(old=GONE, new=A, since=TODAY)],
        )
        fill(opened, ITEMS)
        hear(opened, A, faults_open=2)
        hear(opened, B, ago_ms=2 * DAY_MS)
        yield opened


def made(officer: httpx.Client, kind: str = "month") -> str:
    """Make a pack; returns its address."""
    answer = officer.post("/reports", data={"kind": kind})
    assert answer.status_code == 200, answer.text
    return answer.url.path


def sheet(officer: httpx.Client, path: str, name: str) -> list[list[Any]]:
    """A report of the pack's workbook."""
    raw = officer.get(f"{path}/pack.xlsx").content
    return load_workbook(io.BytesIO(raw)).get_sheet_by_name(name).to_python(skip_empty_area=False)


def lines(*codes: str) -> list[Asset]:
    """The lines of these schools' books."""
    return [one for one in ITEMS if one.line is not None and one.place.school in codes]


def things(some: list[Asset]) -> int:
    """How many things they are."""
    return sum(one.quantity for one in some)


def test_the_figures_are_those_of_a_count_by_hand(officer: httpx.Client) -> None:
    """Merged books count under the school that took them over; a desk of three is three."""
    path = made(officer)
    own, other = lines(A, GONE), lines(B)
    managed = [one for one in own if not one.lacks]
    rows = {row[0]: row for row in sheet(officer, path, "R02")[5:]}
    assert rows[A][2:6] == [things(own), things(managed), things(own), things(managed)]
    assert rows["Toàn bộ"][2] == things(own + other)
    assert rows["Toàn bộ"][6] == round(100 * (things(managed) + 1) / things(own + other), 1)
    (whole,) = [row for row in sheet(officer, path, "R03") if row[0] == A]
    assert whole[2:5] == [3.0, 1.0, 33.3]
    (tablets,) = [row for row in sheet(officer, path, "R09") if row[0] == A]
    assert tablets[2:5] == [3.0, 2.0, 66.7]
    rows = {row[0]: row for row in sheet(officer, path, "R05")[6:]}
    assert (rows[B][2], rows[B][6]) == (1.0, 1.0)
    rows = {row[0]: row for row in sheet(officer, path, "R11")[6:]}
    assert rows[A][2:5] == [2.0, 1.0, 3.0]
    assert rows[B][2:5] == [0.0, 0.0, 0.0]
    rows = {row[0]: row for row in sheet(officer, path, "R08")[6:]}
    assert rows[B][3] == 2.0
    rows = {row[0]: row for row in sheet(officer, path, "R12")[6:]}
    assert rows[B][2:5] == [2.0, 1.0, 50.0]
    assert sum(row[5] for row in sheet(officer, path, "R01")[6:]) == things(own + other)
    assert "Số liệu ngày 05/09/2026. 2/2 trường có số liệu; 1 trường im lặng" in str(
        sheet(officer, path, "R02")[1][0]
    )
    assert sheet(officer, path, "R10")[5][2:] == [NOT_TOLD, NOT_TOLD], "never 0"
    assert UNKNOWN_NOTE in str(sheet(officer, path, "R10")[1][0])
    assert UNKNOWN_NOTE not in str(sheet(officer, path, "R02")[1][0])


def test_a_pack_is_made_again_though_all_has_changed(
    officer: httpx.Client, store: Store, served: ServedDepartment
) -> None:
    """Byte for byte; the next pack has the new figures, and both are compared."""
    first = made(officer)
    before = officer.get(f"{first}/pack.xlsx").content
    fill(store, [line(A, 90), line(A, 91, verified=False)])
    served.now_ms = NOW_MS + DAY_MS // 12
    again = made(officer, "year")
    assert officer.get(f"{first}/pack.xlsx").content == before
    assert officer.get(f"{again}/pack.xlsx").content != before
    compared = officer.get(f"{again}?before=1").text
    assert "+2" in compared


def test_the_department_s_template_is_honoured_until_it_is_dropped(officer: httpx.Client) -> None:
    """Also for packs that were made before; a broken one is told and not kept."""
    path = made(officer)
    plain = officer.get(f"{path}/pack.xlsx").content

    def give(raw: bytes) -> httpx.Response:
        return officer.post("/reports/template", files={"file": ("mau-so.xlsx", raw)})

    wrong = give(own_form({"LH_R02_manged": "$B$3"}))
    assert wrong.status_code == 422
    assert "LH_R02_manged" in wrong.text
    assert officer.get(f"{path}/pack.xlsx").content == plain
    assert "mau-so.xlsx" in give(own_form({"LH_R02_declared": "$B$3"})).text
    (page,) = (
        load_workbook(io.BytesIO(officer.get(f"{path}/pack.xlsx").content))
        .get_sheet_by_index(0)
        .to_python(skip_empty_area=False),
    )
    assert page[2][1] == things(lines(A, B, GONE))
    assert officer.get(f"{path}/pack.xlsx?plain=true").content == plain
    officer.post("/reports/template/drop")
    assert officer.get(f"{path}/pack.xlsx").content == plain


def test_programs_and_commands_have_the_packs_of_the_pages(
    officer: httpx.Client,
    store: Store,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The API's figures and workbook are the page's; a pack of the command's is one like others."""
    monkeypatch.setenv("LOPHOC_CONTROLLER_SCHOOL", OWN.school)
    monkeypatch.setenv("LOPHOC_CONTROLLER_PROVINCE", OWN.province)
    path = made(officer)
    (head,) = officer.get("/api/v1/reports").json()["items"]
    assert (head["no"], head["day"], head["kind"]) == (1, TODAY, "month")
    pack = officer.get("/api/v1/reports/1").json()
    (records,) = [one for one in pack["reports"] if one["code"] == "R02"]
    rows = [dict(zip(records["columns"], row, strict=True)) for row in records["rows"]]
    assert {row["school"]: row["declared"] for row in rows} == {
        A: things(lines(A, GONE)), B: things(lines(B)),
    }  # fmt: skip
    workbook = officer.get("/api/v1/reports/1?format=xlsx")
    assert workbook.content == officer.get(f"{path}/pack.xlsx").content
    for wrong in ("/api/v1/reports/9", "/api/v1/reports/1?before=9"):
        assert officer.get(wrong).status_code == 404
    assert officer.get("/api/v1/reports/1?earlier=1").status_code == 422

    def run(*words: str) -> str:
        assert main(["report", *words, "--data", str(FOLDERS[store])]) == 0
        return capsys.readouterr().out

    run("make", "year")
    told = json.loads(run("list", "--json"))
    assert [(one["no"], one["kind"]) for one in told] == [(2, "year"), (1, "month")]
    assert "R02" in run("show", "2", "--before", "1")
    out = tmp_path / "goi.xlsx"
    run("write", "1", "-o", str(out))
    assert out.read_bytes() == workbook.content
    form = tmp_path / "mau.xlsx"
    form.write_bytes(own_form({"LH_R02_declared": "$B$3"}))
    run("template", str(form))
    assert officer.get(f"{path}/pack.xlsx").content != workbook.content
    assert main(["report", "show", "9", "--data", str(FOLDERS[store])]) != 0


@pytest.mark.parametrize("path", ["/reports/9", "/reports/9/pack.xlsx"])
def test_what_is_not_there_is_said(officer: httpx.Client, path: str) -> None:
    """A page, not a trace."""
    assert officer.get(path).status_code == 404
    assert officer.post("/reports", data={"kind": "decade"}).status_code == 422


@pytest.mark.parametrize(
    ("kind", "day", "period"),
    [
        ("month", "2026-12-31", ("2026-12-01", "2026-12-31")),
        ("month", "2028-02-10", ("2028-02-01", "2028-02-29")),
        ("semester", "2026-09-01", ("2026-09-01", "2026-12-31")),
        ("semester", "2027-01-01", ("2027-01-01", "2027-08-31")),
        ("year", "2027-08-31", ("2026-09-01", "2027-08-31")),
        ("year", "2026-09-01", ("2026-09-01", "2027-08-31")),
    ],
)
def test_a_period_is_the_one_that_the_day_is_in(
    kind: str, day: str, period: tuple[str, str]
) -> None:
    """Months, halves of a school year, and school years."""
    told = period_of(PeriodKind(kind), date.fromisoformat(day))
    assert (told.first, told.last) == period


def test_a_program_makes_packs_and_gives_them_a_template(officer: httpx.Client) -> None:
    """By the API alone, as the page does; what cannot be used is refused by name."""
    made_pack = officer.post("/api/v1/reports", json={"kind": "month"})
    assert made_pack.status_code == 201
    assert officer.get("/api/v1/reports").json()["items"] == [made_pack.json()]
    plain = officer.get("/api/v1/reports/1?format=xlsx").content
    assert officer.get("/api/v1/reports/template").status_code == 404
    own = own_form({"LH_R02_declared": "$B$3"})
    given = officer.put(
        "/api/v1/reports/template?name=C:%5Cmau%20cua%20So.xlsx", content=own
    ).json()
    assert (given["name"], given["names"]) == ("mau cua So.xlsx", ["R02_declared"])
    assert officer.get("/api/v1/reports/template").json() == given
    assert officer.get("/api/v1/reports/1?format=xlsx").content != plain
    assert "mau cua So.xlsx" in officer.get("/reports").text
    refused = officer.put("/api/v1/reports/template", content=b"no workbook")
    assert (refused.status_code, refused.json()["code"]) == (422, "template_unreadable")
    assert officer.get("/api/v1/reports/template").json() == given
    assert officer.delete("/api/v1/reports/template").status_code == 204
    assert officer.get("/api/v1/reports/1?format=xlsx").content == plain
    for body in (b"", b'{"kind": "decade"}', b'{"kind": "month", "day": "2026-09-01"}'):
        assert officer.post("/api/v1/reports", content=body).status_code == 422
    assert len(officer.get("/api/v1/reports").json()["items"]) == 1
