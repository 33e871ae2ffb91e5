"""These tests hold who may come in at the agent's local door, address by address."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.types import Message

from agent.local.access import CODES, PAGES, RULES, Access, Doorkeeper
from agent.local.api import routes_of
from agent.local.key_file import key_left
from agent.local.keys import CODE_S, DoorKeys
from agent.supervision import Unavailable
from agent.tablets.backend import CartFile, backend_of
from agent.tablets.service import TabletService
from protocol.door_key import bearer, door_key, key_file, own_folder
from protocol.health import ReasonCode
from tests.agent.school_double import AgentProcess, answers
from tests.agent.test_local_api import AROUND, KEYS, at_door
from tests.agent.test_store import Desk, desk
from tests.browser import Page
from tests.ports import free_port
from tests.waiting import until
from tests.web import http_client, http_request

PORT = 8765
STATUS = "/api/v1/status"
NOBODY = 65534
CLOSED = [path for path, rule in RULES.items() if rule is not Access.OPEN]


def without_rule(routes: Iterable[BaseRoute]) -> list[str]:
    """What of these no rule speaks of: anything that is not one plain address of the table."""
    return [repr(route) for route in routes if not (type(route) is Route and route.path in RULES)]


def all_routes(here: Desk, folder: Path) -> list[Route]:
    """Every address of a door that has the board too."""
    tablets = TabletService(backend_of(here.store, CartFile(folder / "tablets.json")))
    return routes_of(here.store, AROUND, KEYS, tablets)


async def planted(_request: Request) -> Response:
    """What somebody added without a rule."""
    return PlainTextResponse("names")


def test_every_address_has_its_rule_and_every_rule_its_address(tmp_path: Path) -> None:
    """A new address, socket or folder fails this test until the table speaks of it."""

    async def play() -> None:
        async with desk(tmp_path) as here:
            routes = all_routes(here, tmp_path)
        assert without_rule(routes) == []
        assert {route.path for route in routes} == set(RULES)
        more = [
            Route("/api/v1/names", planted),
            WebSocketRoute("/livez", planted),
            Mount("/page", app=Starlette()),
        ]
        assert len(without_rule([*routes, *more])) == len(more)

    asyncio.run(play())


def test_a_forgotten_rule_shuts_the_door() -> None:
    """A planted address and a planted socket let nobody in without the key."""
    keys = DoorKeys()
    routes = [Route("/names", planted), WebSocketRoute("/names", planted)]
    said: list[Message] = []

    async def send(message: Message) -> None:
        said.append(message)

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def play() -> None:
        app = Doorkeeper(
            Starlette(routes=routes), keys, lambda _request, error: Response(b"", error.status)
        )
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://door"
        ) as client:
            assert (await client.get("/names")).status_code == httpx.codes.UNAUTHORIZED
            assert (await client.get("/names", headers=bearer(keys.key))).text == "names"
        scope: dict[str, Any] = {
            "type": "websocket",
            "path": "/names",
            "headers": [],
            "server": ("", 1),
        }
        await app(scope, receive, send)

    asyncio.run(play())
    assert [message["type"] for message in said] == ["websocket.close"]


@pytest.mark.parametrize("path", CLOSED)
def test_without_a_key_nothing_is_told_and_nothing_is_done(tmp_path: Path, path: str) -> None:
    """No key, a wrong one, a key of another kind, a made-up cookie: 401, and the room stays."""
    wrong: tuple[Any, ...] = (
        {"authorization": ""},
        bearer("0" * 43),
        {"authorization": f"Basic {KEYS.key}"},
        {"authorization": "", "cookie": f"lophoc_door_{PORT}={KEYS.key}"},
        {"authorization": b"Bearer \xff\xfe"},
    )

    async def story(client: httpx.AsyncClient, here: Desk) -> None:
        before = here.store.step
        at = path.replace("{device_id}", "host-1")
        for headers in wrong:
            for method in ("GET", "POST"):
                answer = await client.request(method, at, headers=headers, json={})
                assert answer.status_code == httpx.codes.UNAUTHORIZED
                assert answer.json()["error"]["code"] == "door_locked"
                assert answer.headers["www-authenticate"] == "Bearer"
        assert here.store.step == before
        assert (await client.post(at, json={})).status_code != httpx.codes.UNAUTHORIZED

    at_door(tmp_path, story)


def test_a_code_lets_one_page_in_once(tmp_path: Path) -> None:
    """The cookie is for this port, for no script and no other site; it makes no codes itself."""

    async def story(client: httpx.AsyncClient, _here: Desk) -> None:
        code = (await client.post(CODES)).json()["code"]
        client.headers.pop("authorization")
        assert (await client.get(STATUS)).status_code == httpx.codes.UNAUTHORIZED
        entered = await client.post(PAGES, json={"code": code})
        cookie = entered.headers["set-cookie"]
        assert cookie.startswith(f"lophoc_door_{PORT}=")
        assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
        assert (await client.get(STATUS)).status_code == httpx.codes.OK
        assert (await client.post(CODES)).status_code == httpx.codes.UNAUTHORIZED
        client.cookies.clear()
        assert (
            await client.post(PAGES, json={"code": code})
        ).status_code == httpx.codes.UNAUTHORIZED
        assert (await client.get(STATUS)).status_code == httpx.codes.UNAUTHORIZED

    at_door(tmp_path, story)


@given(st.lists(st.one_of(st.just("issue"), st.integers(0, 4), st.floats(0, 40))))
def test_codes_follow_their_model(deeds: list[Any]) -> None:
    """Issue one, try the last but n, let seconds pass: as a plain list says."""
    now_s = 0.0
    keys = DoorKeys(lambda: now_s)
    issued: list[tuple[str, float]] = []
    used: set[str] = set()
    for deed in deeds:
        if deed == "issue":
            issued.append((keys.issue_code(), now_s))
        elif isinstance(deed, float):
            now_s += deed
        elif deed < len(issued):
            code, at_s = issued[-1 - deed]
            page = keys.let_in(code)
            assert (page is not None) == (code not in used and now_s - at_s < CODE_S)
            assert page is None or (keys.is_page(page) and not keys.is_key(page))
            used.add(code)
    assert not keys.is_page("")
    assert len({code for code, _ in issued} | {keys.key}) == len(issued) + 1


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every account may enter: only the file's own permissions count."""
    folder = Path(tempfile.mkdtemp(prefix="lophoc-door-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_the_key_lies_for_its_owner_alone_and_goes_with_the_door(open_folder: Path) -> None:
    """0600 from the first moment; a group reads it only where a person named one."""
    path = key_file(open_folder, PORT)
    with key_left("k1", PORT, str(open_folder), ""):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert door_key(PORT, {}, str(open_folder)) == "k1"
    assert not path.exists()
    with key_left("k2", PORT, str(open_folder), "root" if os.geteuid() == 0 else ""):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o027
        with key_left("k3", PORT, str(open_folder), ""):
            pass
    assert not path.exists()


def test_a_folder_that_others_may_change_holds_no_key(open_folder: Path) -> None:
    """The window stays shut, and the school hears why; so with a group that is none."""
    for mode, group in ((0o777, ""), (0o755, "no-such-group")):
        open_folder.chmod(mode)
        with pytest.raises(Unavailable) as refused, key_left("k", PORT, str(open_folder), group):
            pass
        assert refused.value.finding[1].code == ReasonCode.DOOR_KEY


def test_of_two_usual_places_the_newest_key_counts(tmp_path: Path) -> None:
    """An agent that was killed left its key in the one; it runs now without a session."""
    environ = {"XDG_RUNTIME_DIR": str(tmp_path / "run"), "XDG_STATE_HOME": str(tmp_path / "state")}
    assert door_key(PORT, environ) == ""
    for number, name in enumerate(("run", "state")):
        folder = tmp_path / name / "lophoc"
        folder.mkdir(parents=True)
        key_file(folder, PORT).write_text(name)
        os.utime(key_file(folder, PORT), (number, number))
    assert own_folder(environ) == tmp_path / "run" / "lophoc"
    assert door_key(PORT, environ) == "state"
    assert door_key(PORT + 1, environ) == ""


OTHERS_TRIES = ("api/v1/status", "api/v1/teacher", "api/v1/lesson/end", "board", "door/codes")


def become_nobody() -> None:
    """Be another user of the laptop from now on."""
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def try_door(file: Path, url: str) -> list[object]:
    """What this account reads in the key's file, and how each address answers it."""
    read: list[object] = []
    try:
        read.append(file.read_text())
    except PermissionError:
        read.append("unread")
    for path in (*OTHERS_TRIES, "livez"):
        method = "POST" if path.endswith(("end", "codes")) else "GET"
        read.append(http_request(method, f"{url}/{path}").status_code)
    return read


def as_nobody(file: Path, url: str) -> list[object]:
    """The same, tried by another user of the laptop."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to be two users")
    http_request("GET", f"{url}/livez")  # so that all is loaded before nothing may be read
    with multiprocessing.get_context("fork").Pool(1, become_nobody) as pool:
        return pool.apply(try_door, (file, url))


def page_command(port: int, folder: Path) -> subprocess.CompletedProcess[str]:
    """`lophoc-agent page`."""
    where = ("--local-port", str(port), "--door-folder", str(folder))
    return subprocess.run(
        [sys.executable, "-m", "agent", "page", *where], capture_output=True, text=True, check=False
    )


def test_another_user_reads_nothing_and_ends_nothing(open_folder: Path, tmp_path: Path) -> None:
    """With a real agent: who started it gets a link that works once; the other user gets 401."""
    port = free_port()
    agent = AgentProcess(
        *(tmp_path / "agent", "--broker", "mqtt://127.0.0.1:9"),
        *("--door-folder", str(open_folder)),
        port=port,
    )
    file = key_file(open_folder, port)
    with agent, http_client(agent.url) as teacher:
        until(lambda: file.exists() and answers(port), "the door is open")
        key = door_key(port, {}, str(open_folder))
        started = teacher.post("/api/v1/lesson/start", json={}, headers=bearer(key))
        assert started.status_code == httpx.codes.OK
        assert as_nobody(file, agent.url) == ["unread", *[401] * len(OTHERS_TRIES), 200]
        link = page_command(port, open_folder).stdout.split()[0]
        code = link.removeprefix(f"{agent.url}/#t=")
        assert teacher.post(PAGES, json={"code": code}).status_code == httpx.codes.OK
        assert teacher.get(STATUS).json()["lesson"]["state"] == "running"
        locked = page_command(port, tmp_path)
        assert (locked.returncode, "door_group" in locked.stderr) == (3, True)
        log = agent.log.read_text()
        assert agent.stop() == 0
    assert not file.exists()
    assert not any(secret in log for secret in (key, code))
    silent = page_command(port, open_folder)
    assert (silent.returncode, str(port) in silent.stderr) == (3, True)


def test_a_browser_comes_in_by_the_link_and_keeps_no_code(page: Page, tmp_path: Path) -> None:
    """In Chromium with a real agent: locked without, in with it, and the address is clean."""
    port = free_port()
    agent = AgentProcess(
        *(tmp_path / "agent", "--broker", "mqtt://127.0.0.1:9"),
        *("--door-folder", str(tmp_path / "keys"), "--lang", "vi", "--tablets", "true"),
        *("--tablet-host", "127.0.0.2", "--tablet-port", str(free_port())),
        port=port,
    )
    with agent, http_client(agent.url) as tray:
        file = key_file(tmp_path / "keys", port)
        until(lambda: file.exists() and answers(port), "the door is open")
        tray.headers.update(bearer(door_key(port, {}, str(tmp_path / "keys"))))

        def link(to: str) -> str:
            return f"{agent.url}/#t={tray.post(CODES).json()['code']}&to={to}"

        page.open(f"{agent.url}/")
        page.wait("document.getElementById('away').textContent.includes('lophoc-agent page')")
        page.open(link("/"))
        page.wait("document.body.dataset.phase === 'idle'")
        page.wait("document.getElementById('away').hidden && location.hash === ''")
        assert page.see("document.cookie") == ""
        page.open(link("/board"))
        page.wait("location.pathname === '/board' && document.querySelector('main')")
