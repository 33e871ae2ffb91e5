"""This file answers the tablets: the page, the check-ins, the beats."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from agent.tablets import page
from agent.tablets.cart import COOKIE_BYTES, is_cookie, key_of
from agent.tablets.checkins import GOOD, CheckInAnswer, CheckInAttempt, CheckInOutcome
from agent.tablets.code import DIGITS
from agent.tablets.service import SuggestionRefused, TabletService
from protocol.words import N_, translator

COOKIE: Final = "may"
MAX_BODY: Final = 512
BODY_S: Final = 5.0

_YEAR_S: Final = 365 * 86_400
_FIELDS: Final = 4
_STATUS: Final = {
    CheckInOutcome.TOO_MANY_TRIES: HTTPStatus.TOO_MANY_REQUESTS,
    CheckInOutcome.TABLET_FULL: HTTPStatus.CONFLICT,
    CheckInOutcome.NOT_YET: HTTPStatus.CONFLICT,
    CheckInOutcome.OVER: HTTPStatus.CONFLICT,
    CheckInOutcome.NO_LIST: HTTPStatus.CONFLICT,
}
_FOREIGN_HOST: Final = N_("This address is not the classroom's: scan the code on the board.")
_FOREIGN_ORIGIN: Final = N_("Another web site may not check anybody in.")
_NOTHING: Final = N_("There is nothing here.")


def application(service: TabletService, language: str) -> ASGIApp:
    """The application behind its checks; language: of every page."""
    door = _Door(service, language)
    routes = [
        Route("/", door.show),
        Route("/", door.check_in, methods=["POST"]),
        Route("/c/{token}", door.scan),
        Route("/beat", door.beat_page),
        Route("/beat", door.beat, methods=["POST"]),
    ]
    handlers: dict[Any, Any] = {
        HTTPStatus.NOT_FOUND: door.not_found,
        HTTPStatus.METHOD_NOT_ALLOWED: door.not_found,
        ClientDisconnect: door.gone,
    }
    return _Check(Starlette(routes=routes, exception_handlers=handlers), service, door)


class _Door:
    """The answers."""

    def __init__(self, service: TabletService, language: str) -> None:
        self._service = service
        self._language = language
        self._say = translator(language)

    async def show(self, request: Request) -> Response:
        """The page as it is now."""
        return self._page(request, _cookie(request) or self._new())

    async def scan(self, request: Request) -> Response:
        """A code scanned from the board: it lets this tablet in for a minute."""
        cookie = _cookie(request) or self._new()
        token = str(request.path_params["token"])[:64]
        refused = self._service.admit(cookie, _address(request), token)
        if refused is not None:
            return self._page(request, cookie, refused)
        # The code does not stay in the address line.
        return self._dressed(RedirectResponse("/", HTTPStatus.SEE_OTHER), request, cookie)

    async def check_in(self, request: Request) -> Response:
        """A number was touched."""
        fields = await _form(request)
        cookie = _cookie(request) or self._new()
        if fields is None:
            self._service.count("not_understood")
            status = HTTPStatus.UNPROCESSABLE_ENTITY
            return self.refusal(page.NOT_UNDERSTOOD, status)
        digits = "".join(fields.get("c", "").split())[:64]
        attempt = CheckInAttempt(
            tablet=key_of(cookie),
            address=_address(request),
            number=page.number_of(fields.get("n", "")),
            digits=digits,
            token=fields.get("t", "")[:64],
        )
        try:
            answer = await self._service.check_in(attempt)
        except SuggestionRefused:
            self._service.count("not_kept")
            return self._page(request, cookie, trouble=page.NOT_KEPT)
        typed = digits if answer.outcome is CheckInOutcome.NO_NUMBER and _is_code(digits) else ""
        return self._page(request, cookie, answer, typed=typed)

    async def beat(self, request: Request) -> Response:
        """The page's script says that the tablet is awake, and hears who is in."""
        fields = await _form(request) or {}
        cookie = _cookie(request) or self._new()
        tablet = key_of(cookie)
        self._service.beat(tablet, fields.get("e", ""))
        text = page.beat_text(self._service.view(tablet))
        return self._dressed(Response(text, media_type="text/plain"), request, cookie)

    async def beat_page(self, request: Request) -> Response:
        """The same where there is no script."""
        cookie = _cookie(request) or self._new()
        tablet = key_of(cookie)
        self._service.beat(tablet)
        same = request.query_params.get("v", "") == self._service.view(tablet).version
        text = page.beat_page(same=same, language=self._language, say=self._say)
        return self._dressed(_html(text), request, cookie)

    async def not_found(self, _request: Request, _error: Exception) -> Response:
        """Answer for an address that is not ours."""
        return self.refusal(_NOTHING, HTTPStatus.NOT_FOUND)

    async def gone(self, _request: Request, _error: Exception) -> Response:
        """Answer, for form's sake, one who has left or was too slow."""
        return self.refusal(page.NOT_UNDERSTOOD, HTTPStatus.REQUEST_TIMEOUT)

    def refusal(self, sentence: str, status: HTTPStatus) -> Response:
        """A page that says why not."""
        return _bare(_html(page.plain_page(sentence, self._language, self._say), status))

    def _page(
        self, request: Request, cookie: str, answer: CheckInAnswer | None = None, **more: str
    ) -> Response:
        view = self._service.view(key_of(cookie), answer, **more)
        status = HTTPStatus.OK
        if answer is not None and answer.outcome not in GOOD:
            status = _STATUS.get(answer.outcome, HTTPStatus.FORBIDDEN)
        if view.trouble:
            status = HTTPStatus.INSUFFICIENT_STORAGE
        text = page.page(view, self._language, self._say)
        return self._dressed(_html(text, status), request, cookie)

    def _dressed(self, response: Response, request: Request, cookie: str) -> Response:
        if cookie != request.cookies.get(COOKIE) or request.url.path == "/":
            response.set_cookie(
                COOKIE, cookie, max_age=_YEAR_S, path="/", httponly=True, samesite="lax"
            )
        return _bare(response)

    def _new(self) -> str:
        return self._service.new_cookie(COOKIE_BYTES)


class _Check:
    """Turns away what was not meant for this door (DNS rebinding, other sites' forms)."""

    def __init__(self, app: ASGIApp, service: TabletService, door: _Door) -> None:
        self._app = app
        self._service = service
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry the request on, or refuse it."""
        if scope["type"] != "http":
            return
        headers, server = Headers(scope=scope), scope.get("server") or ("", 0)
        ours = f"{server[0]}:{server[1]}"
        hosts = {ours, server[0]} if server[1] == 80 else {ours}  # noqa: PLR2004 - HTTP's own port
        origin = headers.get("origin", f"http://{ours}")
        length = headers.get("content-length", "0")
        if headers.get("host", "") not in hosts:
            refused = "foreign_host", _FOREIGN_HOST, HTTPStatus.FORBIDDEN
        elif scope["method"] == "POST" and origin not in {f"http://{each}" for each in hosts}:
            refused = "foreign_origin", _FOREIGN_ORIGIN, HTTPStatus.FORBIDDEN
        elif not length.isdecimal() or int(length[:10]) > MAX_BODY:
            status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            refused = "too_large", page.NOT_UNDERSTOOD, status
        else:
            await self._app(scope, receive, send)
            return
        self._service.count(refused[0])
        await self._door.refusal(*refused[1:])(scope, receive, send)


async def _form(request: Request) -> dict[str, str] | None:
    """The fields that were posted, the first of each name; None where they are no form."""
    body = b""
    try:
        async with asyncio.timeout(BODY_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BODY:
                    return None
        fields = parse_qs(body.decode("ascii"), max_num_fields=_FIELDS, keep_blank_values=True)
    except (TimeoutError, ValueError):
        return None
    return {name: values[0] for name, values in fields.items()}


def _cookie(request: Request) -> str:
    cookie = request.cookies.get(COOKIE, "")
    return cookie if is_cookie(cookie) else ""


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _is_code(text: str) -> bool:
    return len(text) == DIGITS and text.isascii() and text.isdecimal()


def _html(text: str, status: HTTPStatus = HTTPStatus.OK) -> Response:
    return Response(text, status, media_type="text/html")


def _bare(response: Response) -> Response:
    """No cache, no referrer, nothing from elsewhere; each connection serves one request."""
    response.headers.update(
        {
            "cache-control": "no-store",
            "connection": "close",
            "content-security-policy": page.POLICY,
            # Under "no-referrer" a browser says of its own form: Origin: null (Fetch, 3.2).
            "referrer-policy": "same-origin",
            "x-content-type-options": "nosniff",
        }
    )
    return response
