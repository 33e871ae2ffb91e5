"""This file gives answers of the API a mark, so that who has the same already is told only that."""

from __future__ import annotations

import hashlib
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PREFIX: Final = "/api/"
_OK, _SAME = 200, 304
_KEPT: Final = frozenset(
    {b"cache-control", b"vary", b"x-lophoc-next", b"x-lophoc-more", b"x-lophoc-history"}
)


class Tagged:
    """ASGI middleware: an ETag for each whole body; 304 to who has it (RFC 9110, 13.1.2).

    What is written while it is sent has none: it would have to be held back whole.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request."""
        is_read = scope["type"] == "http" and scope["method"] == "GET"
        if not is_read or not scope["path"].startswith(_PREFIX):
            await self._app(scope, receive, send)
            return
        held: list[Message] = []

        async def send_tagged(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == _OK:
                held.append(message)
                return
            if held:
                start = held.pop()
                if not message.get("more_body"):
                    start, message = _tagged(start, message, Headers(scope=scope))
                await send(start)
            await send(message)

        await self._app(scope, receive, send_tagged)


def _tagged(start: Message, body: Message, asked: Headers) -> tuple[Message, Message]:
    tag = f'W/"{hashlib.sha256(body.get("body", b"")).hexdigest()[:32]}"'
    MutableHeaders(scope=start)["ETag"] = tag
    if not _has(asked.get("if-none-match", ""), tag):
        return start, body
    kept = [pair for pair in start["headers"] if pair[0].lower() in _KEPT | {b"etag"}]
    return {**start, "status": _SAME, "headers": kept}, {**body, "body": b""}


def _has(asked: str, tag: str) -> bool:
    """Whether the caller named the tag; weak or not is the same here (RFC 9110, 8.8.3.2)."""
    named = {one.strip().removeprefix("W/") for one in asked.split(",")}
    return "*" in named or tag.removeprefix("W/") in named
