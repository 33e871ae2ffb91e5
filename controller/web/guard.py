"""This file stands before every request: who is called, who calls, and what a browser may load."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
        "object-src 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",  # with no-referrer a form of ours would come from "null"
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
# A name pointed at this server from outside (DNS rebinding) would make its pages ours.
_WRONG_HOST: Final = (
    "host_refused",
    "This server does not go by that name.",
    "Add the name to allowed_hosts.",
)
_FOREIGN: Final = (
    "origin_refused",
    "Another site's page may not do this.",
    "Open this server's own page.",
)


class Guard:
    """ASGI middleware: refuses foreign names and foreign pages, hardens every answer.

    allowed_hosts: names and addresses without ports; "*" allows every name.
    """

    def __init__(self, app: ASGIApp, allowed_hosts: Iterable[str]) -> None:
        self._app = app
        self._allowed = frozenset(host.strip().strip("[]").lower() for host in allowed_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer 403."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if not self._is_ours(headers.get("host", "")):
            await _refuse(scope, send, *_WRONG_HOST)
        elif _changes(scope) and _is_foreign(headers):
            await _refuse(scope, send, *_FOREIGN)
        else:
            await self._app(scope, receive, _hardened(scope, send))

    def _is_ours(self, host: str) -> bool:
        return "*" in self._allowed or _name_of(host) in self._allowed


def _name_of(host: str) -> str:
    """The Host header's name without its port (RFC 9110, 7.2)."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _changes(scope: Scope) -> bool:
    """A WebSocket counts: browsers let any page open one to anybody (RFC 6455, 10.2)."""
    return scope["type"] == "websocket" or scope["method"] not in _SAFE


def _is_foreign(headers: Headers) -> bool:
    """Programs send no Origin; a browser's must be this very server (RFC 6454, 7.3)."""
    origin = headers.get("origin")
    if origin is None:
        return False
    return urlsplit(origin.lower()).netloc != headers.get("host", "").lower()


def _hardened(scope: Scope, send: Send) -> Send:
    """Static files may be kept if asked for anew each time; all else is not kept at all."""
    static = scope.get("path", "").startswith("/static/")

    async def send_hardened(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(_HEADERS)
            headers.setdefault("Cache-Control", "no-cache" if static else "no-store")
        await send(message)

    return send_hardened


async def _refuse(scope: Scope, send: Send, code: str, message: str, hint: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": message})
        return
    body = json.dumps({"error": {"code": code, "message": message, "hint": hint}}).encode()
    send = _hardened(scope, send)
    await send(
        {
            "type": "http.response.start",
            "status": 403,
            "headers": [
                (b"content-type", b"application/json"),
                (b"content-length", str(len(body)).encode()),
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})
