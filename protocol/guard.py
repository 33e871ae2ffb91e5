"""This file stands before every HTTP door: it turns away foreign names, foreign pages, long bodies.

Plain ASGI 3, so that it needs no web framework: each door says in its own shape why not.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from enum import StrEnum
from typing import Any, Final

from protocol.errors import LopHocError
from protocol.words import N_

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_SAFE: Final = frozenset({"GET", "HEAD"})  # a browser asks OPTIONS for another site's page only
_POLICY_VIOLATION: Final = 1008  # RFC 6455, 7.4.1
_HOST: Final = re.compile(r"(\[[^\]]*\]|[^:]*)(?::(\d*))?")  # RFC 9110, 7.2


class Refusal(StrEnum):
    """Why a request does not come in."""

    FOREIGN_HOST = "foreign_host"
    FOREIGN_ORIGIN = "foreign_origin"
    TOO_LARGE = "too_large"


Answer = Callable[[Scope, Refusal], App]
IsOurs = Callable[[str, str, Scope], bool]


class BodyTooLargeError(LopHocError):
    """A body that goes on beyond its limit; raised where the application reads it."""

    def __init__(self) -> None:
        super().__init__("too_large", N_("The request is too large."))


class Guard:
    """ASGI middleware: a request comes in by a name of ours, from a page of ours, within bounds.

    A name pointed at this server from outside (DNS rebinding) would make its pages ours: the Host
    header tells. Any page may have a browser send a form or open a WebSocket to anybody: the
    Origin header tells (Fetch, 3.2; RFC 6455, 10.2); programs send none.

    answer: the refusal as this door says it; of a WebSocket a close is enough. is_ours: see
    `by_name` and `at_own_port`. max_body: bytes; what was announced to be longer is refused, and
    what turns out to be raises BodyTooLargeError in the application, which answers it.
    """

    def __init__(self, app: App, answer: Answer, *, is_ours: IsOurs, max_body: int) -> None:
        self._app = app
        self._answer = answer
        self._is_ours = is_ours
        self._max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry the request on, or refuse it."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
        elif (refusal := self._refusal(scope)) is None:
            await self._app(scope, self._bound(receive), send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": refusal})
        else:
            await self._answer(scope, refusal)(scope, receive, send)

    def _refusal(self, scope: Scope) -> Refusal | None:
        host = _header(scope, b"host") or ""
        origin = _header(scope, b"origin")
        length = _header(scope, b"content-length") or "0"
        if not self._is_ours(*_name_and_port(host), scope):
            return Refusal.FOREIGN_HOST
        if _does_something(scope) and origin is not None and not _is_same(origin, host):
            return Refusal.FOREIGN_ORIGIN
        if not length.isdecimal() or int(length[:20]) > self._max_body:
            return Refusal.TOO_LARGE
        return None

    def _bound(self, receive: Receive) -> Receive:
        size = 0

        async def receive_some() -> Message:
            nonlocal size
            message = await receive()
            if message["type"] == "http.request":
                size += len(message.get("body", b""))
                if size > self._max_body:
                    raise BodyTooLargeError
            return message

        return receive_some


def by_name(names: Iterable[str]) -> IsOurs:
    """These names and addresses, whatever the port: a proxy may stand before. "*": every name."""
    ours = frozenset(name.strip().strip("[]").lower() for name in names) - {""}
    return lambda name, _port, _scope: "*" in ours or name in ours


def at_own_port(*names: str) -> IsOurs:
    """These names, or without any the address that was called; with this server's port or none."""

    def is_ours(name: str, port: str, scope: Scope) -> bool:
        address, own_port = scope.get("server") or ("", 0)
        return bool(name) and name in (names or (address,)) and port in {"", str(own_port)}

    return is_ours


def _header(scope: Scope, name: bytes) -> str | None:
    """The first of that name (ASGI: names in lower case); None where there is none."""
    values = (value for key, value in scope["headers"] if key == name)
    value = next(values, None)
    return None if value is None else value.decode("latin-1")


def _name_and_port(host: str) -> tuple[str, str]:
    """A Host header in two, in lower case; ("", "") where it is none."""
    parts = _HOST.fullmatch(host.lower())
    return (parts[1].strip("[]"), parts[2] or "") if parts else ("", "")


def _does_something(scope: Scope) -> bool:
    return scope["type"] == "websocket" or scope["method"] not in _SAFE


def _is_same(origin: str, host: str) -> bool:
    """Whether a page has the very name and port that it calls (RFC 6454, 7.3)."""
    return origin.lower() in {f"http://{host.lower()}", f"https://{host.lower()}"}
