"""This file lets features note each request that changed something, before it is answered.

It stands before every address, so that none can forget it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from controller.people.deed import WebDeed

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_REFUSED: Final = 400
_NOTED: Final = "lophoc_deed_noted"
_VALUES: Final = "lophoc_deed_values"
_SECRET: Final = frozenset({"token"})  # what a path may hold and no line


class Noting:
    """ASGI middleware: lets each of `notes` keep a line of what changed something."""

    def __init__(self, app: ASGIApp, notes: Sequence[Callable[[WebDeed], None]]) -> None:
        self._app = app
        self._notes = notes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; what was refused has changed nothing."""
        if scope["type"] != "http" or scope["method"] in _SAFE:
            await self._app(scope, receive, send)
            return

        async def send_noted(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < _REFUSED:
                await self._note(scope)
            await send(message)

        await self._app(scope, receive, send_noted)

    async def _note(self, scope: Scope) -> None:
        if scope.get("state", {}).get(_NOTED):
            return
        deed = deed_of(scope)
        for note in self._notes:
            await run_in_threadpool(note, deed)


def mark_noted(request: HTTPConnection) -> None:
    """This request has left a line already, which says more."""
    request.scope.setdefault("state", {})[_NOTED] = True


def add_values(request: HTTPConnection, **values: str) -> None:
    """Have the line of this request say these, too: never a child's name, a code or a token."""
    told = request.scope.setdefault("state", {}).setdefault(_VALUES, {})
    told.update(values)


def deed_of(scope: Scope) -> WebDeed:
    """What a request that was answered has done."""
    state = scope.get("state", {})
    path = {name: str(value) for name, value in scope.get("path_params", {}).items()}
    values = {name: value for name, value in path.items() if name not in _SECRET}
    template = str(getattr(scope.get("route"), "path", scope["path"]))
    code = deed_code(scope["method"], template)
    return WebDeed(code, values | state.get(_VALUES, {}), state.get("person"))


def deed_code(method: str, template: str) -> str:
    """The code of what is done at an address: its words, and the method where it is no POST."""
    words: list[Any] = template.removeprefix("/api/v1").strip("/").split("/")
    plain = [word for word in words if not word.startswith("{")]
    return " ".join(plain if method == "POST" else [*plain, method.lower()])
