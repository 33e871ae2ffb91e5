"""A department asks an enrolled school to show items, through kills and an old copy."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from simulators.ledger.clocks import Clock, clock_library
from tests.flows.programs import get
from tests.flows.test_way_up import (
    DEPARTMENT,
    SCHOOL,
    Above,
    code_of,
    enrol,
    rows_in,
)
from tests.hostile.school import _COOKIE, _logged_in
from tests.ports import free_port
from tests.waiting import until

UNTOLD_S = 610  # another history is believed then, though the end was told to a line that was cut
STANDING = re.compile(r'data-item="(\d+)" data-standing="(\w+)"')


class Office:
    """An administrator of one of the two controllers."""

    def __init__(self, api: str, data: Path) -> None:
        self._options: dict[str, Any] = {
            "base_url": api,
            "cookies": {_COOKIE: _logged_in(data)},
            "headers": {"Origin": api},
            "follow_redirects": True,
        }

    def page(self, path: str) -> str:
        """A page; nothing of a controller that does not answer yet."""
        with suppress(httpx.TransportError), httpx.Client(**self._options) as client:
            answer = client.get(path)
            return answer.text if answer.status_code == 200 else ""
        return ""

    def post(self, path: str, **form: str) -> httpx.Response:
        """What a form answers."""
        with httpx.Client(**self._options) as client:
            return client.post(path, data=form)


def standings(office: Office, no: int) -> dict[int, str]:
    """How the items of an inspection stand at the department."""
    found = STANDING.findall(office.page(f"/inspections/{no}"))
    return {int(item): standing for item, standing in found}


def scan(office: Office, take: int, line: int, room: str, how: str) -> None:
    """A phone without a script, or with one where a label is read."""
    page = office.page(f"/stocktake/{take}")
    begun = int(re.findall(r'"begun":(\d+)', page)[0])
    sent = {
        "begun_ms": begun,
        "sent_ms": begun + 1000,
        "scans": [
            {"id": f"scan-{take:03}-{line:03}", "line": line, "room": room, "how": how,
             "at_ms": begun + 999}
        ],
    }  # fmt: skip
    with httpx.Client(**office._options) as client:
        assert client.post(f"/api/v1/stocktakes/{take}/scans", json=sent).status_code == 200


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    """By which the department goes."""
    return Clock(tmp_path / "department.clock", clock_library())


@pytest.fixture
def both(tmp_path: Path, clock: Clock) -> Iterator[Above]:
    """A department and a school that joined it by a code and has told its book."""
    above, door = Above(tmp_path), free_port()
    school, mqtt = int(above.school_api.rpartition(":")[2]), free_port()
    above.school = above._controller("school", SCHOOL, school, mqtt)
    port = int(above.api.rpartition(":")[2])
    more = ("--enrol-port", str(door))
    above.department = above._controller(
        "department", DEPARTMENT, port, above.mqtt, *more, env=clock.environ
    )
    try:
        above.department.start()
        until(lambda: get(f"{above.api}/healthz"), "the department's controller")
        enrol(code_of(above.api, tmp_path / "department"), door, tmp_path / "school")
        start(above)
        above.import_book(12, "P")
        book = tmp_path / "department" / "lophoc.db"
        until(lambda: rows_in(book, "assets") == 12, "the book above")
        yield above
    finally:
        above.school.close()
        above.department.close()


def start(both: Above) -> None:
    """Have the school answer again."""
    both.school.start()
    until(lambda: get(f"{both.school_api}/healthz"), "the school's controller")


@pytest.mark.wide(
    "tests/controller/inspection/test_request.py::test_another_start_tells_all_that_is_open_again"
)
def test_an_inspection_goes_down_and_its_answers_come_up_whoever_is_killed(
    both: Above, clock: Clock
) -> None:
    """Both are killed midway, then the school is put back to a copy from before the question."""
    folder = both.folder / "school"
    inside = folder / "lophoc.db"
    officer = Office(both.api, both.folder / "department")
    here = Office(both.school_api, folder)
    both.school.stop()
    copy = inside.read_bytes()
    until(lambda: officer.page("/inspections"), "a department that knows of its school")
    drawn = officer.post("/inspections", unit="items", size="4", seed="xổ số 7", title="Đợt 1")
    assert drawn.url.path == "/inspections/1"
    officer.post("/inspections", unit="rooms", size="1", seed="2")
    assert "It is the same sample" in officer.page("/inspections/1/draw")
    both.department.kill()
    both.department.start()
    start(both)
    until(lambda: rows_in(inside, "inspection_requests") == 2, "both questions")
    name, take, line, room = first_asked(inside, "Đợt 1")
    assert "asks to see 4 items" in here.page("/stocktake")
    scan(here, take, line, room, "label")
    until(lambda: [*standings(officer, 1).values()].count("found") == 1, "the first answer")
    both.school.kill()
    start(both)
    here.post(f"/inspection-requests/{name}/items/2", outcome="not_found", reason="lent")
    both.department.kill()
    both.department.start()
    until(lambda: standings(officer, 1).get(2) == "not_found", "the second answer")
    before = standings(officer, 1)
    both.school.stop()
    put_back(folder, copy)
    clock.set(UNTOLD_S)
    start(both)
    until(lambda: rows_in(inside, "inspection_requests") == 2, "asked again")
    until(lambda: standings(officer, 1) == before, "evidence that arrived was there")
    officer.post("/inspections/2/withdraw")
    withdrawn = "withdrawn by the department"
    until(lambda: withdrawn in here.page("/inspection-requests"), "the withdrawal")


def put_back(folder: Path, copy: bytes) -> None:
    """Have the school forget all that came after its copy."""
    (folder / "lophoc.db").write_bytes(copy)
    for side in ("lophoc.db-wal", "lophoc.db-shm"):
        (folder / side).unlink(missing_ok=True)


def first_asked(path: Path, title: str) -> tuple[str, int, int, str]:
    """Of the request of this title: its name and stocktake, its first line, that line's room."""
    query = (
        "SELECT inspection, stocktake, json_extract(items, '$[0].line'),"
        " json_extract(items, '$[0].room') FROM inspection_requests WHERE title = ?"
    )
    with closing(sqlite3.connect(path)) as db:
        name, take, line, room = db.execute(query, (title,)).fetchone()
    return str(name), int(take), int(line), str(room)
