"""A department's nights: figures and files of each, the page, the API and the command."""

from __future__ import annotations

import asyncio
import csv
import gzip
import io
import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from arro3.io import read_parquet

from controller.areas.areas import Area, Membership, Merger, SchoolFacts
from controller.database.store import Store
from controller.feature import Program
from controller.history import nightly, worker
from controller.history.dated import FOLDER, FileContent, dated, files_in, forget_old
from controller.history.nightly import Nightly, is_time
from controller.history.service import History
from controller.history.store import days_of, figures_on
from controller.inventory.feed import ITEM_COLUMNS
from tests.controller.web_department import (
    DAY_MS,
    MISSING,
    NOW_MS,
    OWN,
    PROVINCE,
    TODAY,
    ServedDepartment,
    a_department,
    fill,
    hear,
    know,
    line,
    stranger,
)
from tests.controller.web_school import FOLDERS, a_program

A, B, GONE = "00140701", "00140702", "00140703"
NAMES = {FileContent.ITEMS, FileContent.FIGURES}


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
        fill(opened, [line(A, 1), line(A, 2, type="desk", quantity=3, serial=""), line(GONE, 5),
                      line(B, 1, state=MISSING, verified=False), stranger(B, 1)])  # fmt: skip
        hear(opened, A)
        hear(opened, B, ago_ms=2 * DAY_MS)
        yield opened


def a_department_program(store: Store, now_ms: int = NOW_MS) -> Program:
    """A department's running controller, as far as its nights go."""
    return a_program(store, scope=OWN, upstream="", now_ms=lambda: now_ms)


def a_night(store: Store, now_ms: int) -> str:
    """Keep the figures and write the files of a day, in this process; returns the day."""
    history = a_department_program(store, now_ms).service(History)
    day = history.keep_today()
    worker.carry_out(history.order(day))
    return day


def rows_of(path: Path) -> list[dict[str, Any]]:
    """The rows of a file of NDJSON."""
    return [json.loads(row) for row in gzip.decompress(path.read_bytes()).splitlines()]


def test_a_night_s_files_hold_the_figures_of_the_pages_and_no_person(
    store: Store, officer: httpx.Client
) -> None:
    """Items once each, figures as the API tells them, Parquet the same as NDJSON cell by cell."""
    day = a_night(store, NOW_MS)
    data = FOLDERS[store]
    folder = data / FOLDER
    names = [file.name for file in files_in(data)]
    assert len(names) == 4
    assert {dated(name).what for name in names} == NAMES
    items = rows_of(folder / f"items-{day}.ndjson.gz")
    told = officer.get("/api/v1/inventory?limit=1000").json()["items"]
    assert [row["device_id"] for row in items] == [item["device_id"] for item in told]
    assert {*items[0]} == {"day", *ITEM_COLUMNS}
    figures = rows_of(folder / f"figures-{day}.ndjson.gz")
    for school in officer.get("/api/v1/figures?by=school").json()["figures"]:
        own = [row for row in figures if row["school"] == school["key"]]
        assert sum(row["declared"] for row in own) == school["kpi"]["declared"]
        assert sum(row["managed"] for row in own) == school["kpi"]["complete_and_verified"]
    for name in NAMES:
        table = read_parquet(folder / f"{name}-{day}.parquet").read_all()
        rows = rows_of(folder / f"{name}-{day}.ndjson.gz")
        for column in rows[0]:
            cells = [cell.as_py() for cell in table.column(column)]
            assert [_plain(cell) for cell in cells] == [row[column] for row in rows], column
    assert not list(folder.glob(".*part*"))


def _plain(cell: Any) -> Any:
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return cell.isoformat() if hasattr(cell, "isoformat") else cell


def test_the_page_compares_days_and_draws_what_the_table_says(
    store: Store, served: ServedDepartment, officer: httpx.Client
) -> None:
    """By school over two days: the same numbers in the table, the drawing, the CSV, the API."""
    a_night(store, NOW_MS)
    fill(store, [line(A, 7, verified=False), line(A, 8, verified=False)])
    served.now_ms = NOW_MS + DAY_MS
    a_night(store, served.now_ms)
    query = "figure=declared&by=school"
    api = officer.get(f"/api/v1/history?{query}").json()
    assert api["days"] == [TODAY, "2026-09-06"]
    values = {row["code"]: row["values"] for row in api["rows"]}
    assert values == {A: [5, 7], B: [1, 1]}, "what merged counts with its heir on every day"
    page = officer.get(f"/history?{query}").text
    for code, own in values.items():
        drawn = re.findall(rf'data-line="{code}">(.*?)</g>', page, re.DOTALL)
        assert [*map(float, re.findall(r'data-value="([\d.]+)"', drawn[0]))] == own
        row = re.findall(rf'data-row="{code}">(.*?)</tr>', page, re.DOTALL)
        assert re.findall(r"<bdi>([\d,+-]+)</bdi>", row[0])[:2] == [f"{value:g}" for value in own]
    text = officer.get(f"/history?{query}&sort=-change&format=csv").content.decode("utf-8-sig")
    lines = [*csv.reader(io.StringIO(text))]
    assert [(row[1], row[2], row[3], row[-1]) for row in lines[1:]] == [
        (A, "5", "7", "2"), (B, "1", "1", "0"),
    ]  # fmt: skip
    areas = officer.get("/history?by=area").text
    assert re.search(r'data-area="03646" data-band="\w+"', areas)
    assert "area-legend" in areas


def test_unknown_words_are_refused_and_files_are_for_who_sees_all(
    store: Store, officer: httpx.Client
) -> None:
    """404 with the nearest code, 422 for what cannot be; a file goes on where it was cut."""
    day = a_night(store, NOW_MS)
    for address, status in (
        ("/api/v1/history?school=140701", 404),
        ("/api/v1/history?area=3646", 404),
        ("/api/v1/history?type=bord", 404),
        ("/api/v1/history?figure=lost", 422),
        ("/api/v1/history?speed=1", 422),
        ("/history?school=140701", 404),
        ("/history?sort=nothing", 422),
        ("/api/v1/history/files/items-2026-01-01.parquet", 404),
        ("/api/v1/history/files/..%2F..%2Flophoc.db", 404),
        ("/api/v1/history/files/.lophoc-1.part", 404),
    ):
        assert officer.get(address).status_code == status, address
    (listed,) = [
        file
        for file in officer.get("/api/v1/history/files").json()["items"]
        if file["name"] == f"items-{day}.parquet"
    ]
    address = f"/api/v1/history/files/{listed['name']}"
    whole = officer.get(address)
    assert whole.headers["content-type"] == "application/vnd.apache.parquet"
    assert len(whole.content) == listed["size_bytes"]
    rest = officer.get(address, headers={"Range": "bytes=100-"})
    assert (rest.status_code, rest.content) == (206, whole.content[100:])


def test_nights_go_by_the_local_hour_and_each_day_once() -> None:
    """Not before one o'clock; a server that was off does it later; a day is kept once."""
    at = datetime.fromisoformat
    assert not is_time(at("2026-09-05T00:59:00+07:00"), "")
    assert is_time(at("2026-09-05T01:00:00+07:00"), "2026-09-04")
    assert is_time(at("2026-09-05T15:00:00+07:00"), "2026-09-01")
    assert not is_time(at("2026-09-05T15:00:00+07:00"), "2026-09-05")


def test_the_job_writes_by_a_process_of_its_own_and_says_what_went_wrong(
    store: Store,
    officer: httpx.Client,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """No room: nothing is written, page and log say so once; then it is made up for, once."""
    program = a_department_program(store)
    job = Nightly(program)
    monkeypatch.setattr(nightly, "has_room", lambda _: False)
    asyncio.run(job.look())
    monkeypatch.setattr(job, "_from_s", 0.0)  # the wait is over
    asyncio.run(job.look())
    assert [one.message for one in caplog.records if "no files of" in one.message] == [
        f"no files of {TODAY}: no_room"
    ]
    history, data = program.service(History), FOLDERS[store]
    assert history.standing().trouble == "no_room"
    assert files_in(data) == []
    assert "ít chỗ" in officer.get("/history").text
    assert store.read(days_of, PROVINCE) == [TODAY]
    monkeypatch.setattr(nightly, "has_room", lambda _: True)
    asyncio.run(Nightly(program).look())
    assert len(files_in(data)) == 4
    assert history.standing().trouble == ""
    before = {file.name: (data / FOLDER / file.name).stat().st_mtime_ns for file in files_in(data)}
    asyncio.run(Nightly(program).look())
    assert before == {
        file.name: (data / FOLDER / file.name).stat().st_mtime_ns for file in files_in(data)
    }


def test_a_doubted_clock_keeps_nothing(store: Store) -> None:
    """A day by a wrong clock would stay."""
    told = [NOW_MS]
    program = a_program(store, scope=OWN, upstream="", now_ms=lambda: told[0])
    assert program.now_ms() == NOW_MS
    told[0] = NOW_MS + 400 * DAY_MS
    asyncio.run(Nightly(program).look())
    assert store.read(days_of, PROVINCE) == []


def test_old_days_go_by_the_rule_from_the_table_and_the_folder(store: Store) -> None:
    """Sixty nights: the newest 31 and the last of September stay, in both."""
    data = FOLDERS[store]
    for number in range(60):
        program = a_department_program(store, NOW_MS + number * DAY_MS)
        program.service(History).keep_today()
    days = store.read(days_of, PROVINCE)
    assert (len(days), days[0], days[-1]) == (32, "2026-09-30", "2026-11-03")
    folder = data / FOLDER
    folder.mkdir()
    for month in (1, 2):
        for number in range(1, 29):
            (folder / f"items-2026-{month:02}-{number:02}.parquet").write_bytes(b"x")
    (folder / "of-somebody.txt").write_bytes(b"x")
    forget_old(data)
    left = sorted(file.day for file in files_in(data))
    assert (len(left), left[-1]) == (31, "2026-02-28")
    assert "2026-01-28" in left
    assert (folder / "of-somebody.txt").exists()


def test_a_day_is_kept_in_place_of_the_same_day(store: Store) -> None:
    """Figures of now; what was read is what was kept."""
    history = a_department_program(store).service(History)
    history.keep_today()
    fill(store, [line(B, 50)])
    a_department_program(store, NOW_MS + DAY_MS // 8).service(History).keep_today()
    with store.view() as db:
        (day,) = figures_on(db, PROVINCE, [TODAY])
    own = next(school for school in day.schools if school.code == B)
    assert own.types["board"].declared == 2
    assert own.silence == "day"


def test_who_does_not_see_the_files_is_told_where_they_lie(
    officer: httpx.Client, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where pages are served on another machine: server and folder are named."""
    job = Nightly(a_department_program(store))
    asyncio.run(job.look())
    data = FOLDERS[store]
    there = files_in(data)
    assert len(there) == 4
    assert len(officer.get("/api/v1/history/files").json()["items"]) == 4
    (data / FOLDER).rename(data / "elsewhere")
    monkeypatch.setattr("socket.gethostname", lambda: "another")  # asked of whoever wrote alone
    english = {"accept-language": "en", "cookie": "lang=en"}
    for path in ("/api/v1/history/files", f"/api/v1/history/files/{there[0].name}"):
        answer = officer.get(path, headers=english)
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (404, "files_elsewhere"), problem
        assert str(data / FOLDER) in problem["title"]
        assert "another" not in problem["title"]
    page = officer.get("/history", headers=english).text
    assert f"in {data / FOLDER}." in page
    assert "There is none yet." not in page
    (data / "elsewhere").rename(data / FOLDER)
    assert len(officer.get("/api/v1/history/files").json()["items"]) == 4
