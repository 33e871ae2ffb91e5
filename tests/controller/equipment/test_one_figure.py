"""One question, one figure: each page, answer, file and command that tells it tells the same.

FIGURES says who tells a figure. What is a number somewhere and stands neither there nor in
NO_FIGURES fails a test: a new figure has to enter.
"""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from html import unescape
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, urlencode

import httpx
import pytest
from python_calamine import load_workbook

from controller.__main__ import main
from controller.history import worker
from controller.history.day import Counts
from controller.history.service import History
from controller.history.trend import TrendFigure
from controller.inventory.choosing import operating_person
from controller.openapi import openapi
from controller.reports.report import REPORTS, SPECS, PeriodKind
from controller.reports.service import Packs
from tests.controller.equipment.a_province import tell
from tests.controller.web_department import OWN, ServedDepartment, a_department
from tests.controller.web_school import FOLDERS, NOW_MS, a_program
from tests.tiers import wide
from tests.web import http_client

Item = Mapping[str, Any]
Ask = Mapping[str, str]
ASKS: Final[tuple[Ask, ...]] = (
    {},
    {"area": "A3", "type": "board"},
    {"area": "A1"},
    {"school": "S01"},
    {"type": "board"},
)
FORECAST, FIGURE = "answer /api/v1/forecast", "answer /api/v1/figures"
WEEKS = "from=2026-08-17&to=2026-08-30"
NOT_OWNED = {"ignored", "visitor", "accessory"}


def is_line(item: Item) -> bool:
    """Whether it is of a book."""
    return item["line"] is not None


def in_state(state: str) -> Callable[[Item], int]:
    """Counts lines of which this state holds, be it the first or another."""
    return lambda item: is_line(item) and state in {item["state"], *item["also"]}


def things(*names: str) -> Callable[[Item], int]:
    """Counts the things of lines that have all of these."""
    return lambda item: item["quantity"] * (is_line(item) and all(item[name] for name in names))


def alone(item: Item) -> int:
    """Counts the things of lines that one deed would make managed by digital record."""
    wants = len(item["lacks"]) + (not item["verified"])
    return item["quantity"] * (is_line(item) and wants == 1)


class Figure(NamedTuple):
    """Who tells it, and what of each item of the feed it counts; None where that is no item.

    A teller is its kind, where it is, and what of it: `answer` a place in JSON, the sum over its
    lists; `list` a page's own total; `link` a number that leads there; `column` a list as CSV and
    as XLSX; `pack` a report's column; `past` and `night` a figure of the history.
    """

    tellers: tuple[str, ...]
    of_item: Callable[[Item], int] | None = None


def counted(name: str, kpi: str, record: str, *more: str) -> tuple[str, ...]:
    """Who tells one of the four numbers of the share."""
    return (
        *(f"{FIGURE}?by={by} .figures[].kpi.{kpi}" for by in ("school", "type")),
        f"{FIGURE} .total.kpi.{kpi}",
        f"answer /api/v1/schools .items[].kpi.{kpi}",
        f"list /items?record={record} things",
        f"link /schools /items?record={record}",
        f"pack R02.{name}",
        f"past {name}",
        f"night {name}",
        *more,
    )


FIGURES: Final[Mapping[str, Figure]] = {
    "declared": Figure(
        counted(
            "declared",
            "declared",
            "book",
            "answer /api/v1/tile .items_declared",
            "column /schools Số lượng",
            "column /items?record=book Số lượng",
            "pack R01.count",
            "pack R12.declared",
        ),
        things(),
    ),
    "complete": Figure(
        counted(
            "complete",
            "complete_digital_record",
            "complete",
            "answer /api/v1/tile .items_complete",
        ),
        things("complete"),
    ),
    "verified": Figure(
        counted(
            "verified",
            "verified_within_365d",
            "verified",
            "answer /api/v1/tile .items_verified",
        ),
        things("verified"),
    ),
    "managed": Figure(
        counted("managed", "complete_and_verified", "managed"), things("complete", "verified")
    ),
    "missing": Figure(
        (
            *(f"{FIGURE}?by={by} .figures[].missing" for by in ("school", "type")),
            f"{FIGURE} .total.missing",
            "answer /api/v1/schools .items[].missing",
            "answer /api/v1/tile .items_missing",
            "list /items?has=missing lines",
            "link /schools /items?has=missing",
            "column /schools Không tìm thấy",
            *("pack R05.missing", "past missing", "night missing"),
        ),
        in_state("missing"),
    ),
    "never_seen": Figure(
        (
            "answer /api/v1/schools .items[].never_seen",
            "list /items?has=never_seen lines",
            "link /schools /items?has=never_seen",
            "column /schools Chưa từng thấy",
            *("pack R05.never_seen", "past never_seen", "night never_seen"),
        ),
        in_state("never_seen"),
    ),
    "moved": Figure(
        ("list /items?has=moved lines", "pack R05.moved", "past moved", "night moved"),
        in_state("moved"),
    ),
    "unregistered": Figure(
        (
            *(f"{FIGURE}?by={by} .figures[].unregistered" for by in ("school", "type")),
            f"{FIGURE} .total.unregistered",
            "answer /api/v1/schools .items[].unregistered",
            "list /items?record=outside lines",
            "link /schools /items?record=outside",
            "column /schools Ngoài sổ",
            *("pack R05.unregistered", "past unregistered", "night unregistered"),
        ),
        lambda item: item["state"] == "unregistered",
    ),
    "items": Figure(
        (
            *(f"{FIGURE}?by={by} .figures[].items" for by in ("school", "type")),
            f"{FIGURE} .total.items",
            "answer /api/v1/schools .items[].items",
            *("past items", "night items"),
        ),
        lambda item: item["quantity"] * (item["state"] not in NOT_OWNED),
    ),
    "lines that one deed would raise": Figure(
        (
            f"{FIGURE} .total.raises[].lines",
            *(f"{FIGURE}?by={by} .figures[].raises[].lines" for by in ("school", "type")),
        ),
        alone,
    ),
    **{
        f"things that rest on schools silent for {name}": Figure(
            (
                f"{FIGURE} .total.rests_on_silent.{name}",
                f"{FIGURE}?by=school .figures[].rests_on_silent.{name}",
                f"list /items?record=book&old={old} things",
                f"link /schools /items?record=book&old={old}",
            )
        )
        for name, old in (("over_1d", "day"), ("over_1w", "week"), ("over_3w", "weeks"))
    },
    "schools": Figure(
        (
            f"{FIGURE} .total.schools",
            f"{FIGURE}?by=school .figures[].schools",
            "answer /api/v1/tile .schools_known",
            "list /schools schools",
            "answer /api/v1/reports/1 .schools",
        )
    ),
    "schools with data": Figure(
        (
            f"{FIGURE} .total.reported",
            f"{FIGURE}?by=school .figures[].reported",
            "list /schools?which=reported schools",
            "answer /api/v1/reports/1 .reported",
        )
    ),
    "silent schools": Figure(
        (
            f"{FIGURE} .total.silent_over_1d",
            f"{FIGURE}?by=school .figures[].silent_over_1d",
            "list /schools?which=silent schools",
            "answer /api/v1/reports/1 .silent_over_1d",
        )
    ),
    "schools silent for three weeks": Figure(
        (
            f"{FIGURE} .total.silent_over_3w",
            f"{FIGURE}?by=school .figures[].silent_over_3w",
            "list /schools?which=long_silent schools",
        )
    ),
    "overdue": Figure(
        (
            f"{FORECAST} .overdue.count",
            *(f"{FORECAST} .by_{by}[].overdue.count" for by in ("type", "school")),
            *(f"column /forecast?by={by} Quá niên hạn" for by in ("type", "school")),
            "list /items?end=overdue things",
            "pack R06.overdue",
        )
    ),
    "at their end later": Figure(
        (
            f"{FORECAST} .later.count",
            *(f"{FORECAST} .by_{by}[].later.count" for by in ("type", "school")),
            *(f"column /forecast?by={by} Muộn hơn" for by in ("type", "school")),
            "list /items?end=later things",
        )
    ),
    "of an unknown end": Figure(
        (
            f"{FORECAST} .unknown_count",
            f"{FORECAST} .unknown.*",
            *(f"{FORECAST} .by_{by}[].unknown_count" for by in ("type", "school")),
            *(f"column /forecast?by={by} Không rõ" for by in ("type", "school")),
            "list /items?end=unknown things",
            "pack R06.unknown",
        )
    ),
    "at their end in these years": Figure(
        (
            f"{FORECAST} .years[].count",
            *(f"{FORECAST} .by_{by}[].years[].count" for by in ("type", "school")),
            "pack R06.next",
        )
    ),
    "within ten years": Figure(
        (
            f"{FORECAST} .within.count",
            *(f"{FORECAST} .by_{by}[].within.count" for by in ("type", "school")),
        )
    ),
    "cost of ten years": Figure(
        (
            f"{FORECAST} .within.cost_vnd",
            *(f"{FORECAST} .by_{by}[].within.cost_vnd" for by in ("type", "school")),
            *(f"column /forecast?by={by} Kinh phí mười năm (đồng)" for by in ("type", "school")),
            "pack R06.cost_vnd",
        )
    ),
    "without a price in ten years": Figure(
        (
            f"{FORECAST} .within.unpriced",
            *(f"{FORECAST} .by_{by}[].within.unpriced" for by in ("type", "school")),
            "pack R06.unpriced",
        )
    ),
    **{
        f"{what} of what is {when}": Figure(
            (
                f"{FORECAST} .{when}.{what}",
                *(f"{FORECAST} .by_{by}[].{when}.{what}" for by in ("type", "school")),
            )
        )
        for what in ("cost_vnd", "unpriced")
        for when in ("overdue", "later", "years[]")
    },
    **{
        f"{name} boards": Figure(
            (
                f"answer /api/v1/use?{WEEKS} .schools[].{name}",
                f"column /use?{WEEKS} {head}",
            )
        )
        for name, head in (("boards", "Số bảng"), ("low", "Ít dùng"), ("unknown", "Không rõ"))
    },
    "faults that are open": Figure(("pack R11.faults_open",)),
    "changes that wait": Figure(
        (
            "answer /api/v1/schools .items[].behind",
            "column /lines Còn chờ",
            "pack R08.behind",
        )
    ),
}

# Numbers that are told at one place alone, or are none to be added up, and why.
NO_FIGURES: Final[Mapping[str, str]] = {
    r"answer /api/v1/(items|inventory).*": "of one item",
    r"answer \S+ .*(_pct|\.pct|\.before\..*|compared.*|change)": "a share, or another day's",
    r"answer \S+ .*(\.no|\.row|year|\.years|age_s|clock_off_s|price_vnd|low_min)": "no count",
    r"answer \S+ .*\.by_area\[\].*": "areas lie in one another: test_every_number adds them",
    r"answer /api/v1/schools/{code} .*": "a row of /api/v1/schools, by the same writer",
    r"answer /api/v1/inspections.*": "of one inspection: tests of inspection count them",
    r"answer /api/v1/reports/{no} .*(rows|total).*": "the packs' columns, told as `pack`",
    r"answer /api/v1/history .*": "told as `past`",
    r"answer /api/v1/history/files .*": "bytes",
    r"answer /api/v1/tile .*(boards|rooms|incidents|heard_today).*": "of schools' present, alone",
    r"answer /api/v1/use .*(boards\[\]|_min).*": "of one board, or minutes",
    r"answer /api/v1/(use|forecast) .*rests_on.*": "test_every_number: of their own things",
    r"answer /api/v1/forecast .*(\.count|left_out|awaiting).*": "test_every_number adds them",
    r"answer /api/v1/schools .*\.twice": "what is not counted",
    r"column \S+ .*(đồng|Năm|niên hạn|Hồ sơ số|tháng trước|Sử dụng|Mã|sê-ri).*": "no count",
    r"column /forecast\S* (20\d\d|20\d\d-20\d\d)": "told as years of the forecast",
    r"column /lines .*": "of one line: hours, seconds, megabytes",
    r"column /history .*": "told as `past`",
    r"pack (R03|R07|R09|R10|R12)\..*": "told by the pack alone",
    r"pack R04\..*": "of the weeks of the pack's month, of which none has ended yet",
    r"pack R05.twins": "serials, by each school that has them",
    r"pack R11\.(broken|repair|awaiting)": "conditions, as the pack's own R01 has them",
}
LISTS: Final = (
    *("/schools", "/items", "/use", "/lines", "/history"),
    *("/forecast?by=type", "/exceptions?what=same_serial_in_two_schools"),
)


class Town:
    """A made-up department that was asked to keep a pack and a night."""

    def __init__(self, web: httpx.Client, folder: Path) -> None:
        self._web = web
        self._folder = folder
        self._known: dict[tuple[str, str], str] = {}

    def raw(self, path: str, ask: Ask) -> bytes:
        """An answer."""
        parts = httpx.URL(path)
        query = urlencode({**dict(parts.params), **ask})
        told = self._web.get(f"{parts.path}?{query}")
        assert told.status_code == 200, f"{path} {ask}: {told.status_code} {told.text[-600:]}"
        return told.content

    def text(self, path: str, ask: Ask) -> str:
        """The same as text; asked once."""
        key = path, urlencode(ask)
        if key not in self._known:
            self._known[key] = self.raw(path, ask).decode()
        return self._known[key]

    def items(self, ask: Ask) -> list[Item]:
        """All that the feed tells of a question."""
        lines = self.text("/api/v1/inventory?format=ndjson&limit=5000", ask)
        return [json.loads(line) for line in lines.splitlines()]

    def told(self, teller: str, ask: Ask) -> Iterator[tuple[str, float]]:
        """What a teller says of a question, by each of its ways."""
        kind, where, *more = teller.split(" ", 2)
        what = more[0] if more else ""
        match kind:
            case "answer" if not (ask and where.startswith("/api/v1/reports")):
                answer = json.loads(self.text(limited(where), ask))
                yield "", sum(at(answer, what))
            case "list":
                totals = re.findall(r'data-total="(\w+)" data-count="(\d+)"', self.text(where, ask))
                yield "", int(dict(totals)[what])
            case "link":
                yield from self._linked(where, what, ask)
            case "column" if where == "/lines" and not {*ask} <= {"school", "area"}:
                pass  # a school's line is of no type
            case "column" if what in self.text(where, {**ask, "format": "csv"}).partition("\n")[0]:
                yield "csv", sum(float(row[what] or 0) for row in self.csv(where, ask))
                yield "xlsx", sum(self.xlsx(where, what, ask))
            case "pack" if not ask:
                yield from self._packed(*where.split("."))
            case "past" if {*ask} <= {"school", "area", "type"}:
                yield from self._past(where, ask)
            case "night" if not ask:
                yield "", sum(row[where] for row in self.night())

    def _linked(self, where: str, href: str, ask: Ask) -> Iterator[tuple[str, float]]:
        """The number of a page's link to a list of just this."""
        path, _, query = href.partition("?")
        asked = {*parse_qsl(query), *ask.items()}
        for link in re.finditer(r'<a class="count"[^>]*>', self.text(where, ask)):
            to = unescape(found(r'href="([^"]+)"', link[0])).partition("#")[0]
            if to.startswith(f"{path}?") and {*parse_qsl(to.partition("?")[2])} == asked:
                yield "", int(found(r'data-count="(\d+)"', link[0]))

    def csv(self, path: str, ask: Ask) -> list[dict[str, str]]:
        """A list as CSV, by its headings."""
        text = self.text(path, {**ask, "format": "csv"})
        return [*csv.DictReader(io.StringIO(text.lstrip("\ufeff")))]

    def xlsx(self, path: str, head: str, ask: Ask) -> Iterator[float]:
        """The numbers below a heading of the same list as a workbook."""
        book = load_workbook(io.BytesIO(self.raw(path, {**ask, "format": "xlsx"})))
        rows = book.get_sheet_by_index(0).to_python()
        first = next(no for no, row in enumerate(rows) if head in row)
        cells = (row[rows[first].index(head)] for row in rows[first + 1 :])
        return (cell for cell in cells if isinstance(cell, int | float))

    def _packed(self, code: str, key: str) -> Iterator[tuple[str, float]]:
        """A report's whole: by the API, the command, and the workbook, where its rows add up."""
        place = [column.key for column in SPECS[code].columns].index(key)
        lead = 2 if SPECS[code].by_school else 0
        answer = json.loads(self.text("/api/v1/reports/1", {}))
        for name, told in (("api", answer), ("command", self.command("report", "show", "1"))):
            (report,) = (one for one in told["reports"] if one["code"] == code)
            yield name, report["total"][place]
        raw = self.raw("/api/v1/reports/1?format=xlsx", {})
        sheet = load_workbook(io.BytesIO(raw)).get_sheet_by_name(code)
        rows = sheet.to_python(skip_empty_area=False)[5:]
        cells = [row[lead + place] for row in rows]
        yield "workbook", cells[0]
        yield "its rows", sum(cell for cell in cells[1:] if isinstance(cell, int | float))

    def _past(self, figure: str, ask: Ask) -> Iterator[tuple[str, float]]:
        """A figure of the day that is kept: by the API, the page's file and the command."""
        answer = json.loads(self.text(f"/api/v1/history?figure={figure}", ask))
        yield "api", sum(row["values"][-1] for row in answer["rows"])
        (row,) = self.csv(f"/history?by=whole&figure={figure}", ask)
        yield "csv", float([*row.values()][-2])  # before how much it changed
        if not ask:
            told = self.command("history", "show", "--figure", figure)
            yield "command", sum(row["values"][-1] for row in told["rows"])

    def night(self) -> list[Mapping[str, int]]:
        """The figures of the nightly file."""
        files = json.loads(self.text("/api/v1/history/files", {}))["items"]
        (name,) = (one["name"] for one in files if re.search(r"figures.*ndjson", one["name"]))
        raw = gzip.decompress(self.raw(f"/api/v1/history/files/{name}", {}))
        return [json.loads(line) for line in raw.splitlines()]

    def command(self, *words: str) -> Any:
        """What a command tells as JSON."""
        key = " ".join(words), "command"
        if key not in self._known:
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                assert main([*words, "--json", "--data", str(self._folder)]) == 0
            self._known[key] = out.getvalue()
        return json.loads(self._known[key])


def limited(path: str) -> str:
    """The address of a whole list."""
    return f"{path}?limit=1000" if path == "/api/v1/schools" else path


def found(pattern: str, text: str) -> str:
    """What the pattern finds."""
    match = re.search(pattern, text)
    assert match, f"{pattern} in {text}"
    return match[1]


def at(answer: Any, path: str) -> Iterator[float]:
    """The numbers at a place of an answer, through all lists."""
    if not path:
        yield answer or 0
        return
    name, _, rest = path.removeprefix(".").partition(".")
    rest = rest and f".{rest}"
    if name == "*":
        parts: Iterable[Any] = answer.values()
    else:
        part = answer[name.removesuffix("[]")]
        parts = part if name.endswith("[]") else [part]
    for part in parts:
        yield from at(part, rest)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """The department, as an administrator and as who runs its commands."""
    folder = tmp_path_factory.mktemp("province")
    with pytest.MonkeyPatch.context() as patch, a_department(folder) as store:
        patch.setenv("LOPHOC_CONTROLLER_SCHOOL", OWN.school)
        patch.setenv("LOPHOC_CONTROLLER_PROVINCE", OWN.province)
        tell(store, 1)
        program = a_program(store, scope=OWN, upstream="", now_ms=lambda: NOW_MS)
        program.service(Packs).make(PeriodKind.MONTH, operating_person())
        history = program.service(History)
        worker.carry_out(history.order(history.keep_today()))
        assert FOLDERS[store] == folder
        with ServedDepartment(store) as served, http_client(served.url) as web:
            yield Town(web, folder)


@pytest.mark.parametrize("ask", [*ASKS[:2], *wide(*ASKS[2:])], ids=urlencode)
def test_all_tell_the_same_figure(town: Town, ask: Ask) -> None:
    """Each figure by all who tell it, and where it counts items, by a plain sum of the feed's."""
    wrong = []
    for name, figure in FIGURES.items():
        told = {teller: dict(town.told(teller, ask)) for teller in figure.tellers}
        numbers = {number for ways in told.values() for number in ways.values()}
        if figure.of_item is not None:
            numbers.add(sum(map(figure.of_item, town.items(ask))))
        if len(numbers) > 1 or not (ask or all(told.values())):
            wrong.append(f"{name} {ask}: {numbers} {told}")
    assert "\n".join(wrong) == ""


def known() -> set[str]:
    """All tellers of figures, without what they are asked beside."""
    tellers = (teller for figure in FIGURES.values() for teller in figure.tellers)
    return {re.sub(r"\?\S+", "", teller).replace("/1 ", "/{no} ") for teller in tellers}


def unknown(told: Iterable[str]) -> list[str]:
    """Those that neither are tellers nor are named as none."""
    return [
        one
        for one in sorted({*told} - known())
        if not any(re.fullmatch(pattern, one) for pattern in NO_FIGURES)
    ]


def numbers(schema: Any, schemas: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Where an answer of this shape has numbers."""
    if name := schema.get("$ref", "").rpartition("/")[2]:
        yield from numbers(schemas[name], schemas, path)
    for one in schema.get("anyOf", ()):
        yield from numbers(one, schemas, path)
    if schema.get("type") in {"integer", "number"}:
        yield path
    if isinstance(items := schema.get("items"), dict):
        yield from numbers(items, schemas, f"{path}[]")
    for key, one in schema.get("properties", {}).items():
        yield from numbers(one, schemas, f"{path}.{key}")
    if isinstance(more := schema.get("additionalProperties"), dict):
        yield from numbers(more, schemas, f"{path}.*")


OF_A_SCHOOL = ("register", "kpi", "unregistered", "attendance", "lessons", "faults", "repairs")
OF_NO_ITEM = ("agents", "areas", "devices", "events", "incidents", "rooms", "stocktakes")


def test_every_number_of_an_answer_is_a_figure_or_is_said_to_be_none() -> None:
    """Of all answers that a department gives, by their description."""
    document = openapi()
    told = [
        f"answer {path} {place}"
        for path, methods in document["paths"].items()
        if path.split("/")[-1 if path.count("/") < 3 else 3] not in {*OF_A_SCHOOL, *OF_NO_ITEM}
        for kind in [methods.get("get", {}).get("responses", {}).get("200", {})]
        if (schema := kind.get("content", {}).get("application/json", {}).get("schema"))
        for place in numbers(schema, document["components"]["schemas"])
    ]
    assert len(told) > 100
    assert "\n".join(unknown(told)) == ""


def test_every_column_of_numbers_is_a_figure_or_is_said_to_be_none(town: Town) -> None:
    """Of all lists that pages give as files, and of all reports of a pack."""
    told = [
        f"column {path.partition('?')[0]} {head}"
        for path in LISTS
        for row in town.csv(path, {})
        for head, cell in row.items()
        if re.fullmatch(r"-?\d+(\.\d+)?", cell)
    ]
    packed = [
        f"pack {spec.code}.{column.key}"
        for spec in REPORTS
        for column in spec.columns
        if column.is_summed
    ]
    assert "\n".join(unknown([*told, *packed])) == ""


def test_every_figure_of_the_history_is_one_of_these() -> None:
    """So that a day that is over is held against what was told on it."""
    shares = {figure.value for figure in TrendFigure if figure.is_share}
    past = {teller.partition(" ")[2] for teller in known() if teller.startswith("past ")}
    night = {teller.partition(" ")[2] for teller in known() if teller.startswith("night ")}
    assert past == {*map(str, TrendFigure)} - shares
    assert night == {*Counts._fields}
