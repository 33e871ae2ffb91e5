"""This file answers the tablets: the page, the check-ins, the beats."""

from __future__ import annotations

import asyncio
import hashlib
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Scope

from agent.tablets import page
from agent.tablets.cart import COOKIE_BYTES, is_cookie, key_of
from agent.tablets.checkins import GOOD, CheckInAnswer, CheckInAttempt, CheckInOutcome
from agent.tablets.code import DIGITS
from agent.tablets.service import SuggestionRefused, TabletService
from protocol.guard import BodyTooLargeError, Guard, Refusal, at_own_port
from protocol.words import N_, translator

COOKIE: Final = "may"
MAX_BODY: Final = 512
BODY_S: Final = 5.0

_YEAR_S: Final = 365 * 86_400
_FIELDS: Final = 4
_STATUS: Final = {
    CheckInOutcome.TOO_MANY_TRIES: HTTPStatus.TOO_MANY_REQUESTS,
    CheckInOutcome.NO_MORE_TRIES: HTTPStatus.TOO_MANY_REQUESTS,
    CheckInOutcome.TYPING_OFF: HTTPStatus.TOO_MANY_REQUESTS,
    CheckInOutcome.TABLET_FULL: HTTPStatus.CONFLICT,
    CheckInOutcome.NO_PLACE: HTTPStatus.CONFLICT,
    CheckInOutcome.NOT_YET: HTTPStatus.CONFLICT,
    CheckInOutcome.OVER: HTTPStatus.CONFLICT,
    CheckInOutcome.NO_LIST: HTTPStatus.CONFLICT,
}
_TURNED_AWAY: Final = {
    Refusal.FOREIGN_HOST: (
        N_("This address is not the classroom's: scan the code on the board."),
        HTTPStatus.FORBIDDEN,
    ),
    Refusal.FOREIGN_ORIGIN: (
        N_("Another web site may not check anybody in."),
        HTTPStatus.FORBIDDEN,
    ),
    Refusal.TOO_LARGE: (page.NOT_UNDERSTOOD, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
}
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
        ClientDisconnect: door.answer_gone,
    }
    return Guard(
        Starlette(routes=routes, exception_handlers=handlers),
        door.turn_away,
        is_ours=at_own_port(),
        max_body=MAX_BODY,
    )


class _Door:
    def __init__(self, service: TabletService, language: str) -> None:
        self._service = service
        self._language = language
        self._say = translator(language)

    async def show(self, request: Request) -> Response:
        """The page as it is now."""
        return self._page(request, self._cookie(request))

    async def scan(self, request: Request) -> Response:
        """A code scanned from the board: it lets this tablet in for a minute."""
        cookie = self._cookie(request)
        token = str(request.path_params["token"])[:64]
        refused = self._service.admit(cookie, _address(request), token)
        if refused is not None:
            return self._page(request, cookie, refused)
        # The code does not stay in the address line.
        return self._with_headers(RedirectResponse("/", HTTPStatus.SEE_OTHER), request, cookie)

    async def check_in(self, request: Request) -> Response:
        """A number was touched."""
        fields = await _form(request)
        cookie = self._cookie(request)
        if fields is None:
            self._service.count("not_understood")
            status = HTTPStatus.UNPROCESSABLE_ENTITY
            return self.refusal(page.NOT_UNDERSTOOD, status)
        digits = "".join(fields.get("c", "").split())[:64]
        attempt = CheckInAttempt(
            tablet=key_of(cookie),
            address=_address(request),
            browser=_browser(request),
            number=page.number_of(fields.get("n", "")),
            order=request.query_params.get("k", "")[:64],
            digits=digits,
            token=fields.get("t", "")[:64],
        )
        if self._service.checkins().is_copied(attempt):
            cookie = self._service.new_cookie(COOKIE_BYTES)
            attempt = self._service.checkins().part(attempt, key_of(cookie))
        try:
            answer = await self._service.check_in(attempt)
        except SuggestionRefused as refused:
            self._service.count(refused.outcome or "not_kept")
            if refused.outcome is None:
                return self._page(request, cookie, trouble=page.NOT_KEPT)
            answer = CheckInAnswer(outcome=refused.outcome)
        typed = digits if answer.outcome is CheckInOutcome.NO_NUMBER and _is_code(digits) else ""
        return self._page(request, cookie, answer, typed=typed)

    async def beat(self, request: Request) -> Response:
        """The page's script says that the tablet is awake, and hears who is in."""
        fields = await _form(request) or {}
        cookie = self._cookie(request)
        tablet = key_of(cookie)
        self._service.beat(tablet, fields.get("e", ""))
        text = page.beat_text(self._service.view(tablet))
        return self._with_headers(Response(text, media_type="text/plain"), request, cookie)

    async def beat_page(self, request: Request) -> Response:
        """The same where there is no script."""
        cookie = self._cookie(request)
        tablet = key_of(cookie)
        self._service.beat(tablet)
        same = request.query_params.get("v", "") == self._service.view(tablet).version
        text = page.beat_page(same=same, language=self._language, say=self._say)
        return self._with_headers(_html(text), request, cookie)

    async def not_found(self, _request: Request, _error: Exception) -> Response:
        """Answer for an address that is not ours."""
        return self.refusal(_NOTHING, HTTPStatus.NOT_FOUND)

    async def answer_gone(self, _request: Request, _error: Exception) -> Response:
        """Answer, for form's sake, one who has left or was too slow."""
        return self.refusal(page.NOT_UNDERSTOOD, HTTPStatus.REQUEST_TIMEOUT)

    def turn_away(self, _scope: Scope, why: Refusal) -> Response:
        """Answer, and count, what was not meant for this door."""
        self._service.count(why.value)
        return self.refusal(*_TURNED_AWAY[why])

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
        return self._with_headers(_html(text, status), request, cookie)

    def _with_headers(self, response: Response, request: Request, cookie: str) -> Response:
        if cookie != request.cookies.get(COOKIE) or request.url.path == "/":
            response.set_cookie(
                COOKIE, cookie, max_age=_YEAR_S, path="/", httponly=True, samesite="lax"
            )
        return _bare(response)

    def _cookie(self, request: Request) -> str:
        cookie = request.cookies.get(COOKIE, "")
        return cookie if is_cookie(cookie) else self._service.new_cookie(COOKIE_BYTES)


async def _form(request: Request) -> dict[str, str] | None:
    """The fields that were posted, the first of each name; None where they are no form."""
    try:
        async with asyncio.timeout(BODY_S):
            body = await request.body()
        fields = parse_qs(body.decode("ascii"), max_num_fields=_FIELDS, keep_blank_values=True)
    except (BodyTooLargeError, TimeoutError, ValueError):
        return None
    return {name: values[0] for name, values in fields.items()}


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _browser(request: Request) -> str:
    """What a browser calls itself, as a digest: it may be long, and is not to be read."""
    return hashlib.sha256(request.headers.get("user-agent", "").encode()).hexdigest()[:16]


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
