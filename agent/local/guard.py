"""This file turns away what does not come from this computer's own programs."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import msgspec
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from protocol.errors import LopHocError
from protocol.words import N_

MAX_BODY: Final = 64 * 1024

_OURS: Final = ("127.0.0.1", "localhost")


class Refusal(LopHocError):  # noqa: N818 - an answer, not a fault
    """A request that is not carried out; `status` is HTTP's."""

    def __init__(
        self, status: HTTPStatus, code: str, message: str, hint: str = "", **values: object
    ) -> None:
        super().__init__(code, message, hint, **values)
        self.status = status


class Guard:
    """Checks every request before the application sees it.

    A page on the internet can make a browser talk to 127.0.0.1, under its own name (DNS
    rebinding: the Host header) or across sites (the Origin header, Fetch standard, 3.2).
    """

    def __init__(self, app: ASGIApp, answer: Callable[[Request, Refusal], Response]) -> None:
        self._app = app
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry the request on, or refuse it."""
        if scope["type"] != "http":
            return
        refusal = _refusal(scope["method"], Headers(scope=scope), scope.get("server"))
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await self._answer(Request(scope), refusal)(scope, receive, send)


async def body_of(request: Request) -> bytes:
    """The request's body. Raises Refusal if it is too large or not said to be JSON."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise _too_large()
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and kind != "application/json":
        raise Refusal(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "not_json",
            N_("Only JSON is understood."),
            N_("Send the header Content-Type: application/json."),
        )
    return body


def json_response(content: object, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """The content as JSON that no cache keeps and no browser takes for something else."""
    headers = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
    body = msgspec.json.encode(content)
    return Response(body, status, headers, media_type="application/json")


def _refusal(method: str, headers: Headers, server: tuple[str, int] | None) -> Refusal | None:
    host = headers.get("host", "")
    port = f":{server[1]}" if server else ""
    if host not in {name + tail for name in _OURS for tail in {port, ""}}:
        return Refusal(
            HTTPStatus.FORBIDDEN,
            "foreign_host",
            N_("This address is not this computer's."),
            N_("Use http://127.0.0.1 and the agent's port."),
        )
    origin = headers.get("origin")
    if method not in {"GET", "HEAD"} and origin is not None and origin != f"http://{host}":
        return Refusal(
            HTTPStatus.FORBIDDEN,
            "foreign_origin",
            N_("Another web site may not use this computer's agent."),
        )
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length[:20]) > MAX_BODY:
        return _too_large()
    return None


def _too_large() -> Refusal:
    return Refusal(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", N_("The request is too large.")
    )
