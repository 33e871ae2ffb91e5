"""This file has a button that is pressed twice do its deed once: both presses get one answer."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable
from itertools import chain
from typing import Final, NamedTuple

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from protocol.clock import steady_s

SETTLE_S: Final = 1.0  # a double click takes half a second, a held key repeats after 0.25 to 0.66 s
MAX_FORM: Final = 64 * 1024  # longer ones are files, which have drafts of their own
MAX_ANSWER: Final = 1024 * 1024
MOST: Final = 256  # at once; what comes beyond is answered by itself
_FORM: Final = "application/x-www-form-urlencoded"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_FAILED: Final = 500  # from here on it is worth another try


class _Key(NamedTuple):
    """Digests of the browser and of what it sends."""

    who: bytes
    what: bytes


class _Press:
    """A form under way. settled_s: since when its answer is known."""

    def __init__(self) -> None:
        self.settled = asyncio.Event()
        self.settled_s: float | None = None
        self._messages: list[Message] = []
        self._size = 0

    @property
    def answer(self) -> list[Message]:
        """What it came to; empty for too long an answer, and where another try may bring more."""
        is_good = bool(self._messages) and self._messages[0].get("status", _FAILED) < _FAILED
        return self._messages if is_good and self._size <= MAX_ANSWER else []

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
    unless the browser did something else meanwhile. Forms are the same where address, headers (with
    cookies) and body are: nobody else's can be.
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
                self._forget_settled(_who_of(scope))
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
        await self._answer(key, scope, _given(body, receive), send)

    async def _answer_of(self, key: _Key) -> list[Message] | None:
        """What the same press was answered, or will be; None where this one is the first."""
        while press := self._presses.get(key):
            was_settled = press.settled_s is not None
            await press.settled.wait()
            is_fresh = self._running_s() - (press.settled_s or 0.0) < self._settle_s
            if press.answer and (is_fresh or not was_settled):
                return press.answer
            if self._presses.get(key) is press:
                del self._presses[key]
        return None

    async def _answer(self, key: _Key, scope: Scope, receive: Receive, send: Send) -> None:
        press = _Press()
        self._forget_settled(key.who)
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

    def _forget_settled(self, who: bytes) -> None:
        """What is old, and what this browser did before."""
        before_s = self._running_s() - self._settle_s
        for key, press in [*self._presses.items()]:
            is_past = press.settled_s is not None
            if is_past and (key.who == who or (press.settled_s or 0.0) <= before_s):
                del self._presses[key]


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
    return _Key(_who_of(scope), _digest([*what, *chain.from_iterable(scope["headers"])]))


def _who_of(scope: Scope) -> bytes:
    client = (scope.get("client") or ("",))[0].encode()
    return _digest([client, *(value for name, value in scope["headers"] if name == b"cookie")])


def _digest(parts: Iterable[bytes]) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8) + part)
    return digest.digest()
