"""This file answers what comes unencrypted: to this machine all, to others the way to encryption.

A person's GET is led to the same address by https; the school's certificate and how a phone comes
to trust it are shown as they are, for that comes before all encryption. All else is refused: who
sent a password or a token has said it in clear already, and must not find that it works.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Final

from starlette.datastructures import URL
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from controller.web.bare_page import wants_page
from controller.web.refusals import PROBLEM, problem_of
from protocol.this_machine import is_this_machine
from protocol.words import N_, Translate

TRUST: Final = "/trust"  # the page, and below it the certificate
_SHOWN: Final = (f"{TRUST}/", "/static/")
_SAFE: Final = frozenset({"GET", "HEAD"})
_TELLING: Final = frozenset({b"cookie", b"authorization"})
_POLICY_VIOLATION: Final = 1008  # RFC 6455, 7.4.1
_TLS_NEEDED: Final = (
    N_("This server answers unencrypted requests to itself only."),
    N_("Write https:// and believe the certificate that this server shows at {trust}."),
)
_NO_TLS: Final = (
    N_("This server shows nothing to others, for its certificate for https cannot be made."),
    N_("On the server, run: lophoc-controller doctor"),
)


class PlainDoor:
    """ASGI middleware, before any proxy's word is taken: what is not encrypted goes no further.

    is_near: whether an address is a proxy's, whose lines are theirs to encrypt. can_encrypt:
    whether https is answered now. say: the school's language.
    """

    def __init__(
        self,
        app: ASGIApp,
        is_near: Callable[[str], bool],
        can_encrypt: Callable[[], bool],
        say: Translate,
    ) -> None:
        self._app = app
        self._is_near = is_near
        self._can_encrypt = can_encrypt
        self._say = say

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry it on, or answer it here."""
        if scope["type"] == "lifespan" or self._is_guarded(scope):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": ""})
        elif _is_shown(scope):
            await self._app(_silent(scope), receive, send)
        else:
            await self._answer(scope)(scope, receive, send)

    def _is_guarded(self, scope: Scope) -> bool:
        """Whether nobody in the network reads it."""
        peer = (scope.get("client") or ("",))[0]
        return scope["scheme"] in {"https", "wss"} or is_this_machine(peer) or self._is_near(peer)

    def _answer(self, scope: Scope) -> Response:
        is_page = scope["method"] in _SAFE and wants_page(scope)
        message, hint = map(self._say, _TLS_NEEDED if self._can_encrypt() else _NO_TLS)
        hint = hint.replace("{trust}", TRUST)
        if not is_page:
            body = problem_of(403, "tls_needed", message, hint)
            return JSONResponse(body, 403, media_type=PROBLEM)
        if self._can_encrypt():
            return RedirectResponse(URL(scope=scope).replace(scheme="https"), 307)
        words = "".join(f"<p>{html.escape(text)}" for text in (message, hint))
        return HTMLResponse(f"<!doctype html><meta charset=utf-8>{words}", 503)


def _is_shown(scope: Scope) -> bool:
    path = scope["path"]
    return scope["method"] in _SAFE and (path == TRUST or path.startswith(_SHOWN))


def _silent(scope: Scope) -> Scope:
    """The request without what it says of the person."""
    headers = [(name, value) for name, value in scope["headers"] if name not in _TELLING]
    return dict(scope, headers=headers)
