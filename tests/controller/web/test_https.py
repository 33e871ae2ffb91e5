"""The screens beyond this machine: encrypted, or led there; nothing of a school goes in clear."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.types import Receive, Scope, Send
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from controller.broker.authority import Authority
from controller.web import plain
from controller.web.certificate import server_context
from controller.web.plain import PlainDoor
from protocol.pin import CONTROLLER_NAME, pinned
from tests.controller.people import COOKIE, log_in, set_password
from tests.controller.web_school import Served, a_live, a_program, a_store, agent
from tests.waiting import LIMIT_S

PASSWORD = "một mật khẩu dài"  # noqa: S105 - a test's own
BROWSER = {"accept": "text/html,*/*"}
FAR, PROXY = "192.168.1.7", "192.168.1.2"
SECRET = {"cookie": f"{COOKIE}=x; lang=en", "authorization": "Bearer y"}


class Site:
    """A school's screens with a certificate, whose every caller comes from elsewhere."""

    def __init__(self, port: int, authority: Authority, cookie: str) -> None:
        self.authority, self.port, self.cookie = authority, port, cookie
        self.trust = pinned(authority.file)

    def ask(self, method: str, path: str, scheme: str = "https", **more: object) -> httpx.Response:
        """What is answered."""
        url = f"{scheme}://127.0.0.1:{self.port}{path}"
        with httpx.Client(verify=self.trust, trust_env=False) as web:
            return web.request(method, url, timeout=LIMIT_S, **more)  # type: ignore[arg-type]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A school on a real port; nobody counts as this machine."""
    monkeypatch.setattr(plain, "is_this_machine", lambda _: False)
    authority = Authority(tmp_path / "school")
    with a_store(tmp_path, [agent("6A1")]) as store:
        store.write(set_password, PASSWORD)
        cookie = log_in(a_program(store, a_live(store, time.time)), "other")
        with Served(store, tls=server_context(authority.machine())) as served:
            yield Site(served.port, authority, cookie)


def test_a_browser_is_led_to_the_same_page_encrypted(site: Site) -> None:
    """Once, and not for good: one lost authority must not lock people out."""
    answer = site.ask("GET", "/rooms/6A1?lang=en", "http", headers=BROWSER)
    assert answer.status_code == 307
    assert answer.headers["location"] == f"https://127.0.0.1:{site.port}/rooms/6A1?lang=en"
    assert site.ask("GET", "/login", headers=BROWSER).status_code == 200
    for scheme in ("http", "https"):
        seen = site.ask("GET", "/login", scheme, headers=BROWSER)
        assert "strict-transport-security" not in seen.headers


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/login"), ("GET", "/api/v1/rooms"), ("GET", "/metrics"), ("PUT", "/trust")],
)
def test_all_else_is_refused_in_clear_and_has_no_effect(method: str, path: str, site: Site) -> None:
    """Also for who shows what would open it."""
    shown = {"cookie": f"{COOKIE}={site.cookie}", "origin": f"http://127.0.0.1:{site.port}"}
    form = {"password": PASSWORD, "next": "/"} if method == "POST" else None
    answer = site.ask(method, path, "http", headers=shown, data=form)
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "tls_needed"
    assert "set-cookie" not in answer.headers


def test_cookies_are_this_servers_alone_and_the_live_line_is_encrypted(site: Site) -> None:
    """A login by https; a session of before, which others may have read, opens nothing there."""
    told = {"password": PASSWORD, "next": "/"}
    origin = {"origin": f"https://127.0.0.1:{site.port}"}
    entered = site.ask("POST", "/login", data=told, headers=origin)
    assert entered.status_code == 303
    cookies = entered.headers.get_list("set-cookie")
    assert cookies
    assert all(one.startswith("__Host-") and "Secure" in one for one in cookies)
    session = entered.cookies[f"__Host-{COOKIE}"]
    overheard = {"cookie": f"__Host-{COOKIE}={site.cookie}", **BROWSER}
    assert site.ask("GET", "/", headers=overheard).headers["location"].startswith("/login")
    old = {"cookie": f"{COOKIE}={session}", **BROWSER}
    assert site.ask("GET", "/accounts", headers=old).headers["location"].startswith("/login")
    new = {"cookie": f"__Host-{COOKIE}={session}"}
    line = f"wss://127.0.0.1:{site.port}/live"
    with connect(line, ssl=site.trust, additional_headers=new) as browser:
        assert json.loads(browser.recv(LIMIT_S))["type"] == "snapshot"
    with pytest.raises(InvalidStatus):
        connect(line.replace("wss", "ws"), additional_headers=old)


def test_who_believes_another_authority_or_another_name_says_nothing(
    site: Site, tmp_path: Path
) -> None:
    """As a browser would: the name is looked at, too."""
    stranger = Authority(tmp_path / "stranger")
    stranger.machine()
    for trust in (pinned(stranger.file), ssl.create_default_context(cafile=site.authority.file)):
        site.trust = trust  # the machine's own certificate is for one name, and no address
        with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
            site.ask("GET", "/")
    assert CONTROLLER_NAME.endswith(".lophoc")


def played(
    *, client: str, scheme: str = "http", can_encrypt: bool = True, **more: object
) -> object:
    """What is answered before the application, or the headers with which it was asked."""
    told: list[object] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        told.append(sorted(name for name, _ in scope["headers"]))

    async def send(message: object) -> None:
        told.append(message)

    headers = [(name.encode(), value.encode()) for name, value in (SECRET | BROWSER).items()]
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "query_string": b"",
        "scheme": scheme,
        "client": (client, 5),
        "server": ("127.0.0.1", 80),
        "headers": headers,
    }
    door = PlainDoor(app, lambda peer: peer == PROXY, lambda: can_encrypt, str)
    asyncio.run(door(scope | more, None, send))  # type: ignore[arg-type]  # nothing is received
    first = told[0]
    return first.get("status", first) if isinstance(first, dict) else first


WHOLE = ["accept", "authorization", "cookie"]


@pytest.mark.parametrize(
    ("more", "answer"),
    [
        ({"client": "127.0.0.1"}, WHOLE),
        ({"client": "::1"}, WHOLE),
        ({"client": "::ffff:127.0.0.1"}, WHOLE),
        ({"client": PROXY}, WHOLE),
        ({"client": FAR, "scheme": "https"}, WHOLE),
        ({"client": FAR}, 307),
        ({"client": FAR, "method": "HEAD"}, 307),
        ({"client": FAR, "method": "POST"}, 403),
        ({"client": FAR, "can_encrypt": False}, 503),
        ({"client": FAR, "path": "/trust"}, ["accept"]),
        ({"client": FAR, "path": "/trust/lophoc.crt"}, ["accept"]),
        ({"client": FAR, "path": "/static/style.css"}, ["accept"]),
        ({"client": FAR, "path": "/trusted"}, 307),
        ({"client": FAR, "path": "/trust", "method": "POST"}, 403),
        ({"client": ""}, 307),
    ],
)
def test_who_may_speak_in_clear(more: dict[str, object], answer: object) -> None:
    """This machine, a proxy that was named, and everybody for the certificate, without a person."""
    expected = [name.encode() for name in answer] if isinstance(answer, list) else answer
    assert played(**more) == expected  # type: ignore[arg-type]
