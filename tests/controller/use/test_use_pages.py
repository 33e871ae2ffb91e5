"""The screens and the API of board use and of the end of life, of a school and of a department."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import controller.__main__ as command
from controller.areas import store as areas_store
from controller.areas.areas import Area, Membership, Merger
from controller.database.store import Store
from controller.forecast.life_table import FILE
from controller.inventory.store import refresh
from controller.register.book import Line
from controller.register.store import bring_in
from controller.use.hours import BoardWeek
from controller.use.store import keep_use
from protocol.model import Place
from tests.axe import violations
from tests.browser import Page, Profile, opened_tab
from tests.controller.web_school import (
    NOW_MS,
    SCHOOL,
    ZONE,
    Served,
    a_morning,
    a_store,
    asked,
)
from tests.tiers import wide
from tests.web import http_request

PROVINCE = Place("79")
OTHER = Place("79", "00456")
HOSTILE = '=HYPERLINK("x")<script>alert(1)</script>'
BOOK = [
    Line(row=1, asset_tag="BTT-01", type="board", year=2019, condition="good"),
    Line(row=2, asset_tag="BTT-02", type="board", year=2024, condition="good"),
    Line(row=3, asset_tag="BTT-03", type="board", condition="good"),
    Line(row=4, asset_tag="MC-01", type="projector", year=2025, condition="awaiting_disposal"),
    Line(row=5, asset_tag="GH-01", type="chair", year=2020, cost_vnd=500_000, condition="good"),
    Line(row=6, asset_tag="GH-02", type="chair", year=2022, condition="good"),
    Line(row=7, asset_tag="K-01", type=HOSTILE, year=2022, condition="good"),
    Line(row=8, asset_tag="MT-01", type="laptop", year=2022, condition="disposed"),
]


def a_week(*lines: tuple[str, int, int]) -> list[BoardWeek]:
    """Boards by their room, used and known minutes."""
    return [
        BoardWeek(
            device_id=f"board-{room}",
            asset_tag="" if room == "6A3" else f"BTT-{room}",
            room=room,
            kind="board",
            on_min=2 * used,
            used_min=used,
            planned_min=900,
            known_min=known,
        )
        for room, used, known in lines
    ]


@contextlib.contextmanager
def two_schools(folder: Path) -> Iterator[Store]:
    """A school with three boards in a week, and one at another school of the province."""
    with a_store(folder, a_morning(4, 2)) as opened:
        for week in ("2026-08-24", "2026-08-17"):
            with opened.locked(SCHOOL) as db:
                lines = a_week(("6A1", 540, 1500), ("6A2", 20, 1500), ("6A3", 0, 0))
                keep_use(db, SCHOOL, week, lines)
            with opened.locked(OTHER) as db:
                keep_use(db, OTHER, week, a_week(("P1", 300, 900)))
        for place in (SCHOOL, OTHER):
            with opened.locked(place) as db:
                bring_in(db, place, BOOK, whole=True, now_ms=1)
            refresh(opened, place, ZONE, NOW_MS)
        yield opened


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Their store."""
    with two_schools(tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The same for all tests that only read."""
    with two_schools(tmp_path_factory.mktemp("library")) as opened:
        yield opened


def ask(store: Store, path: str, scope: Place = SCHOOL, **face: Any) -> httpx.Response:
    """What the school, or the department, answers on the 5th of September 2026."""
    return asked(store, path, scope=scope, face=face)


def test_the_api_tells_boards_hours_the_least_used_first(library: Store) -> None:
    """Four whole weeks; what nobody saw is null and not 0."""
    told = ask(library, "/api/v1/use").json()
    assert (told["from"], told["to"]) == ("2026-08-03", "2026-08-30")
    assert [(each["room"], each["verdict"], each["used_week_min"]) for each in told["boards"]] == [
        ("6A2", "low", 20.0),
        ("6A1", "used", 540.0),
        ("6A3", "unknown", None),
    ]
    assert [(each["school"], each["boards"]) for each in told["schools"]] == [("00123", 3)]


def test_a_table_has_a_line_a_board_and_week(library: Store) -> None:
    """What is not known is empty; the days choose the weeks that they lie in."""
    answer = ask(library, "/api/v1/use?format=csv&from=2026-08-26&to=2026-08-26")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [(row["week"], row["room"], row["on_min"], row["used_min"]) for row in rows] == [
        ("2026-08-24", "6A1", "1080", "540"),
        ("2026-08-24", "6A2", "40", "20"),
        ("2026-08-24", "6A3", "", ""),
    ]


def test_the_department_sees_every_school_and_a_school_only_itself(library: Store) -> None:
    """By school, then the boards of one."""
    told = ask(library, "/api/v1/use", PROVINCE).json()
    assert [each["school"] for each in told["schools"]] == ["00123", "00456"]
    one = ask(library, "/api/v1/use?school=00456", PROVINCE).json()
    assert [each["room"] for each in one["boards"]] == ["P1"]
    assert ask(library, "/api/v1/use?school=00456").status_code == 404
    assert ask(library, "/use?school=00456").status_code == 404
    assert ask(library, "/forecast?school=00456").status_code == 404
    page = ask(library, "/use", PROVINCE).text
    assert 'href="/use?school=00456"' in page
    assert "BTT-6A1" not in page
    assert "BTT-P1" in ask(library, "/use?school=00456", PROVINCE).text


@pytest.mark.parametrize(
    "query",
    [
        "from=2026-09-02&to=2026-08-01",
        "from=2024-01-01&to=2026-01-01",
        "from=1999-01-01",
        "to=20260801",
        "from=nonsense",
        "format=pdf",
    ],
)
def test_days_that_make_no_sense_are_refused(library: Store, query: str) -> None:
    """With a sentence, never by the database."""
    answer = ask(library, f"/api/v1/use?{query}")
    assert (answer.status_code, "error" in answer.json()) == (422, True)


def test_the_screen_says_what_is_not_known(library: Store) -> None:
    """In Vietnamese; no 0 where nobody looked."""
    page = ask(library, "/use").text
    for words in ("Sử dụng bảng", "9 giờ/tuần", "0,3 giờ/tuần", "ít dùng", "không rõ"):
        assert words in page
    unseen = page.split('data-board="board-6A3"')[1].split("</tr>")[0]
    assert 'data-verdict="unknown"' in unseen
    assert "giờ/tuần" not in unseen
    assert "không rõ" in unseen


def test_a_person_can_go_to_the_weeks_before_and_after(library: Store) -> None:
    """As many weeks at a time; not into weeks that have not begun."""
    now, then = ask(library, "/use").text, ask(library, "/use?from=2026-08-17&to=2026-08-30").text
    assert 'href="/use?from=2026-07-06&amp;to=2026-07-27"' in now
    assert 'href="/use?from=2026-08-31&amp;to=2026-09-21"' in now
    assert 'href="/use?from=2026-08-31&amp;to=2026-09-07"' in then
    assert "Các tuần sau" not in ask(library, "/use?from=2026-09-01").text


@pytest.mark.parametrize(
    "query", ["from=x", "to=0001-01-01", "from=2026-02-30", "from=\u0662\u0660\u0662\u0666-09-01"]
)
@pytest.mark.parametrize("path", ["/use", "/use/lessons", "/looks"])
def test_a_day_that_is_none_is_refused_on_a_page(library: Store, path: str, query: str) -> None:
    """By its name: else other weeks would stand there than the address says."""
    told = ask(library, f"{path}?{query}")
    assert told.status_code == 422
    assert query.partition("=")[0] in told.text


def test_the_forecast_tells_years_costs_and_assumptions(library: Store) -> None:
    """Eight lines: one overdue, one now, four later years, one without a year, one left out."""
    told = ask(library, "/api/v1/forecast").json()
    years = {each["year"]: each["count"] for each in told["years"] if each["count"]}
    assert years == {2026: 1, 2028: 1, 2029: 1, 2030: 1}
    assert (told["overdue"]["count"], told["left_out"], told["awaiting_disposal"]) == (1, 1, 1)
    assert told["unknown"] == {"no_type": 0, "no_life": 1, "no_year": 1}
    assert told["within"] == {"count": 5, "cost_vnd": 140_500_000, "unpriced": 1}
    assert told["assumptions"]["note"].startswith("kiểm tra lại")
    assert {each["years_verified"] for each in told["assumptions"]["types"]} == {False}
    province = ask(library, "/api/v1/forecast", PROVINCE).json()
    assert province["count"] == 2 * told["count"]
    assert [each["key"] for each in province["by_school"]] == [["79", "00123"], ["79", "00456"]]


def test_the_forecasts_screen_shows_sums_and_asks_to_check_again(library: Store) -> None:
    """The chart, the cost in đồng, a book's own words harmless, a warning at every guess."""
    page = ask(library, "/forecast").text
    for words in ("Hết niên hạn", "140.500.000 đồng", "kiểm tra lại", "<svg viewBox", "2036"):
        assert words in page
    assert "<script>alert" not in page
    assert "00456" in ask(library, "/forecast?by=school", PROVINCE).text


def test_the_workbook_holds_text_as_text(library: Store) -> None:
    """Years, types, schools, assumptions; nothing in it is a formula."""
    answer = ask(library, "/api/v1/forecast?format=xlsx")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        sheets = [book.read(each).decode() for each in book.namelist() if "sheets/sheet" in each]
        texts = book.read("xl/sharedStrings.xml").decode()
        names = book.read("xl/workbook.xml").decode()
    assert not any("<f>" in each for each in sheets)
    for words in ("HYPERLINK", "kiểm tra lại", "bảng tương tác", "chưa rõ năm đưa vào sử dụng"):
        assert words in texts
    for title in ("Theo năm", "Theo loại", "Theo trường", "Giả định"):
        assert title in names


def test_the_department_sees_the_forecast_by_area(store: Store, tmp_path: Path) -> None:
    """A merged school's items in its heir's area, the rest in none: screen, API, workbook."""
    with store.locked(PROVINCE) as db:
        areas_store.keep_areas(db, "79", [Area(code="03661", name="Xã Xôm")])
        areas_store.keep_memberships(db, "79", [Membership(school="00789", area="03661")], "")
        areas_store.keep_merger(db, "79", Merger(old="00456", new="00789", since="2026-08-01"))
    told = ask(store, "/api/v1/forecast", PROVINCE).json()
    within = {(*each["key"],): each["within"] for each in told["by_area"]}
    assert within.keys() == {("03661", "Xã Xôm"), ("", "")}
    by_school = {each["key"][1]: each["within"] for each in told["by_school"]}
    assert within["03661", "Xã Xôm"] == by_school["00789"]
    assert within["", ""] == by_school["00123"]

    page = ask(store, "/forecast?by=area", PROVINCE).text
    assert '<a href="/forecast?area=03661"><bdi>Xã Xôm</bdi></a>' in page
    assert "không thuộc khu vực nào" in page
    assert "Theo khu vực" not in ask(store, "/forecast?school=00456", PROVINCE).text
    answer = ask(store, "/api/v1/forecast?format=xlsx", PROVINCE)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        assert "Theo khu vực" in book.read("xl/workbook.xml").decode()
        assert "Xã Xôm (03661)" in book.read("xl/sharedStrings.xml").decode()


def test_broken_tables_are_told_and_not_hidden(store: Store, tmp_path: Path) -> None:
    """A person who mended the file into pieces reads where, on the screen and over the API."""
    (tmp_path / FILE).write_text("[life]\nboard = 5")

    page = ask(store, "/forecast", folder=tmp_path)
    told = ask(store, "/api/v1/forecast", folder=tmp_path)
    assert (page.status_code, told.status_code) == (503, 503)
    assert "life-table.toml" in page.text
    assert told.json()["error"]["code"] == "life_table_broken"


def test_the_commands_tell_the_same(
    store: Store,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`use` and `forecast` on a department's folder, `--init-tables` and a table with an error."""
    monkeypatch.setenv("LOPHOC_CONTROLLER_PROVINCE", "79")
    folder = ["--data", str(tmp_path)]
    assert command.main(["use", *folder, "--weeks", "53", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {each["school"] for each in told["schools"]} <= {"00123", "00456"}
    assert command.main(["use", *folder, "--weeks", "0"]) == 2
    assert command.main(["forecast", *folder, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["count"] == 14
    assert command.main(["forecast", *folder, "--init-tables"]) == 0
    assert command.main(["forecast", *folder, "--xlsx", str(tmp_path / "a.xlsx")]) == 0
    assert zipfile.is_zipfile(tmp_path / "a.xlsx")
    (tmp_path / FILE).write_text("[life")
    assert command.main(["forecast", *folder]) == 2
    assert FILE in capsys.readouterr().err


@pytest.mark.parametrize("path", ["use", *wide("forecast")])
@pytest.mark.parametrize("scope", [SCHOOL, *wide((PROVINCE,))], ids=["school", "department"])
def test_everybody_can_use_the_screens_on_a_phone_and_a_laptop(
    library: Store, browser: Profile, path: str, scope: Place, tmp_path: Path
) -> None:
    """WCAG 2.1 AA by axe-core, no error, nothing wider than the window."""
    with Served(library, scope=scope) as served, opened_tab(browser, Page) as page:
        since = "?from=2026-08-17&to=2026-08-30" if path == "use" else ""
        page.open(f"{served.url}{path}{since}")
        for width, _ in page.at_each_size():
            assert page.see("document.documentElement.scrollWidth") <= width
            page.shoot(tmp_path / f"{path}-{scope.school}-{width}.png")
            assert violations(page) == []
        assert page.errors == []
        assert http_request("GET", f"{served.url}{path}").status_code == 200
