"""Incidents are kept, shown to whom they concern, and handled by forms that need no script."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from controller.database.store import Store
from controller.incidents import store as kept
from controller.incidents.causes import Scope
from controller.incidents.incident import IncidentBook
from controller.incidents.service import Incidents
from protocol.model import DeviceKind, Reason
from tests.controller.web_school import (
    CRITICAL,
    NOW_MS,
    SCHOOL,
    UNKNOWN,
    Record,
    Served,
    a_live,
    a_morning,
    a_program,
    a_store,
    agent,
    asked,
    at_rest,
    device,
    room_codes,
)
from tests.web import http_client

HELD_S = 600.0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A school on an ordinary morning."""
    with a_store(tmp_path, a_morning(tablets=2)) as opened:
        yield opened


@pytest.fixture
def served(store: Store) -> Iterator[Served]:
    """Its face, when what is wrong has held."""
    with Served(store, clock=at_rest) as running:
        running.judge(passing_s=HELD_S)
        yield running


@pytest.fixture
def web(served: Served) -> Iterator[httpx.Client]:
    """A browser without JavaScript whose user has chosen English."""
    with http_client(served.url, cookies={"lang": "en"}, follow_redirects=True) as client:
        yield client


def do(web: httpx.Client, path: str, **fields: str) -> httpx.Response:
    """Press a button of the page."""
    return web.post(path, data=fields, headers={"origin": str(web.base_url).rstrip("/")})


def number_of(web: httpx.Client, scope: str) -> int:
    """The first open incident that reaches so far."""
    items = web.get("/api/v1/incidents").json()["items"]
    return next(item["no"] for item in items if item["scope"] == scope)


def test_an_incident_is_taken_put_off_and_taken_back(web: httpx.Client, served: Served) -> None:
    """By forms alone; what was done outlives the controller."""
    no = number_of(web, "devices")
    assert "is on it" not in web.get("/").text
    assert "is on it" in do(web, f"/incidents/{no}/take").text
    assert f'id="i{no}"' not in do(web, f"/incidents/{no}/snooze", **{"for": "hour"}).text
    served.stop()
    served.start()
    text = web.get("/incidents?view=snoozed").text
    assert f'id="i{no}"' in text
    assert "put off until 05/09/2026 08:" in text
    assert f'id="i{no}"' in do(web, f"/incidents/{no}/undo").text
    do(web, f"/incidents/{no}/undo")
    assert "is on it" not in web.get("/incidents").text


def test_an_undo_pressed_twice_undoes_the_one_deed_that_it_stood_beside(web: httpx.Client) -> None:
    """As from two browsers that show the same."""
    no = number_of(web, "devices")
    do(web, f"/incidents/{no}/take")
    do(web, f"/incidents/{no}/snooze", **{"for": "hour"})
    text = web.get("/incidents?view=snoozed").text
    (move,) = re.findall(rf'incidents/{no}/undo" name="move" value="(\d+)"', text)
    do(web, f"/incidents/{no}/undo", move=move)
    assert "is on it" in do(web, f"/incidents/{no}/undo", move=move).text


@pytest.mark.parametrize("until", ["", "nonsense", "2026-09-05T07:00", "2036-01-01T00:00"])
def test_a_time_that_is_none_is_refused_in_words(web: httpx.Client, until: str) -> None:
    """Nothing is put off by it."""
    no = number_of(web, "computer")
    assert "This is no time" in do(web, f"/incidents/{no}/snooze", until=until).text
    assert "No incident fits." in web.get("/incidents?view=snoozed").text


def test_an_incident_that_nobody_knows_is_said_to_be_unknown(web: httpx.Client) -> None:
    """As a page, not as an error."""
    assert "There is no such incident." in do(web, "/incidents/999/take").text


def test_incidents_are_filtered_and_stay_in_history(web: httpx.Client, served: Served) -> None:
    """By reach and room in the address; what is over is listed as that."""
    assert "9A1" in web.get("/incidents?room=phòng 9a1").text
    assert "No incident fits." in web.get("/incidents?scope=school").text
    served.tell(device("9A1", DeviceKind.PROJECTOR))
    served.judge(passing_s=HELD_S)
    served.judge()
    assert 'href="/rooms/9A1"' not in web.get("/incidents").text
    over = web.get("/incidents?view=closed&scope=devices").text
    assert 'href="/rooms/9A1"' in over
    assert "Over since" in over
    (item,) = web.get("/api/v1/incidents?closed=true").json()["items"]
    assert (item["rooms"], item["ailing"]) == (["9A1"], 0)


def test_maintenance_is_planned_and_dropped(web: httpx.Client) -> None:
    """A time that ends before it begins is refused."""
    times = {"begins": "2026-09-05T09:00", "ends": "2026-09-05T11:00"}
    text = do(web, "/maintenances", **times, room="6A1", note="<b>đi dây</b>").text
    assert "&lt;b&gt;đi dây" in text
    assert "05/09/2026 09:00" in text
    text = do(web, "/maintenances", begins=times["ends"], ends=times["begins"]).text
    assert "Maintenance ends after it begins" in text
    assert "đi dây" not in do(web, "/maintenances/1/end").text


def test_a_whole_school_is_one_line_of_a_few_kilobytes(tmp_path: Path) -> None:
    """Hundreds of rooms fall: one cause, and a small page."""
    fell = {"online": False, "status": UNKNOWN, "reasons": (Reason("agent_lost"),)}
    records: list[Record] = [agent(room, **fell) for room in room_codes(245)]
    with a_store(tmp_path, records) as store, Served(store, clock=at_rest) as served:
        served.judge(passing_s=HELD_S)
        text = httpx.get(f"{served.url}incidents/now?lang=en").text
        (item,) = httpx.get(f"{served.url}api/v1/incidents").json()["items"]
    assert "Network of the whole school: 245 rooms" in text
    assert len(text) < 6_000
    assert (item["scope"], item["ailing"]) == (Scope.SCHOOL, 245)


def test_what_is_stored_is_all_that_is_remembered(store: Store) -> None:
    """A service that begins anew goes on where the last one stood."""
    now_ms = NOW_MS
    live = a_live(store, lambda: now_ms / 1000)
    asyncio.run(live.load())
    program = a_program(store, live)
    first = Incidents(program)
    for passed in (0, 120_000, 600_000, 60_000):
        now_ms += passed
        asyncio.run(first.look())
    stored = store.read(kept.book_of, SCHOOL, now_ms)
    assert isinstance(first._book, IncidentBook)
    assert stored == first._book
    assert len(stored.open) > 3


def test_a_hostile_name_is_text(tmp_path: Path) -> None:
    """A room that is called like a script."""
    broken = {"status": CRITICAL, "reasons": (Reason("disk_low", 99.0),)}
    records: list[Record] = [agent("<script>x</script>", **broken)]
    with a_store(tmp_path, records) as store, Served(store, clock=at_rest) as served:
        served.judge(passing_s=HELD_S)
        text = httpx.get(f"{served.url}incidents").text
    assert "&lt;script&gt;x" in text
    assert "<script>x" not in text


def test_a_strange_page_of_history_is_refused(store: Store) -> None:
    """A number that is none."""
    assert asked(store, "/incidents?before=x").status_code == 422
    assert asked(store, "/incidents?view=nonsense").status_code == 422
