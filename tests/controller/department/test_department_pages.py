"""What the department's API and pages tell of all schools."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from controller.areas.areas import Area, Membership, Merger, SchoolFacts
from controller.database.store import Store
from controller.department import overview
from controller.department.tables import schools as schools_table
from tests.controller.dashboard.test_pages import Outline
from tests.controller.web_department import (
    DAY_MS,
    MISSING,
    NEVER_SEEN,
    NOW_MS,
    TODAY,
    ServedDepartment,
    a_department,
    fill,
    hear,
    know,
    line,
    stranger,
)
from tests.controller.web_school import changes_something
from tests.web import http_client

A, B, C = "00140701", "00140702", "00140703"


@contextlib.contextmanager
def three_schools(folder: Path) -> Iterator[Store]:
    """Three schools in two areas: one in order, one long silent with trouble, one never heard."""
    with a_department(folder) as opened:
        know(
            opened,
            [
                SchoolFacts(code=A, name="THCS Tô Hiệu", level="THCS", sites=("Bản Ái",)),
                SchoolFacts(code=B, name="TH Chiềng Xôm"),
                SchoolFacts(code=C, name="THPT Chuyên"),
            ],
            [Area(code="03646", name="Tô Hiệu", kind="phường"), Area(code="03661", name="Xôm")],
            [Membership(school=A, area="03646"), Membership(school=B, area="03661")],
        )
        fill(opened, [line(A, 1), line(A, 2), line(A, 3, serial="TWICE")])
        fill(opened, [line(B, 1, state=MISSING, verified=False), line(B, 2, serial="tw-ice")])
        fill(
            opened,
            [line(B, 3, state=NEVER_SEEN, verified=False), stranger(B, 4, serial=f"{A}S00001")],
        )
        hear(opened, A, rooms=10, rooms_in_lesson=6, boards=8, boards_working=7, faults_open=2)
        hear(opened, B, ago_ms=22 * DAY_MS, rooms=5, rooms_in_lesson=5, boards=3, boards_working=3)
        yield opened


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """The department's store."""
    with three_schools(tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedDepartment]:
    """The same for all tests that only read."""
    with (
        three_schools(tmp_path_factory.mktemp("library")) as opened,
        ServedDepartment(opened) as running,
    ):
        yield running


@pytest.fixture
def face(request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    """A browser of the department."""
    name = "served" if changes_something(request) else "library"
    with asking(request.getfixturevalue(name)) as client:
        yield client


def asking(served: ServedDepartment) -> httpx.Client:
    """A browser that follows no redirect."""
    return http_client(served.url)


def told(face: httpx.Client, path: str) -> Any:
    answer = face.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_schools_are_told_page_by_page(face: httpx.Client) -> None:
    """By code; a school never heard has no time, no age and no figure."""
    first = told(face, "/api/v1/schools?limit=2")
    rest = told(face, f"/api/v1/schools?limit=2&cursor={first['next']}")
    schools = [*first["items"], *rest["items"]]
    assert rest["next"] is None
    assert [each["code"] for each in schools] == [A, B, C]
    assert [each["stale"] for each in schools] == ["", "weeks", "never"]
    assert [each["age_s"] for each in schools] == [0, 22 * 86_400, None]
    assert [each["kpi"]["digital_managed_pct"] for each in schools] == [100.0, 33.3, None]
    assert (schools[1]["area_name"], schools[1]["missing"]) == ("Xôm", 1)


@pytest.mark.parametrize(
    ("query", "codes"),
    [("q=to+hieu", [A]), ("q=0702", [B]), ("area=03661", [B]), ("q=", [A, B, C])],
)
def test_schools_are_found_by_area_and_text(
    face: httpx.Client, query: str, codes: list[str]
) -> None:
    """Marks and case aside."""
    items = told(face, f"/api/v1/schools?{query}")["items"]
    assert [each["code"] for each in items] == codes


@pytest.mark.parametrize(
    ("by", "keys"),
    [("school", [B, C, A]), ("area", ["03661", "03646"]), ("type", ["board"])],
)
def test_figures_add_up_however_they_are_told(face: httpx.Client, by: str, keys: list[str]) -> None:
    """The lines of all parts are the whole's; the whole says whom it covers and as of when."""
    figures = told(face, f"/api/v1/figures?by={by}")
    assert [each["key"] for each in figures["figures"]] == keys
    assert sum(each["kpi"]["declared"] for each in figures["figures"]) == 6
    whole = figures["total"]
    names = ("schools", "reported", "silent_over_1d", "silent_over_3w")
    assert [whole[each] for each in names] == [3, 2, 1, 1]
    assert whole["kpi"]["digital_managed_pct"] == 66.7
    assert whole["oldest"] < whole["newest"] == figures["as_of"]


def test_an_area_that_is_not_known_is_refused(face: httpx.Client) -> None:
    """Rather than told as empty."""
    assert face.get("/api/v1/figures?area=99").status_code == 404


@pytest.mark.parametrize(
    ("what", "items"),
    [
        ("missing", [(B, "line:1", [B])]),
        ("never_seen", [(B, "line:3", [B])]),
        ("same_serial_in_two_schools", [(A, "line:3", [A, B]), (B, "line:2", [A, B])]),
        ("moved_between_schools", [(A, "line:1", [A, B]), (B, "usb-4", [A, B])]),
    ],
)
def test_exceptions_are_told(face: httpx.Client, what: str, items: list[Any]) -> None:
    """Each with the schools in whose lists it stands."""
    found = told(face, f"/api/v1/exceptions?what={what}")["items"]
    assert [(each["school"], each["device_id"], each["schools"]) for each in found] == items


def test_exceptions_of_many_schools_come_page_by_page(face: httpx.Client, store: Store) -> None:
    """Each once, whatever the page's size; those of one school alone when asked."""
    fill(store, [line(f"S{n % 3}", n, state=MISSING) for n in range(25)])
    fill(store, [line(f"S{n % 2}", 90 + n, serial=f"same{n // 2}") for n in range(20)])
    for what, count in (("missing", 26), ("same_serial_in_two_schools", 22)):
        found: list[Any] = []
        cursor: str | None = ""
        while cursor is not None:
            page = told(face, f"/api/v1/exceptions?what={what}&limit=3&cursor={cursor}")
            found += [(each["school"], each["device_id"]) for each in page["items"]]
            cursor = page["next"]
        assert len(found) == len(set(found)) == count
    mine = told(face, "/api/v1/exceptions?what=missing&school=S1")["items"]
    assert {each["school"] for each in mine} == {"S1"}


def test_what_merged_is_no_exception_any_more(face: httpx.Client, store: Store) -> None:
    """One school may have an item in two lists; what is counted once is missed once."""
    fill(store, [line(A, 9, serial=f"{B}S00001", state=MISSING)])
    know(store, merged=[Merger(old=A, new=B, since=TODAY)])
    for what, count in (("same_serial_in_two_schools", 0), ("moved_between_schools", 0)):
        assert len(told(face, f"/api/v1/exceptions?what={what}")["items"]) == count
    items = told(face, f"/api/v1/exceptions?what=missing&school={A}")["items"]
    assert [(each["school"], each["device_id"]) for each in items] == [(B, "line:1")]


def test_the_tile_has_twelve_numbers_and_says_as_of_when(face: httpx.Client) -> None:
    """What lies in the past is not told as present: a lesson of three weeks ago is over."""
    answer = face.get("/api/v1/tile")
    assert answer.headers["cache-control"] == "max-age=300"
    numbers = answer.json()
    assert numbers.pop("as_of").startswith("2026-09-05T00:10:00")
    assert numbers == {
        "schools_known": 3,
        "schools_heard_today": 1,
        "rooms": 15,
        "rooms_in_lesson": 6,
        "boards": 11,
        "boards_working": 7,
        "items_declared": 6,
        "items_complete": 6,
        "items_verified": 4,
        "managed_pct": 66.7,
        "items_missing": 1,
        "incidents_open": 2,
    }
    assert len(numbers) == 12


def test_a_hundred_requests_compute_the_tile_once(
    face: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within five minutes everybody is told the same numbers."""
    asked: list[int] = []
    real = overview.schools_of

    def counting(*arguments: Any) -> Any:
        asked.append(1)
        return real(*arguments)

    monkeypatch.setattr(overview, "schools_of", counting)
    answers = {face.get("/api/v1/tile").text for _ in range(100)}
    assert (len(answers), len(asked)) == (1, 1)


def test_the_first_screen_leads_to_the_schools_only_where_some_are_known(
    face: httpx.Client, tmp_path: Path
) -> None:
    """A school's own controller shows nothing of a department."""
    first = face.get("/")
    assert (first.status_code, first.headers["location"]) == (303, "/schools")
    assert Outline(face.get("/schools").text).find("a", href="/schools")
    (tmp_path / "other").mkdir()
    with (
        a_department(tmp_path / "other") as empty,
        ServedDepartment(empty) as served,
        asking(served) as bare,
    ):
        assert not Outline(bare.get("/").text).find("a", href="/schools")
        assert "Chưa biết trường nào" in bare.get("/schools").text


def test_every_page_knows_the_schools_from_the_first_visit_on(face: httpx.Client) -> None:
    """The link to them is there, and a school is called by its name."""
    page = Outline(face.get("/use?school=00140701").text)
    assert page.find("a", href="/schools")
    assert not page.find("a", href="/attendance")  # it has no rooms of its own
    assert "Tô Hiệu" in " ".join(page.words)


def test_the_page_of_schools_says_the_figure_coverage_and_age(face: httpx.Client) -> None:
    """The most pressing first; a school never heard has no data, not 0 and not 100 %."""
    text = face.get("/schools").text
    page = Outline(text)
    rows = [each["data-school"] for each in page.find("tr") if "data-school" in each]
    assert rows == [B, C, A]
    words = " ".join(page.words)
    assert "66,7 %" in words
    assert "im lặng hơn 3 tuần" in words
    assert words.count("chưa có dữ liệu") >= 2
    assert "THPT Chuyên" in words
    assert "0 %" not in text.split(f'data-school="{C}"')[1].split("</tr>")[0]


def test_many_schools_are_shown_fifty_at_a_time(face: httpx.Client, store: Store) -> None:
    """Each stands on one page."""
    know(store, [SchoolFacts(code=f"S{n:04}", name=f"Trường {n}") for n in range(120)])
    seen = []
    for page in (1, 2, 3):
        outline = Outline(face.get(f"/schools?page={page}").text)
        seen += [each["data-school"] for each in outline.find("tr") if "data-school" in each]
    assert len(seen) == len({*seen}) == 123


def test_a_schools_page_has_its_figures_and_its_list(face: httpx.Client) -> None:
    """Also its sites, and the way to its export."""
    page = Outline(face.get(f"/schools/{A}").text)
    words = " ".join(page.words)
    assert "Bản Ái" in words
    export = f"/api/v1/inventory?school={A}&format=xlsx"
    assert page.find("a", href=export)
    assert face.get(export).content.startswith(b"PK")
    assert "chưa có dữ liệu" in face.get(f"/schools/{C}").text


def test_a_merged_schools_address_leads_to_the_one_that_stays(
    face: httpx.Client, store: Store
) -> None:
    """Old addresses stay good; an unknown one says so."""
    know(store, merged=[Merger(old=A, new=B, since=TODAY)])
    answer = face.get(f"/schools/{A}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/schools/{B}")
    assert A in face.get(f"/schools/{B}").text
    assert face.get("/schools/none").status_code == 404


@pytest.mark.parametrize(
    "path", ["/schools", f"/schools/{A}", "/exceptions?what=missing", "/schools?q=zzz"]
)
def test_hostile_names_stay_text(face: httpx.Client, store: Store, path: str) -> None:
    """Names come from files and from schools."""
    know(store, [SchoolFacts(code=A, name="<script>alert(1)</script>")])
    assert "<script>alert(1)" not in face.get(path).text


def test_nothing_of_a_person_is_told(face: httpx.Client) -> None:
    """No field of the department's answers names anybody."""
    schema = face.get("/openapi.json").json()["components"]["schemas"]
    mine = ("SchoolItem", "FigureItem", "ExceptionItem", "TileItem")
    fields = {name for each in mine for name in schema[each]["properties"]}
    assert not fields & {"student", "teacher", "class", "who", "person"}


def test_the_age_of_a_figure_grows(store: Store) -> None:
    """An hour later it is an hour older, without a new count."""
    with ServedDepartment(store) as served, asking(served) as face:
        before = told(face, "/api/v1/schools")["items"][0]["age_s"]
        served.now_ms += 3_600_000
        assert told(face, "/api/v1/schools")["items"][0]["age_s"] == before + 3600


@pytest.mark.parametrize(
    ("area", "items"), [("03646", {A: 3}), ("03661", {B: 4}), ("", {A: 3, B: 4})]
)
def test_the_inventory_of_an_area_is_pulled(
    face: httpx.Client, area: str, items: dict[str, int]
) -> None:
    """Of its schools and of no other."""
    found = told(face, f"/api/v1/inventory?area={area}&limit=1000")["items"]
    assert Counter(each["school"] for each in found) == items


def test_a_merged_schools_items_are_pulled_with_the_area_they_came_into(
    face: httpx.Client, store: Store
) -> None:
    """Under their own school's code, each once: not what the heir has already."""
    know(store, merged=[Merger(old=A, new=B, since=TODAY)])
    found = told(face, "/api/v1/inventory?area=03661&limit=1000")["items"]
    assert Counter(each["school"] for each in found) == {A: 2, B: 3}
    assert {each["counts_for"] for each in found} == {B}


def test_two_servers_of_one_code_and_another_history_are_said_on_the_schools_page(
    served: ServedDepartment, store: Store
) -> None:
    """In words, and not of the other schools."""
    marks = {"rival": "z", "rival_ms": NOW_MS - 60_000, "forked_ms": NOW_MS - DAY_MS}
    with store.transaction() as db:
        db.execute(schools_table.update().where(schools_table.c.school == A).values(**marks))
    with asking(served) as client:
        shown, other = client.get(f"/schools/{A}").text, client.get(f"/schools/{B}").text
    for words in ("Hai máy chủ cùng mang mã trường này.", "không nối tiếp dữ liệu đã có ở đây"):
        assert words in shown
        assert words not in other
