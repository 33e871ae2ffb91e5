"""Every number on every page of the department is a link to a list of exactly so many."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from html import unescape
from itertools import starmap
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from controller.__main__ import main
from tests.controller.equipment.a_province import SCHOOLS, SILENT_DAYS, tell
from tests.controller.web_department import OWN, ServedDepartment, a_department
from tests.tiers import one_short
from tests.web import http_client

STARTS = (
    *("/schools", "/schools?area=A1", "/schools?area=A2", "/schools?area=A3"),
    *(f"/schools/{code}" for code in SCHOOLS[:7]),
    *(
        "/use",
        "/use?from=2026-08-17&to=2026-08-30",
        "/use?school=S01",
        "/use?use=low",
        "/schools?type=board",
        "/schools?condition=good&area=A1",
        "/use?use=low",
        "/schools?type=board",
        "/schools?condition=good&area=A1",
    ),
    *(f"/forecast?by={by}" for by in ("type", "area", "school")),
    *("/forecast?area=A1", "/forecast?area=A3&by=school", "/forecast?school=S01"),
    *("/exceptions?what=moved_between_schools", "/exceptions?what=same_serial_in_two_schools"),
)
LINK = re.compile(
    r'<a class="count"(?=[^>]*href="(?P<href>[^"]+)")(?=[^>]*data-counts="(?P<of>\w+)")'
    r'(?=[^>]*data-count="(?P<n>\d+)")[^>]*>(?P<text>.*?)</a>',
    re.DOTALL,
)
TOTAL = re.compile(r'data-total="(?P<of>\w+)" data-count="(?P<n>\d+)"')
NUMBER = re.compile(
    r'<td class="n"[^>]*data-label="(?P<label>[^"]+)">\s*(?P<cell>.*?)</td>', re.DOTALL
)
# What has no list behind it: shares, money, hours, years, a difference, a line's own quantity.
OF_A_KIND = 2  # links of one kind that are followed on pages alike
NO_LISTS = (
    *("Hồ sơ số", "Kinh phí", "giờ", "Năm", "So với tháng trước", "Số lượng", "Hết niên hạn"),
    *("Niên hạn", "Đơn giá", "Số năm", "Chưa rõ giá", "đồng"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the department's database lies."""
    return tmp_path_factory.mktemp("province")


@pytest.fixture(scope="module", params=[1])
def browser(request: pytest.FixtureRequest, folder: Path) -> Iterator[httpx.Client]:
    """An administrator of a made-up department."""
    with a_department(folder) as store:
        tell(store, request.param)
        with ServedDepartment(store) as served, http_client(served.url) as client:
            yield client


def page(browser: httpx.Client, path: str) -> str:
    """A page's text."""
    told = browser.get(path)
    assert told.status_code == 200, f"{path}: {told.status_code} {told.text[-600:]}"
    return told.text


@pytest.mark.wide
def test_every_number_is_a_list_of_so_many(browser: httpx.Client) -> None:
    """Links of each page are followed, some of each kind: its list's own total is the number."""
    wrong, kinds, followed = [], Counter[object](), Counter[str]()
    totals: dict[str, dict[str, int]] = {}
    for start in STARTS:
        for link in LINK.finditer(page(browser, start)):
            href = unescape(link["href"]).partition("#")[0]
            kind = (start.partition("?")[0], *sorted(kind_of(href)), int(link["n"]) > 0)
            kinds[kind] += 1
            if kinds[kind] > OF_A_KIND and href not in totals:
                continue
            if href not in totals:
                text = page(browser, href)
                totals[href] = {found["of"]: int(found["n"]) for found in TOTAL.finditer(text)}
            followed[link["of"]] += int(link["n"]) > 0
            if totals[href].get(link["of"]) != int(link["n"]):
                wrong.append(f"{start}: {link['n']} {link['of']} -> {href}: {totals[href]}")
    assert "\n".join(wrong) == ""
    assert {of for of, times in followed.items() if times} == {
        "schools", "things", "lines", "serials", "boards",
    }  # fmt: skip


def kind_of(href: str) -> set[str]:
    """What an address asks, the values of codes and years left out."""
    path, _, query = href.partition("?")
    pairs = {tuple(part.split("=", 1)) for part in query.split("&") if part}
    own = {"record", "has", "alone", "which", "what", "old", "end", "use"}
    return {path, *(f"{n}={v}" if n in own and not v[:1].isdigit() else n for n, v in pairs)}


def test_no_number_stands_without_a_link(browser: httpx.Client) -> None:
    """In no table of these pages, but for shares, money, hours and years."""
    bare = []
    for start in STARTS:
        for cell in NUMBER.finditer(page(browser, start)):
            said = re.sub(r"<[^>]+>", "", LINK.sub("", cell["cell"])).strip()
            if re.search(r"\d", said) and not any(word in cell["label"] for word in NO_LISTS):
                bare.append(f"{start}: {cell['label']}: {said}")
    assert "\n".join(bare) == ""


QUESTIONS: tuple[Mapping[str, str], ...] = (
    {},
    {"area": "A1"},
    {"area": "A2"},
    {"area": "A3", "type": "board"},
    {"school": "S01"},
    {"school": "S07"},
    {"condition": "good"},
    {"state": "missing"},
    {"due": "overdue"},
    {"q": "bang"},
    {"q": "samsung", "area": "A1", "condition": "broken"},
    {"area": "-"},
    {"area": "A4"},
)
Item = Mapping[str, Any]
NAMES = ("declared", "complete_digital_record", "verified_within_365d", "complete_and_verified")
PARTS = ("book", "complete", "verified", "managed")


def summed(items: Iterable[Item]) -> list[int]:
    """Things in the books, complete, verified, both: plain sums of what the feed tells."""
    sums = [0] * 4
    for item in items:
        if item["line"] is not None:
            both = item["complete"] and item["verified"]
            holds = (True, item["complete"], item["verified"], both)
            sums = [old + item["quantity"] * is_so for old, is_so in zip(sums, holds, strict=True)]
    return sums


def read(browser: httpx.Client, path: str, **ask: str) -> httpx.Response:
    """An answer."""
    told = browser.get(path, params=ask)
    assert told.status_code == 200, f"{path} {ask}: {told.status_code} {told.text[-600:]}"
    return told


def fed(browser: httpx.Client, **ask: str) -> list[Item]:
    """All that the feed tells of a question."""
    lines = read(browser, "/api/v1/inventory", format="ndjson", limit="5000", **ask).text
    return [json.loads(each) for each in lines.splitlines()]


def cells(told: httpx.Response) -> Iterable[Mapping[str, str]]:
    """The rows of a CSV."""
    return csv.DictReader(io.StringIO(told.text.lstrip("\ufeff")))


def total_of(browser: httpx.Client, path: str) -> int:
    """How many things a page's list has."""
    return {found["of"]: int(found["n"]) for found in TOTAL.finditer(page(browser, path))}["things"]


@pytest.mark.parametrize("ask", one_short(QUESTIONS, 4), ids=urlencode)
def test_all_say_the_same_of_a_question(browser: httpx.Client, ask: Mapping[str, str]) -> None:
    """The feed, its CSV, figures by school and type, the list, its file, and the forecast."""
    items = fed(browser, **ask)
    sums = summed(items)
    rows = cells(read(browser, "/api/v1/inventory", format="csv", limit="5000", **ask))
    assert sum(int(row["quantity"]) for row in rows if row["line"]) == sums[0]
    for by in ("school", "type"):
        told = read(browser, "/api/v1/figures", by=by, **ask).json()
        assert [told["total"]["kpi"][name] for name in NAMES] == sums
        each = [[one["kpi"][name] for name in NAMES] for one in told["figures"]]
        assert [*starmap(lambda *counts: sum(counts), zip(*each, strict=True))] == sums
    for record, count in zip(PARTS, sums, strict=True):
        path = f"/items?{urlencode({**ask, 'record': record})}"
        assert total_of(browser, path) == count, record
    listed = cells(read(browser, "/items", format="csv", record="book", **ask))
    assert sum(int(row["Số lượng"]) for row in listed) == sums[0]
    forecast = read(browser, "/api/v1/forecast", **ask).json()
    assert forecast["count"] + forecast["left_out"] == sums[0]
    if "q" not in ask:  # there it is a part of a school's name
        schools = read(browser, "/api/v1/schools", **ask).json()["items"]
        assert sum(school["kpi"]["declared"] for school in schools) == sums[0]
    tile = read(browser, "/api/v1/tile", **ask).json()
    assert [tile[f"items_{name}"] for name in ("declared", "complete", "verified")] == sums[:3]
    missing = sum("missing" in {one["state"], *one["also"]} for one in items)
    assert tile["items_missing"] == missing


@pytest.mark.parametrize("ask", QUESTIONS[:5], ids=urlencode)
def test_what_rests_on_silent_schools_is_counted_list_by_list(
    browser: httpx.Client, ask: Mapping[str, str]
) -> None:
    """Beside the figure, the forecast and use; in words on pages and as a footnote of files."""
    days = {code: 999 if n is None else n for code, n in zip(SCHOOLS, SILENT_DAYS, strict=True)}

    def rest(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
        told = [*pairs]
        longer = {"over_1d": 1, "over_1w": 7, "over_3w": 21}
        return {
            name: sum(count for code, count in told if days[code] > least)
            for name, least in longer.items()
        }

    lines = [one for one in fed(browser, **ask) if one["line"] is not None]
    figure = read(browser, "/api/v1/figures", **ask).json()["total"]["rests_on_silent"]
    assert figure == rest((one["school"], one["quantity"]) for one in lines)
    lasting = [one for one in lines if one["condition"] not in {"disposed", "lost"}]
    forecast = read(browser, "/api/v1/forecast", **ask).json()["rests_on_silent"]
    assert forecast == rest((one["school"], one["quantity"]) for one in lasting)
    weeks = {"from": "2026-08-17", "to": "2026-08-30"}
    if "type" not in ask:  # boards of the use's weeks are no items of these books
        use = read(browser, "/api/v1/use", **weeks, **ask).json()
        homes = {school["school"] for school in use["schools"]}
        lists = [*homes, "S07"] if "S01" in homes else [*homes]
        assert use["rests_on_silent"] == rest((code, 3) for code in lists)
        said = f"{use['rests_on_silent']['over_1d']} hơn 1 ngày"
        assert (said in page(browser, f"/use?{urlencode({**weeks, **ask})}")) == (
            use["rests_on_silent"]["over_1d"] > 0
        )
    said = f"{forecast['over_1d']} hơn 1 ngày"
    is_said = forecast["over_1d"] > 0
    text = page(browser, f"/forecast?{urlencode(ask)}")
    assert (said in text) == is_said
    links = re.findall(r'href="(/schools\?[^"#]*which=silent[^"#]*)', text)
    assert len(links) == is_said
    for link in links:
        assert page(browser, unescape(link))


def command(folder: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """Run the export on the department's folder."""
    monkeypatch.setenv("LOPHOC_CONTROLLER_SCHOOL", OWN.school)
    monkeypatch.setenv("LOPHOC_CONTROLLER_PROVINCE", OWN.province)
    return main(["export", "ndjson", "--out", str(folder / "x.ndjson"), *words,
                 "--data", str(folder)])  # fmt: skip


@pytest.mark.parametrize("ask", [*QUESTIONS[:7], *QUESTIONS[8:]], ids=urlencode)
def test_the_command_exports_what_the_api_answers(
    browser: httpx.Client,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    ask: Mapping[str, str],
) -> None:
    """By the same filters."""
    words = [word for name, value in ask.items() for word in (f"--{name}", value)]
    assert command(folder, monkeypatch, *words) == 0
    lines = (folder / "x.ndjson").read_text("utf-8").splitlines()
    exported = {(one["school"], one["device_id"]) for one in map(json.loads, lines)}
    assert exported == {(one["school"], one["device_id"]) for one in fed(browser, **ask)}


UNKNOWN = (
    ("school", "S1", "S01"),
    ("school", "S08", "S08"),
    ("area", "A9", "A1"),
    ("type", "boards", "board"),
    ("room", "P999", "P203"),
)


def test_the_command_refuses_what_nobody_knows(
    browser: httpx.Client,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As the API does, with the nearest word, and writes nothing."""
    (folder / "x.ndjson").unlink(missing_ok=True)
    for name, asked, said in UNKNOWN:
        assert browser.get("/api/v1/inventory", params={name: asked}).status_code == 404
        assert command(folder, monkeypatch, f"--{name}", asked) == 2
        assert said in capsys.readouterr().err
        assert not (folder / "x.ndjson").exists()
