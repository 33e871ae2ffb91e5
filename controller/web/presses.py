"""This file has a button that is pressed twice do its deed once: both presses get one answer."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable
from itertools import chain
from typing import Final, NamedTuple
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from protocol.clock import steady_s

SEEN: Final = "_seen"  # the field in which a form says what its page showed (seen.py)
LATE_S: Final = 3600.0  # a line was cut before the answer came, and somebody came back to the page
SETTLE_S: Final = 1.0  # a double click takes half a second, a held key repeats after 0.25 to 0.66 s
MAX_FORM: Final = 64 * 1024  # longer ones are files, which have drafts of their own
MAX_ANSWER: Final = 1024 * 1024
MOST: Final = 256  # at once; what comes beyond is answered by itself
_FORM: Final = "application/x-www-form-urlencoded"
# What a browser adds or leaves out where a form is sent again by loading the page anew.
_OF_THE_WAY: Final = frozenset(
    {b"cache-control", b"connection", b"pragma", b"priority", b"sec-fetch-user"}
)
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_DONE: Final = 303  # it leads to a page which shows more than the one that was pressed
_FAILED: Final = 500  # from here on it is worth another try


class _Key(NamedTuple):
    """Digests of the browser and of what it sends."""

    who: bytes
    what: bytes


class _Press:
    """A form under way. says_page: whether it says what its page showed; a later page says more.

    settled_s: since when its answer is known.
    """

    def __init__(self, *, says_page: bool) -> None:
        self._says_page = says_page
        self.settled = asyncio.Event()
        self.settled_s: float | None = None
        self._messages: list[Message] = []
        self._size = 0

    @property
    def answer(self) -> list[Message]:
        """What it came to; empty for too long an answer, and where another try may bring more."""
        is_good = bool(self._messages) and self._messages[0].get("status", _FAILED) < _FAILED
        return self._messages if is_good and self._size <= MAX_ANSWER else []

    @property
    def is_late(self) -> bool:
        """Whether the same form, however late, is by somebody who has not seen that it was done.

        What logs somebody in is no such thing: what it gave may be over.
        """
        start = self._messages[0] if self._messages else {}
        return self._says_page and start.get("status") == _DONE and not _sets_cookies(start)

    def note(self, message: Message, now_s: float) -> None:
        """A part of the answer goes out; after the last one it is settled."""
        self._size += len(message.get("body", b""))
        if self._size <= MAX_ANSWER:
            self._messages.append(message)
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            self.settle(now_s)

    def settle(self, now_s: float) -> None:
        """Nothing more comes of it; a half answer is none."""
        if self.settled_s is None:
            self.settled_s = now_s
            self.settled.set()


class Presses:
    """ASGI middleware: a browser's form that comes again, to the letter, is not done again.

    While the first is under way, and for `settle_s` after its answer, the same answer is given,
    unless the browser did something else meanwhile; for an hour, whatever it did, where the form
    says what its page showed and was done: every page since then says something else. Forms are the
    same where address, body and headers are (with cookies, without what tells the way that it was
    sent): nobody else's can be.
    """

    def __init__(
        self, app: ASGIApp, settle_s: float, running_s: Callable[[], float] = steady_s
    ) -> None:
        self._app = app
        self._settle_s = settle_s
        self._running_s = running_s
        self._presses: dict[_Key, _Press] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request."""
        if not is_form(scope):
            if scope["type"] == "http" and scope["method"] not in _SAFE:
                self._forget(_who_of(scope))
            await self._app(scope, receive, send)
            return
        body = await _body_of(receive)
        if body is None:  # who asked has gone
            return
        key = _key_of(scope, body)
        if (answer := await self._answer_of(key)) is not None:
            for message in answer:
                await send(message)
            return
        says_page = SEEN in parse_qs(body.decode("latin-1"))
        await self._answer(key, _Press(says_page=says_page), scope, _given(body, receive), send)

    async def _answer_of(self, key: _Key) -> list[Message] | None:
        """What the same press was answered, or will be; None where this one is the first."""
        while press := self._presses.get(key):
            was_settled = press.settled_s is not None
            await press.settled.wait()
            is_fresh = not self._is_over(press)
            if press.answer and (is_fresh or not was_settled):
                return press.answer
            if self._presses.get(key) is press:
                del self._presses[key]
        return None

    async def _answer(
        self, key: _Key, press: _Press, scope: Scope, receive: Receive, send: Send
    ) -> None:
        self._forget(key.who)
        if len(self._presses) < MOST:
            self._presses[key] = press

        async def note(message: Message) -> None:
            press.note(message, self._running_s())
            await send(message)

        try:
            await self._app(scope, receive, note)
        finally:
            if press.settled_s is None:
                self._presses.pop(key, None)
            press.settle(self._running_s())

    def _is_over(self, press: _Press) -> bool:
        stays_s = LATE_S if press.is_late else self._settle_s
        return press.settled_s is not None and self._running_s() - press.settled_s >= stays_s

    def _forget(self, who: bytes) -> None:
        """What is over, what this browser did before, and, where there are too many, the oldest."""
        for key, press in [*self._presses.items()]:
            is_before = press.settled_s is not None and key.who == who and not press.is_late
            if is_before or self._is_over(press):
                del self._presses[key]
        settled = (key for key, press in self._presses.items() if press.settled_s is not None)
        if len(self._presses) >= MOST and (oldest := next(settled, None)):
            del self._presses[oldest]


def is_form(scope: Scope) -> bool:
    """Whether it is a browser's short form."""
    if scope["type"] != "http" or scope["method"] != "POST":
        return False
    headers = Headers(scope=scope)
    length = headers.get("content-length", "")
    is_short = length.isascii() and length.isdecimal() and int(length[:9]) <= MAX_FORM
    return is_short and headers.get("content-type", "").partition(";")[0].strip() == _FORM


async def _body_of(receive: Receive) -> bytes | None:
    """The whole body, which the guard in front bounds; None where it was cut."""
    parts = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        parts += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(parts)


def _given(body: bytes, receive: Receive) -> Receive:
    """As it came, for who answers it."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def given() -> Message:
        return waiting.pop() if waiting else await receive()

    return given


def _key_of(scope: Scope, body: bytes) -> _Key:
    what = [scope["path"].encode("utf-8", "surrogateescape"), scope["query_string"], body]
    headers = (header for header in scope["headers"] if header[0] not in _OF_THE_WAY)
    return _Key(_who_of(scope), _digest([*what, *chain.from_iterable(headers)]))


def _who_of(scope: Scope) -> bytes:
    client = (scope.get("client") or ("",))[0].encode()
    return _digest([client, *(value for name, value in scope["headers"] if name == b"cookie")])


def _sets_cookies(start: Message) -> bool:
    return any(name.lower() == b"set-cookie" for name, _ in start.get("headers", ()))


def _digest(parts: Iterable[bytes]) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8) + part)
    return digest.digest()
