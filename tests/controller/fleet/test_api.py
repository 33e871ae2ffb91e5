"""These tests say what the controller answers to programs, and whom it refuses."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from controller.dashboard.api import _exposition
from controller.database.store import Store
from controller.features import keep_batch
from controller.inventory.asset import Asset
from controller.inventory.feed import as_csv
from controller.inventory.items import inventory_fields
from controller.web.refusals import HttpError, decode_cursor, encode_cursor
from protocol.model import NO_ROOM, DeviceKind, Place, Reason
from tests.controller.web_school import (
    CRITICAL,
    NOW_MS,
    Record,
    Served,
    a_full_room,
    a_morning,
    a_store,
    agent,
    changes_something,
    device,
    event,
    mark,
)
from tests.waiting import until
from tests.web import http_client, http_request

BOARD, TABLET = DeviceKind.BOARD, DeviceKind.TABLET


def records() -> list[Record]:
    """A small school, some events and marks."""
    return [
        *a_morning(rooms=3, tablets=4),
        *(event(f"e{n}") for n in range(5)),
        *(mark(f"m{n}", day=f"2026-09-0{n}", student=f"000{n}") for n in range(1, 6)),
    ]


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store with the school; on SQLite unless both are asked for."""
    both = "database" in request.fixturenames
    url = request.getfixturevalue("database").url if both else ""
    with a_store(tmp_path, records(), url) as opened:
        yield opened


@pytest.fixture
def served(store: Store) -> Iterator[Served]:
    """The school's face on a real port."""
    with Served(store) as running:
        yield running


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The same for all tests that only read."""
    folder = tmp_path_factory.mktemp("library")
    with a_store(folder, records()) as opened, Served(opened) as running:
        yield running


@pytest.fixture
def web(request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    """A program that asks."""
    name = "served" if changes_something(request) else "library"
    with http_client(request.getfixturevalue(name).url) as client:
        yield client


def walk(web: httpx.Client, path: str, **params: Any) -> list[dict[str, Any]]:
    """All items of a list, page by page."""
    items: list[dict[str, Any]] = []
    cursor = ""
    while cursor is not None:
        page = web.get(path, params={**params, "cursor": cursor}).json()
        assert len(page["items"]) <= params.get("limit", 100)
        items += page["items"]
        cursor = page["next"]
    return items


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 24, 100])
@pytest.mark.parametrize(
    ("path", "key", "count"),
    [
        ("agents", "agent_id", 3),
        ("rooms", "room", 3),
        ("devices", "device_id", 24),
        ("events", "event_id", 5),
        ("attendance", "event_id", 5),
    ],
)
def test_pages_of_any_size_hold_every_item_once(
    web: httpx.Client, path: str, key: str, count: int, limit: int
) -> None:
    """Walking a list misses nothing and repeats nothing."""
    seen = [item[key] for item in walk(web, f"/api/v1/{path}", limit=limit)]
    assert len(seen) == len(set(seen)) == count


def test_a_device_is_told_in_full(web: httpx.Client) -> None:
    """Names, place, status and times as documented; leading zeros survive."""
    item = web.get("/api/v1/devices", params={"room": "6A1", "kind": "board"}).json()["items"][0]
    assert item == {
        "device_id": "board-6a1-01",
        "kind": "board",
        "name": "board 1",
        "given_name": "",
        "vendor": "ViewSonic",
        "model": "IFP6550",
        "serial": "00001",
        "room": "6A1",
        "school": "00123",
        "agent_id": "may-6a1",
        "status": "ok",
        "reasons": [],
        "sources": ["usb"],
        "first_seen": "2026-09-05T00:10:00.000Z",
        "last_seen": "2026-09-05T00:10:00.000Z",
        "since": "2026-09-05T00:10:00.000Z",
        "identity": None,
        "aliases": [],
        "address": "",
        "measures": None,
    }


def test_what_a_projector_tells_is_listed_and_does_not_leave_the_school(
    web: httpx.Client, served: Served
) -> None:
    """Address and measures are in the school's own list; the feed has neither, in any format."""
    served.tell(*a_full_room())
    (item,) = web.get("/api/v1/devices", params={"kind": "projector", "room": "6A1"}).json()[
        "items"
    ]
    assert (item["identity"], item["aliases"]) == ("uuid", ["host-1"])
    assert item["address"] == "192.0.2.30:4352"
    assert item["measures"] == {
        "power": "on",
        "input": "HDMI 1",
        "lamp_hours": 1204,
        "filter_hours": 80,
        "picture": None,
    }
    items, _ = pull(web, "", 1000)
    told = next(each for each in items if each["device_id"] == item["device_id"])
    assert (told["identity"], told["aliases"]) == ("uuid", ["host-1"])
    for kind in ("json", "csv", "ndjson"):
        text = web.get("/api/v1/inventory", params={"limit": 1000, "format": kind}).text
        assert not [word for word in ("192.0.2.30", "HDMI", "address", "measures") if word in text]
        assert "projector-6a1-01" in text


def test_the_table_writes_what_is_not_told_as_nothing(web: httpx.Client, served: Served) -> None:
    """No None in a cell; several aliases stand between semicolons."""
    served.tell(device("6A1", BOARD, aliases=("port-1", "mdns-2")))
    text = web.get("/api/v1/inventory", params={"limit": 1000, "format": "csv"}).text
    rows = {row["device_id"]: row for row in csv.DictReader(io.StringIO(text, newline=""))}
    assert (rows["board-6a1-01"]["identity"], rows["board-6a1-01"]["aliases"]) == (
        "",
        "port-1;mdns-2",
    )


def test_an_agent_and_its_room_tell_line_and_kit(web: httpx.Client, served: Served) -> None:
    """How far the line reaches, what the room should have, how many tablets sleep."""
    served.tell(*a_full_room())
    item = web.get("/api/v1/agents").json()["items"][0]
    assert item["roaming"] is False
    assert item["line"] == {
        "gateway": True,
        "dns": None,
        "controller": True,
        "internet": False,
        "rtt_ms": 12.3,
        "outage_min": None,
    }
    room = web.get("/api/v1/rooms").json()["items"][0]
    assert [each["wanted"] for each in room["kit"]] == [each["wanted"] for each in item["kit"]]
    # The agent hears three tablets; the room owns four.
    assert [each["kit"][3]["here"] for each in (item, room)] == [3, 4]
    camera = {"kind": "camera", "name": "", "wanted": 2, "here": 1, "running": None}
    program = {"kind": None, "name": "GeoGebra", "wanted": 1, "here": 1, "running": False}
    assert [room["kit"][2], room["kit"][5]] == [camera, program]
    assert room["sleeping"] == 2


def test_pages_of_rooms_go_on_to_the_room_that_is_not_known(
    web: httpx.Client, served: Served
) -> None:
    """It is the last item of the last page."""
    served.tell(agent(NO_ROOM))
    until(lambda: len(served.live.rooms()) == 4)
    seen = [item["room"] for item in walk(web, "/api/v1/rooms", limit=1)]
    assert seen == ["6A1", "6A2", "6A3", NO_ROOM]


@pytest.mark.usefixtures("database")
def test_devices_are_found_by_room_kind_and_status(web: httpx.Client, served: Served) -> None:
    """The filters narrow together; empty ones do not."""
    reason = Reason("unplugged")
    served.tell(device("6A2", BOARD, status=CRITICAL, reasons=(reason,)))
    params = {"room": "6A2", "kind": "", "status": "critical"}
    (item,) = web.get("/api/v1/devices", params=params).json()["items"]
    assert item["reasons"] == [{"code": "unplugged", "value": None, "limit": None}]
    served.tell_store(device("203", BOARD), device("P203", BOARD, 2))
    for room in ("203", "p.203"):
        items = web.get("/api/v1/devices", params={"room": room}).json()["items"]
        assert [item["room"] for item in items] == ["203", "P203"]


def test_a_room_tells_its_worst_and_its_tallies(web: httpx.Client, served: Served) -> None:
    """The summary follows from the store."""
    served.tell(device("6A2", BOARD, status=CRITICAL, reasons=(Reason("unplugged"),)))
    room = web.get("/api/v1/rooms").json()["items"][1]
    assert (room["room"], room["status"], room["devices"]["board"]) == (
        "6A2",
        "critical",
        {"critical": 1},
    )
    assert room["reasons"][0]["device_id"] == "board-6a2-01"
    assert room["devices"]["tablet"] == {"ok": 4}


def test_an_agent_tells_measures_and_outbox(web: httpx.Client) -> None:
    """What the machine measured, and what waits on its disk."""
    item = web.get("/api/v1/agents").json()["items"][0]
    assert (item["agent_id"], item["online"], item["measures"]["cpu_percent"]) == (
        "may-6a1",
        True,
        12.0,
    )
    assert item["outbox"] == {"pending": 0, "pending_bytes": 0, "dropped": 0}


@pytest.mark.usefixtures("database")
def test_marks_are_found_by_local_day(web: httpx.Client) -> None:
    """A day's marks, or all."""
    items = web.get("/api/v1/attendance", params={"date": "2026-09-03"}).json()["items"]
    assert [(item["student"], item["date"]) for item in items] == [("0003", "2026-09-03")]


@pytest.mark.usefixtures("database")
def test_events_go_on_behind_the_last_number_seen(web: httpx.Client) -> None:
    """`after` takes the `no` of the last event seen."""
    first = web.get("/api/v1/events", params={"limit": 2}).json()["items"]
    rest = web.get("/api/v1/events", params={"after": first[-1]["no"]}).json()["items"]
    assert [item["event_id"] for item in first + rest] == ["e0", "e1", "e2", "e3", "e4"]
    assert rest[0]["body"] == {"lesson": "toan-1"}


@pytest.mark.parametrize(
    "query",
    [
        "devices?limit=0",
        "devices?limit=1001",
        "devices?limit=many",
        "devices?kind=chalk",
        "devices?status=fine",
        "devices?cursor=%00",
        "devices?cursor=bm90aGluZw",
        "events?cursor=WyJhIl0",
        "events?after=-1",
        "devices?cursor=WyJcdWQ4MDAiXQ",
        "events?cursor=" + encode_cursor(1 << 60),
        "rooms?cursor=" + encode_cursor(1),
        "attendance?date=05/09/2026",
        "attendance?date=20260905",
        "attendance?date=2026-02-30",
        "attendance?date=1788567000",
        "inventory?since=nonsense",
        "inventory?format=pdf",
        "inventory?format=xlsx&since=WyJhIiwxLDFd",
        "devices?room=" + "x" * 65,
    ],
)
def test_a_wrong_question_is_answered_with_what_is_wrong(web: httpx.Client, query: str) -> None:
    """422 and the one shape of errors."""
    answer = web.get(f"/api/v1/{query}")
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert set(error) == {"code", "message", "hint"}
    assert all(error.values())


@pytest.mark.parametrize(
    ("query", "accepted", "message"),
    [
        ("", "", "Không có gì ở đây."),
        ("", "fr, en-US;q=0.9", "There is nothing here."),
        ("?lang=vi", "en", "Không có gì ở đây."),
        ("?lang=en", "vi", "There is nothing here."),
        ("?lang=xx", "*", "Không có gì ở đây."),
    ],
)
def test_an_error_is_said_in_the_callers_language(
    web: httpx.Client, query: str, accepted: str, message: str
) -> None:
    """The address asks first, then the header; else it is the school's."""
    answer = web.get(f"/api/v1/teachers{query}", headers={"Accept-Language": accepted})
    assert answer.json()["error"]["message"] == message


def test_an_unknown_path_is_answered_in_the_same_shape(web: httpx.Client) -> None:
    """404 is an error like the others."""
    answer = web.get("/api/v1/teachers")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("limit", [1, 5, 24, 1000])
def test_the_feed_tells_the_whole_equipment_then_only_changes(
    web: httpx.Client, served: Served, limit: int
) -> None:
    """Pulling to the end, then again: nothing; after a change: that change."""
    items, token = pull(web, "", limit)
    assert len(items) == 24
    assert not any(item["removed"] for item in items)
    again, same = pull(web, token, limit)
    assert (again, same) == ([], token)
    served.tell(device("6A1", BOARD, name="bảng mới"))
    changed, _ = pull(web, token, limit)
    assert [item["name"] for item in changed] == ["bảng mới"]


@pytest.mark.usefixtures("database")
def test_a_removed_device_is_told_to_those_who_knew_it(web: httpx.Client, served: Served) -> None:
    """Removal leaves a tombstone in the feed; a first pull has none."""
    _, token = pull(web, "", 10)
    assert web.delete("/api/v1/devices/board-6a1-01").status_code == 204
    (stone,), _ = pull(web, token, 10)
    assert (stone["device_id"], stone["removed"], stone["school"]) == (
        "board-6a1-01",
        True,
        "00123",
    )
    assert stone["removed_at"].endswith("Z")
    fresh, _ = pull(web, "", 5)
    assert "board-6a1-01" not in [item["device_id"] for item in fresh]
    assert web.delete("/api/v1/devices/board-6a1-01").status_code == 404


@pytest.mark.usefixtures("database")
def test_a_first_pull_is_told_what_is_removed_while_it_runs(
    web: httpx.Client, served: Served
) -> None:
    """A device on an early page that goes before the last page is told as gone."""
    first = web.get("/api/v1/inventory", params={"limit": 24}).json()
    known = {item["device_id"] for item in first["items"]}
    assert "board-6a1-01" in known
    web.delete("/api/v1/devices/board-6a1-01")
    rest, _ = pull(web, first["next"], 5)
    assert [item["device_id"] for item in rest if item["removed"]] == ["board-6a1-01"]


def test_a_token_of_another_database_is_refused(web: httpx.Client, tmp_path: Path) -> None:
    """A replaced database would leave gaps; the caller starts again."""
    answer = web.get("/api/v1/inventory", params={"since": encode_cursor("another", 1, 1)})
    assert (answer.status_code, answer.json()["error"]["code"]) == (410, "feed_changed")


def test_a_token_from_before_a_backup_was_put_back_is_refused(
    web: httpx.Client, store: Store
) -> None:
    """A token ahead of the database knows changes that are gone."""
    answer = web.get("/api/v1/inventory", params={"since": encode_cursor(store.feed_id, 9999, 0)})
    assert answer.status_code == 410


@pytest.mark.usefixtures("database")
def test_the_feed_reads_the_same_in_every_format(web: httpx.Client) -> None:
    """JSON, CSV and NDJSON hold the same rows and lead on to the same place."""
    plain = web.get("/api/v1/inventory", params={"limit": 7}).json()
    for kind in ("csv", "ndjson"):
        answer = web.get("/api/v1/inventory", params={"limit": 7, "format": kind})
        assert answer.headers["X-LopHoc-Next"] == plain["next"]
        assert answer.headers["X-LopHoc-More"] == "true"
        rows = (
            list(csv.DictReader(io.StringIO(answer.text, newline="")))
            if kind == "csv"
            else [json.loads(line) for line in answer.text.splitlines()]
        )
        wanted = [item["device_id"] for item in plain["items"]]
        assert [row["device_id"] for row in rows] == wanted


@given(st.text(max_size=20))
def test_a_program_reads_each_cell_as_it_is(name: str) -> None:
    """RFC 4180, and nothing added for spreadsheets: lists for people have that."""
    asset = Asset(place=Place(), device_id="b", name=name, reasons=(Reason("unplugged"),))
    text = "".join(as_csv([[inventory_fields(asset, "")]]))
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert row["name"] == name
    assert row["reasons"] == "unplugged"


@given(st.lists(st.text(max_size=9) | st.integers(0, 1 << 50), max_size=4))
def test_what_is_sealed_is_unsealed(values: list[str | int]) -> None:
    """Cursors keep their values."""
    assert decode_cursor(encode_cursor(*values), *map(type, values)) == values


@given(st.text(max_size=40))
def test_no_word_breaks_the_unsealing(word: str) -> None:
    """Anything else is refused, never an error of ours."""
    with pytest.raises(HttpError):
        decode_cursor(word, str, int, bool)


def test_supervision_is_told_that_all_is_well(web: httpx.Client) -> None:
    """Health answers ok, with what the program adds."""
    assert web.get("/healthz").json() == {"status": "ok", "broker": "connected"}
    first, then = (web.get("/livez").json() for _ in range(2))
    assert first == then == {"status": "ok", "boot": then["boot"]}


@pytest.mark.parametrize(
    "path", ["/", "/healthz", "/api/v1/rooms", "/nothing", "/static/style.css"]
)
def test_a_head_is_a_get_without_its_body(web: httpx.Client, path: str) -> None:
    """Monitors and proxies ask so."""
    full, head = web.get(path), web.head(path)
    assert (head.status_code, head.content) == (full.status_code, b"")
    assert head.headers["content-type"] == full.headers["content-type"]


@pytest.mark.usefixtures("database")
def test_supervision_is_told_when_the_database_cannot_be_read(
    web: httpx.Client, tmp_path: Path, store: Store
) -> None:
    """503 and degraded; the lists answer 503 in the shape of errors."""
    with store._open_engine.begin() as db:
        db.exec_driver_sql("ALTER TABLE devices RENAME TO elsewhere")
    answer = web.get("/healthz")
    assert (answer.status_code, answer.json()["status"]) == (503, "degraded")
    assert web.get("/livez").status_code == 200
    answer = web.get("/api/v1/devices")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "store_unusable")


@pytest.mark.usefixtures("database")
def test_figures_are_prometheus_text_without_pupils(web: httpx.Client) -> None:
    """Stored totals, devices by kind and status, agents; no student's code."""
    answer = web.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    assert 'lophoc_devices{kind="tablet",status="ok"} 12' in lines
    assert "lophoc_agents_online 3" in lines
    assert "lophoc_marks_stored_total 5" in lines
    assert "lophoc_messages_taken_total 7" in lines
    assert "0003" not in answer.text


def test_a_family_of_figures_has_its_type_once() -> None:
    """Labels of one family stand together under one TYPE line."""
    text = _exposition({'refused_total{flaw="a"}': 1, "up": 1, 'refused_total{flaw="b"}': 2})
    assert text.splitlines() == [
        "# TYPE lophoc_refused_total counter",
        'lophoc_refused_total{flaw="a"} 1',
        'lophoc_refused_total{flaw="b"} 2',
        "# TYPE lophoc_up gauge",
        "lophoc_up 1",
    ]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "", "[::1", "127.0.0.1.nip"])
def test_a_name_that_is_not_ours_is_refused(web: httpx.Client, host: str) -> None:
    """A foreign Host would be another site's name for this server."""
    answer = web.get("/api/v1/agents", headers={"Host": host})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "host_refused")
    assert "default-src 'self'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1234", "127.0.0.1"])
def test_our_names_are_served_whatever_the_port(web: httpx.Client, host: str) -> None:
    """Ports and letter case do not matter."""
    assert web.get("/api/v1/agents", headers={"Host": host}).status_code == 200


def test_any_name_will_do_where_the_school_said_so(store: Store) -> None:
    """The star in allowed_hosts."""
    with Served(store, allowed_hosts=["*"]) as served:
        answer = http_request("GET", f"{served.url}healthz", headers={"Host": "x.example"})
        assert answer.status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:9"])
def test_another_sites_page_can_change_nothing(web: httpx.Client, origin: str) -> None:
    """A foreign Origin on DELETE is refused, and the device stays."""
    answer = web.delete("/api/v1/devices/board-6a1-01", headers={"Origin": origin})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "origin_refused")
    assert web.get("/api/v1/devices", params={"room": "6A1", "kind": "board"}).json()["items"]


def test_our_own_page_may_remove_a_device(web: httpx.Client, served: Served) -> None:
    """Our own Origin is no stranger."""
    origin = {"Origin": served.url.rstrip("/")}
    assert web.delete("/api/v1/devices/board-6a1-01", headers=origin).status_code == 204


def test_long_answers_are_packed_and_none_are_kept(web: httpx.Client) -> None:
    """Gzip above 1 KB; pupils' marks stay in no cache."""
    answer = web.get("/api/v1/devices")
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["cache-control"] == "no-store"


def test_the_description_names_every_road_and_loads_nothing_from_afar(web: httpx.Client) -> None:
    """OpenAPI is there; its readers that live on a CDN are not."""
    paths = web.get("/openapi.json").json()["paths"]
    roads = {"agents", "rooms", "devices", "devices/{device_id}", "attendance", "events"}
    assert {f"/api/v1/{road}" for road in roads | {"inventory"}} <= set(paths)
    assert [web.get(page).status_code for page in ("/docs", "/redoc")] == [404, 404]


@pytest.mark.usefixtures("database")
def test_another_schools_data_is_never_told(web: httpx.Client, store: Store) -> None:
    """Every list keeps to its scope, though the database holds more."""
    there = Place("79", "00456", "may-6a1")
    store.write(
        keep_batch,
        [
            agent("6A1", place=there),
            device("6A1", BOARD, place=there, change=10_000),
            event("e99", place=there),
            mark("m99", place=there),
        ],
        NOW_MS,
    )
    for path in ("agents", "rooms", "devices", "events", "attendance", "inventory"):
        items = web.get(f"/api/v1/{path}", params={"limit": 1000}).json()["items"]
        assert {item["school"] for item in items} == {"00123"}, path


@pytest.mark.usefixtures("database")
def test_a_device_id_with_slashes_can_be_removed(web: httpx.Client, served: Served) -> None:
    """Identities are opaque text."""
    odd = replace(device("6A1", TABLET, 9), device_id="usb:1a2b/3c 4d?é")
    served.tell(odd)
    until(lambda: any(each.device_id == odd.device_id for each in served.live.devices()))
    assert web.delete("/api/v1/devices/usb:1a2b%2F3c%204d%3F%C3%A9").status_code == 204


def pull(web: httpx.Client, since: str, limit: int) -> tuple[list[dict[str, Any]], str]:
    """Pull the feed to its end; the items, and where to go on."""
    items: list[dict[str, Any]] = []
    more = True
    while more:
        params = {"limit": limit, **({"since": since} if since else {})}
        page = web.get("/api/v1/inventory", params=params).json()
        items += page["items"]
        since, more = page["next"], page["more"]
    return items, since
