"""This file stands before every request: who is called, who calls, and what a browser may load."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from controller.web.bare_page import bare_page, wants_page
from controller.web.refusals import HEADERS, PROBLEM, problem_of
from protocol.guard import Guard, Refusal, by_name
from protocol.language import fill, requested_language
from protocol.words import N_, Translate

MAX_BODY: Final = 64 * 1024 * 1024  # of any request; each form has a bound of its own

_REFUSALS: Final = {
    Refusal.FOREIGN_HOST: (
        403,
        "host_refused",
        N_("This server does not go by the name {host}."),
        N_(
            "Call it by the address that the school has given. Who runs the server can add the name"
            " to the setting allowed_hosts."
        ),
    ),
    Refusal.FOREIGN_ORIGIN: (
        403,
        "origin_refused",
        N_("Another site's page may not do this."),
        N_("Open this server's own page, and press its button there."),
    ),
    Refusal.TOO_LARGE: (
        413,
        "too_large",
        N_("The request is too large."),
        N_("Go back and choose a smaller file, or send less at once."),
    ),
}
_MAX_HOST: Final = 80


class WebGuard:
    """ASGI middleware: refuses foreign names and foreign pages, hardens every answer.

    allowed_hosts: names and addresses without ports; "*" allows every name. own_names: those that
    the server has in its networks now. default_language: of who asks for none.
    """

    def __init__(
        self,
        app: ASGIApp,
        allowed_hosts: Iterable[str],
        own_names: Callable[[], Container[str]],
        default_language: str,
        translate_to: Callable[[str], Translate],
    ) -> None:
        is_allowed = by_name(allowed_hosts)

        def is_ours(name: str, port: str, scope: Scope) -> bool:
            return is_allowed(name, port, scope) or name in own_names()

        def refuse(scope: Scope, why: Refusal) -> Response:
            language = _language(scope, default_language)
            return refusal_of(scope, why, language, translate_to(language))

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


def refusal_of(scope: Scope, why: Refusal, language: str, say: Translate) -> Response:
    """The answer to what the guard turned away: a page to a person, else a problem."""
    status, code, message, hint = _REFUSALS[why]
    values = {"host": Headers(scope=scope).get("host", "")[:_MAX_HOST]}
    lines = fill(say(message), values), fill(say(hint), values)
    if wants_page(scope):
        return bare_page(status, code, language, say, *lines)
    headers = {"Content-Language": language}
    return JSONResponse(problem_of(status, code, *lines), status, headers, media_type=PROBLEM)


def _language(scope: Scope, default: str) -> str:
    """As the request asks for it; nothing of ours was read yet."""
    return requested_language("", Headers(scope=scope).get("accept-language", ""), default)


def _hardened(scope: Scope, send: Send) -> Send:
    """Static files may be kept if asked for anew each time; all else is not kept at all."""
    static = scope.get("path", "").startswith("/static/")

    async def send_hardened(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Cache-Control", "no-cache" if static else "no-store")
        await send(message)

    return send_hardened
