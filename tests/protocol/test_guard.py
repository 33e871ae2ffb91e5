"""One guard stands before every door: names, pages and bodies that do not belong stay outside."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from protocol.guard import (
    App,
    BodyTooLargeError,
    Guard,
    IsOurs,
    Message,
    Receive,
    Refusal,
    Scope,
    Send,
    at_own_port,
    by_name,
)

LIMIT = 1000
SCHOOL = by_name(["school.example", "127.0.0.1", "[::1]", " Server-1 "])
LOCAL = at_own_port("127.0.0.1", "localhost")
CALLED = at_own_port()  # the address that was called: 192.168.1.5, port 8090


class Door:
    """An application that reads the whole body; remembers what it got."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 200; 422 where the body is too large."""
        if scope["type"] != "http":
            await send({"type": f"{scope['type']}.accept"})
            return
        body, more = b"", True
        try:
            while more:
                message = await receive()
                body += message.get("body", b"")
                more = message.get("more_body", False)
        except BodyTooLargeError:
            await send({"type": "http.response.start", "status": 422})
            return
        self.bodies.append(body)
        await send({"type": "http.response.start", "status": 200})


def answer(scope: Scope, why: Refusal) -> App:
    """The refusal as this door says it."""

    async def say(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 403, "why": why, "to": scope["path"]})

    return say


def ask(
    is_ours: IsOurs,
    headers: dict[str, str],
    *,
    method: str = "GET",
    body: Iterable[bytes] = (b"",),
    kind: str = "http",
    door: Door | None = None,
) -> Message:
    """What a request meets."""
    chunks = list(body)
    messages: list[Message] = [
        {"type": "http.request", "body": each, "more_body": number < len(chunks)}
        for number, each in enumerate(chunks, 1)
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope: dict[str, Any] = {
        "type": kind,
        "method": method,
        "path": "/here",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
        "server": ("192.168.1.5", 8090),
    }
    guard = Guard(door or Door(), answer, is_ours=is_ours, max_body=LIMIT)
    asyncio.run(guard(scope, receive, send))
    (only,) = sent
    return only


OURS = {
    "school": SCHOOL,
    "local": LOCAL,
    "called": CALLED,
    "any": by_name(["*"]),
    "nobody": by_name(["", "[]"]),
}
HOSTS = [
    # whose names, the Host header, whether it is ours
    ("school", "school.example", True),
    ("school", "School.Example:8080", True),
    ("school", "server-1", True),
    ("school", "[::1]:80", True),
    ("school", "127.0.0.1:9", True),
    ("school", "evil.example", False),
    ("school", "school.example.evil.example", False),
    ("school", "evil@127.0.0.1", False),
    ("school", "127.0.0.1/evil", False),
    ("school", "", False),
    ("school", ":80", False),
    ("school", "[::1", False),
    ("school", "::1", False),
    ("school", "127.0.0.1:8x", False),
    ("school", "127.0.0.1:80:80", False),
    ("any", "anything.example:1", True),
    ("nobody", "", False),
    ("local", "localhost", True),
    ("local", "localhost:8090", True),
    ("local", "127.0.0.1:8090", True),
    ("local", "127.0.0.1:8091", False),
    ("local", "127.0.0.1.evil.example", False),
    ("local", "192.168.1.5:8090", False),
    ("called", "192.168.1.5:8090", True),
    ("called", "192.168.1.5", True),
    ("called", "192.168.1.5:80", False),
    ("called", "localhost:8090", False),
    ("called", "", False),
]


@pytest.mark.parametrize(("whose", "host", "comes_in"), HOSTS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_who_calls_by_a_foreign_name_stays_outside(
    *, whose: str, host: str, comes_in: bool, method: str
) -> None:
    """DNS rebinding: the page is ours by name, the name is another's."""
    said = ask(OURS[whose], {"host": host}, method=method)
    expected = 200 if comes_in else 403
    assert (said["status"], said.get("why")) == (
        expected,
        None if comes_in else Refusal.FOREIGN_HOST,
    )


def test_a_request_without_a_host_stays_outside() -> None:
    """HTTP/1.0 needs none; our own programs send one. Nor without knowing our own address."""
    assert ask(SCHOOL, {})["why"] is Refusal.FOREIGN_HOST
    assert not CALLED("", "", {"server": None})


ORIGINS = [
    (None, True),
    ("http://school.example:8080", True),
    ("https://school.example:8080", True),
    ("HTTP://School.example:8080", True),
    ("http://school.example", False),
    ("http://school.example:8081", False),
    ("http://evil.example", False),
    ("null", False),
    ("", False),
    ("http://[", False),
    ("ftp://school.example:8080", False),
]


@pytest.mark.parametrize(("origin", "comes_in"), ORIGINS)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "post"])
def test_another_sites_page_does_nothing_here(
    *, origin: str | None, comes_in: bool, method: str
) -> None:
    """A browser says whose page it is; a program says nothing."""
    headers = {"host": "school.example:8080"} | ({} if origin is None else {"origin": origin})
    said = ask(SCHOOL, headers, method=method)
    assert said.get("why") == (None if comes_in else Refusal.FOREIGN_ORIGIN)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_is_free(method: str) -> None:
    """Another page cannot read the answer; the browser sees to that."""
    headers = {"host": "school.example", "origin": "http://evil.example"}
    assert ask(SCHOOL, headers, method=method)["status"] == 200


@pytest.mark.parametrize(
    ("headers", "is_let_in"),
    [
        ({"host": "school.example"}, True),
        ({"host": "school.example", "origin": "https://school.example"}, True),
        ({"host": "school.example", "origin": "http://evil.example"}, False),
        ({"host": "evil.example"}, False),
    ],
)
def test_a_websocket_is_no_way_round(*, headers: dict[str, str], is_let_in: bool) -> None:
    """Browsers let any page open one to anybody."""
    said = ask(SCHOOL, headers, kind="websocket")
    assert said["type"] == ("websocket.accept" if is_let_in else "websocket.close")
    assert is_let_in or said["code"] == 1008


@pytest.mark.parametrize(
    ("length", "comes_in"),
    [
        ("0", True),
        (str(LIMIT), True),
        (str(LIMIT + 1), False),
        ("9" * 5000, False),
        ("-1", False),
        ("1e3", False),
        ("", True),
        ("0x10", False),
        ("+5", False),
    ],
    ids=lambda value: str(value)[:8],
)
def test_a_body_announced_as_too_long_is_not_begun(*, length: str, comes_in: bool) -> None:
    """Nor one whose length is no number."""
    door = Door()
    headers = {"host": "school.example", "content-length": length}
    said = ask(SCHOOL, headers, method="POST", door=door)
    assert said.get("why") == (None if comes_in else Refusal.TOO_LARGE)
    assert door.bodies == ([b""] if comes_in else [])


@given(st.lists(st.binary(max_size=LIMIT), min_size=1, max_size=5))
@example([b"x" * LIMIT])
@example([b"x" * LIMIT, b"x"])
def test_a_body_that_goes_on_is_cut_off_while_it_comes(chunks: list[bytes]) -> None:
    """Whatever was announced; within the limit the application gets it as it is."""
    door, whole = Door(), b"".join(chunks)
    headers = {"host": "school.example", "content-length": "0" * 30 + "5"}
    said = ask(SCHOOL, headers, method="POST", body=chunks, door=door)
    fits = len(whole) <= LIMIT
    assert said["status"] == (200 if fits else 422)
    assert door.bodies == ([whole] if fits else [])


def test_what_is_no_request_passes() -> None:
    """A server's start and end."""
    assert ask(SCHOOL, {}, kind="lifespan")["type"] == "lifespan.accept"


def test_the_door_says_no_in_its_own_shape() -> None:
    """It sees the request that it refuses."""
    assert ask(SCHOOL, {"host": "evil.example"})["to"] == "/here"
