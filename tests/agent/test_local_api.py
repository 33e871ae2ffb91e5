from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from agent.classroom import Classroom
from agent.equipment.addresses import TypedAddress
from agent.equipment.description import device_id_of
from agent.lessons import marks
from agent.lessons.meant import SETTLE_S
from agent.local.api import application
from agent.local.keys import DoorKeys
from agent.local.refusals import MAX_BODY
from agent.local.surroundings import DeviceActions, Surroundings
from agent.school.connection import ConnectionState
from hardware.readings import IdentityKind, Kind
from protocol.door_key import bearer
from tests.agent.classrooms import CALM, PLACE, host_sighting, moment, sighting
from tests.agent.test_store import Desk, desk

BOARD = sighting("mac:1", source="pjlink", kind=Kind.BOARD, identity=IdentityKind.MAC)


def typed(text: str) -> TypedAddress:
    """An address, but for one."""
    if text == "nowhere":
        raise ValueError(text)
    return TypedAddress(token="t1", host=text)  # noqa: S106 - a name, not a secret


async def switch(device_id: str, on: bool) -> bool:  # noqa: FBT001 - as the door calls it
    """The one board that can be switched, which goes on but never off."""
    return {device_id_of(BOARD.key): on}[device_id]


async def wake(device_id: str) -> bool:
    """The board wakes."""
    return await switch(device_id, True)


async def keep_login(device_id: str, user: str, password: str) -> None:
    """The board alone has a login of its own."""
    {device_id_of(BOARD.key): (user, password)}[device_id]


KEYS = DoorKeys()
HANDS = DeviceActions(typed=typed, switch=switch, wake=wake, login=keep_login)
AROUND = Surroundings(
    place=PLACE,
    line=lambda: ConnectionState("mqtt://school:1883", connected=True, controller_listening=False),
    language="vi",
    actions=HANDS,
)
TAP = {"student": "0012", "status": "present", "method": "manual"}
MARK = "/api/v1/attendance"
STATUS = "/api/v1/status"


def at_door(
    folder: Path,
    story: Callable[[httpx.AsyncClient, Desk], Awaitable[None]],
    start: Classroom | None = None,
    around: Surroundings = AROUND,
) -> None:
    """Play a story at the agent's door, as the teacher's window knocks on it."""

    async def play() -> None:
        async with desk(folder, start) as here:
            transport = httpx.ASGITransport(application(here.store, around, KEYS))
            async with httpx.AsyncClient(
                transport=transport, base_url="http://127.0.0.1:8765", headers=bearer(KEYS.key)
            ) as client:
                await story(client, here)
                await around.joining.close()  # what a press has begun

    asyncio.run(play())


def test_a_mark_is_answered_once_it_is_kept(tmp_path: Path) -> None:
    """201 with the event's id, and the outbox holds the event."""

    async def story(client: httpx.AsyncClient, here: Desk) -> None:
        answer = await client.post(MARK, json=TAP)
        assert answer.status_code == httpx.codes.CREATED
        body = answer.json()
        assert here.waiting() == ["AttendanceMarked"]
        assert body == {
            "event_id": body["event_id"],
            "student": "0012",
            "status": "present",
            "method": "manual",
            "at": "2025-09-07T00:00:00.000Z",
            "lesson": None,
            "kept": True,
        }
        again = await client.post(MARK, json=TAP)
        assert (again.status_code, again.json()) == (httpx.codes.OK, body)
        assert here.waiting() == ["AttendanceMarked"]

    at_door(tmp_path, story)


def test_a_full_roll_takes_no_new_pupil(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """409 with its code, and nothing is said to the school."""
    monkeypatch.setattr(marks, "MAX_MARKS", 0)

    async def story(client: httpx.AsyncClient, here: Desk) -> None:
        answer = await client.post(MARK, json=TAP)
        assert answer.status_code == httpx.codes.CONFLICT
        assert answer.json()["error"]["code"] == "roll_full"
        assert here.waiting() == []

    at_door(tmp_path, story)


@pytest.mark.parametrize("status", ["present", "absent_excused", "absent_unexcused", "late"])
def test_every_status_of_the_roll_can_be_marked(tmp_path: Path, status: str) -> None:
    """The method may be left out: a tap is made by hand."""

    async def story(client: httpx.AsyncClient, _here: Desk) -> None:
        answer = await client.post(MARK, json={"student": "0012", "status": status})
        assert answer.status_code == httpx.codes.CREATED
        assert answer.json()["method"] == "manual"

    at_door(tmp_path, story)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"0012"',
        b"\xff",
        b"[" * 5000,
        b'{"student": "0012"}',
        b'{"student": "", "status": "present"}',
        b'{"student": 12, "status": "present"}',
        b'{"student": "0012", "status": "asleep"}',
        b'{"student": "0012", "status": "present", "method": "telepathy"}',
        b'{"student": "0012", "status": "present", "name": "Lan"}',
        b'{"student": " 0012", "status": "present"}',
        b'{"student": "00\\u000012", "status": "present"}',
        b'{"student": "00\\u202e12", "status": "present"}',
        b'{"student": "' + b"0" * 65 + b'", "status": "present"}',
    ],
    ids=[
        "empty",
        "brace",
        "list",
        "text",
        "no text",
        "deep",
        "no status",
        "empty student",
        "number for student",
        "unknown status",
        "unknown method",
        "unknown field",
        "space before",
        "control in student",
        "direction in student",
        "long student",
    ],
)
def test_a_mark_that_makes_no_sense_is_refused(tmp_path: Path, body: bytes) -> None:
    """422 with words for people, and nothing is kept."""

    async def story(client: httpx.AsyncClient, here: Desk) -> None:
        answer = await client.post(MARK, content=body, headers={"content-type": "application/json"})
        assert answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY
        assert set(answer.json()["error"]) == {"code", "message", "hint"}
        assert here.waiting() == []

    at_door(tmp_path, story)


def test_a_code_is_one_code_in_either_unicode_form(tmp_path: Path) -> None:
    """Two programs that spell one letter differently mark one pupil."""

    async def story(client: httpx.AsyncClient, _here: Desk) -> None:
        one = await client.post(MARK, json=TAP | {"student": "Ả1"})
        other = await client.post(MARK, json=TAP | {"student": "A\u03091"})
        assert one.json() == other.json()

    at_door(tmp_path, story)


def test_a_disk_that_refuses_is_said_to_the_teacher(tmp_path: Path) -> None:
    """507, the reason in the status, and all is well when the disk is."""

    async def story(client: httpx.AsyncClient, here: Desk) -> None:
        await here.store.beat(CALM, ())
        here.outbox.full = True
        for path, body in [(MARK, TAP), ("/api/v1/lesson/start", None)]:
            answer = await client.post(path, json=body)
            assert answer.status_code == httpx.codes.INSUFFICIENT_STORAGE
            assert answer.json()["error"]["code"] == "outbox_refused"
        shown = (await client.get(STATUS)).json()
        assert (shown["status"], shown["reasons"][0]["code"]) == ("critical", "outbox_refused")
        here.outbox.full = False
        assert (await client.post(MARK, json=TAP)).status_code == httpx.codes.CREATED
        assert (await client.get(STATUS)).json()["status"] == "ok"

    at_door(tmp_path, story)


def test_a_lesson_starts_once_and_ends_once(tmp_path: Path) -> None:
    """A second tap tells the present state; marks between belong to the lesson."""

    async def story(client: httpx.AsyncClient, here: Desk) -> None:
        started = (await client.post("/api/v1/lesson/start")).json()
        assert (started["state"], bool(started["event_id"])) == ("running", True)
        again = (await client.post("/api/v1/lesson/start", json={})).json()
        assert [again[name] for name in ("lesson", "event_id", "since")] == [
            started[name] for name in ("lesson", "event_id", "since")
        ]
        mark = (await client.post(MARK, json=TAP)).json()
        assert mark["lesson"] == started["lesson"]
        assert (await client.get(STATUS)).json()["lesson"]["lesson"] == started["lesson"]
        here.store.now = lambda: moment(SETTLE_S)
        ended = (await client.post("/api/v1/lesson/end")).json()
        assert (ended["lesson"], ended["state"]) == (started["lesson"], "idle")
        idle = (await client.post("/api/v1/lesson/end")).json()
        assert (idle["lesson"], idle["state"], idle["event_id"]) == (None, "idle", None)
        assert here.waiting() == ["LessonStarted", "AttendanceMarked", "LessonEnded"]

    at_door(tmp_path, story)


def test_the_status_tells_what_the_screen_shows(tmp_path: Path) -> None:
    """Place, health, devices, line and outbox in one answer; no pupil in it."""

    async def story(client: httpx.AsyncClient, here: Desk) -> None:
        await here.store.see([host_sighting(), sighting("usb:1"), sighting("usb:2")])
        await here.store.see([sighting("usb:2", present=False)])
        await here.store.beat(CALM, ())
        await client.post(MARK, json=TAP)
        answer = await client.get(STATUS)
        shown = answer.json()
        assert (shown["agent_id"], shown["room"]) == ("laptop-6a1", "6A1")
        assert (shown["province"], shown["school"]) == ("79", "THCS-01")
        devices = shown["devices"]
        assert (devices["count"], devices["present"], devices["missing"]) == (3, 2, 1)
        (gone,) = (each for each in devices["list"] if not each["present"])
        assert gone["reasons"][0]["code"] == "unplugged"
        assert shown["link"] == {
            "broker": "mqtt://school:1883",
            "connected": True,
            "controller_listening": False,
            "fault": "",
        }
        assert shown["outbox"]["pending"] > 0
        assert shown["measures"]["memory_used_percent"] == 40.0
        assert "0012" not in answer.text

    at_door(tmp_path, story)


@pytest.mark.parametrize(
    ("query", "header", "language"),
    [
        ("", "", "vi"),
        ("?lang=en", "", "en"),
        ("", "en-GB,en;q=0.9", "en"),
        ("", "fr-FR,fr;q=0.9,vi;q=0.5", "vi"),
        ("?lang=vi", "en", "vi"),
        ("?lang=xx", "xx", "vi"),
    ],
)
def test_the_screen_chooses_the_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, query: str, header: str, language: str
) -> None:
    """?lang=, then Accept-Language, then the agent's own."""
    asked: list[str] = []

    def translator(wanted: str) -> Callable[[str], str]:
        asked.append(wanted)
        return str

    monkeypatch.setattr("agent.local.status.translator", translator)

    async def story(client: httpx.AsyncClient, _here: Desk) -> None:
        headers = {"accept-language": header} if header else {}
        await client.get(STATUS + query, headers=headers)

    at_door(tmp_path, story)
    assert asked == [language]


def test_a_device_is_forgotten_when_a_person_says_so(tmp_path: Path) -> None:
    """An unknown one is 404."""

    async def story(client: httpx.AsyncClient, here: Desk) -> None:
        await here.store.see([sighting()])
        path = f"/api/v1/devices/{device_id_of(sighting().key)}/forget"
        assert (await client.post(path)).status_code == httpx.codes.OK
        assert (await client.get(STATUS)).json()["devices"]["count"] == 0
        assert (await client.post(path)).status_code == httpx.codes.NOT_FOUND

    at_door(tmp_path, story)


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"host": "evil.example"}, "foreign_host"),
        ({"host": "evil.example:8765"}, "foreign_host"),
        ({"host": "127.0.0.1.evil.example"}, "foreign_host"),
        ({"host": "192.168.1.5:8765"}, "foreign_host"),
        ({"host": ""}, "foreign_host"),
        ({"origin": "https://evil.example"}, "foreign_origin"),
        ({"origin": "http://127.0.0.1:9999"}, "foreign_origin"),
        ({"origin": "null"}, "foreign_origin"),
    ],
)
def test_pages_of_the_internet_cannot_use_the_agent(
    tmp_path: Path, headers: dict[str, str], code: str
) -> None:
    """DNS rebinding shows in Host, a foreign page in Origin; nothing is kept."""

    async def story(client: httpx.AsyncClient, here: Desk) -> None:
        answer = await client.post(MARK, json=TAP, headers=headers)
        assert answer.status_code == httpx.codes.FORBIDDEN
        assert answer.json()["error"]["code"] == code
        assert here.waiting() == []
        if "host" in headers:
            answer = await client.get(STATUS, headers=headers)
            assert answer.status_code == httpx.codes.FORBIDDEN

    at_door(tmp_path, story)


@pytest.mark.parametrize(
    "headers",
    [{"origin": "http://127.0.0.1:8765"}, {"host": "localhost:8765"}, {"host": "localhost"}],
)
def test_this_computers_own_pages_may(tmp_path: Path, headers: dict[str, str]) -> None:
    """The window's own origin, and localhost by name."""

    async def story(client: httpx.AsyncClient, _here: Desk) -> None:
        answer = await client.post(MARK, json=TAP, headers=headers)
        assert answer.status_code == httpx.codes.CREATED

    at_door(tmp_path, story)


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_only_json_is_taken(tmp_path: Path, kind: str) -> None:
    """A plain form can be sent by any page: 415."""

    async def story(client: httpx.AsyncClient, here: Desk) -> None:
        answer = await client.post(
            MARK, content=b'{"student":"0012","status":"present"}', headers={"content-type": kind}
        )
        assert answer.status_code == httpx.codes.UNSUPPORTED_MEDIA_TYPE
        assert here.waiting() == []

    at_door(tmp_path, story)


def test_json_with_a_charset_is_json(tmp_path: Path) -> None:
    """Parameters of the content type do not matter."""

    async def story(client: httpx.AsyncClient, _here: Desk) -> None:
        answer = await client.post(
            MARK,
            content=b'{"student":"0012","status":"present"}',
            headers={"content-type": "Application/JSON; charset=utf-8"},
        )
        assert answer.status_code == httpx.codes.CREATED

    at_door(tmp_path, story)


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_without_end_is_not_read(tmp_path: Path, *, announced: bool) -> None:
    """413, whether the length was said or not."""

    async def chunks() -> object:
        for _ in range(MAX_BODY // 1024 + 1):
            yield b" " * 1024

    async def story(client: httpx.AsyncClient, _here: Desk) -> None:
        body = b" " * (MAX_BODY + 1) if announced else chunks()
        answer = await client.post(
            MARK,
            content=body,  # type: ignore[arg-type]
            headers={"content-type": "application/json"},
        )
        assert answer.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE

    at_door(tmp_path, story)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/elsewhere", 404),
        ("GET", "/api/v1/attendance", 405),
        ("DELETE", STATUS, 405),
        ("GET", "/../../etc/passwd", 404),
        ("POST", "/api/v1/devices/x%2Fy/forget", 404),
    ],
)
def test_other_addresses_are_refused_in_the_same_form(
    tmp_path: Path, method: str, path: str, status: int
) -> None:
    """Every error is JSON with a code and words."""

    async def story(client: httpx.AsyncClient, _here: Desk) -> None:
        answer = await client.request(method, path)
        assert answer.status_code == status
        assert set(answer.json()["error"]) == {"code", "message", "hint"}

    at_door(tmp_path, story)


def test_health_is_answered_without_anything_else(tmp_path: Path) -> None:
    """A supervisor's probe learns that the agent runs, and its version."""

    async def story(client: httpx.AsyncClient, _here: Desk) -> None:
        answer = await client.get("/healthz")
        assert answer.json()["status"] == "ok"
        assert answer.headers["cache-control"] == "no-store"

    at_door(tmp_path, story)
