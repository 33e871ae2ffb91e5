"""This file stands before every request: who is called, who calls, and what a browser may load."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from protocol.guard import Guard, Refusal, by_name

MAX_BODY: Final = 64 * 1024 * 1024  # of any request; each form has a bound of its own

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
_REFUSALS: Final = {
    Refusal.FOREIGN_HOST: (
        403,
        "host_refused",
        "This server does not go by that name.",
        "Add the name to allowed_hosts.",
    ),
    Refusal.FOREIGN_ORIGIN: (
        403,
        "origin_refused",
        "Another site's page may not do this.",
        "Open this server's own page.",
    ),
    Refusal.TOO_LARGE: (413, "too_large", "The request is too large.", "Send less at once."),
}


class WebGuard:
    """ASGI middleware: refuses foreign names and foreign pages, hardens every answer.

    allowed_hosts: names and addresses without ports; "*" allows every name. own_names: those that
    the server has in its networks now.
    """

    def __init__(
        self, app: ASGIApp, allowed_hosts: Iterable[str], own_names: Callable[[], Container[str]]
    ) -> None:
        is_allowed = by_name(allowed_hosts)

        def is_ours(name: str, port: str, scope: Scope) -> bool:
            return is_allowed(name, port, scope) or name in own_names()

        self._guard = Guard(app, refuse, is_ours=is_ours, max_body=MAX_BODY)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer 403 or 413."""
        await self._guard(scope, receive, _hardened(scope, send))


class HeadAsGet:
    """ASGI middleware: a HEAD is answered as the GET, without the body (RFC 9110, 9.3.2)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.body":
                message["body"] = b""
            await send(message)

        await self._app(dict(scope, method="GET"), receive, send_head)


def refuse(_scope: Scope, why: Refusal) -> JSONResponse:
    """The answer to what the guard turned away."""
    status, code, message, hint = _REFUSALS[why]
    return JSONResponse({"error": {"code": code, "message": message, "hint": hint}}, status)


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
