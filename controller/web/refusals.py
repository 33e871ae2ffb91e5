"""This file gives every error the shape of RFC 9457: a stable code, a sentence, what to do."""

from __future__ import annotations

import base64
import binascii
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.routing import Match, Route

from controller.database.store import StoreError
from controller.web.bare_page import bare_page, wants_page
from controller.web.parameters import Fault, fault_in_address
from protocol.errors import LopHocError, filled_parts
from protocol.folder import is_disk_trouble
from protocol.guard import BodyTooLargeError
from protocol.language import fill, requested_language
from protocol.repeats import RepeatLimiter, with_count
from protocol.words import N_, Translate

_LOGGER = logging.getLogger(__name__)

_MISSING: Final = {
    404: ("not_found", N_("There is nothing here.")),
    405: ("method_refused", N_("This cannot be done here.")),
}
PROBLEM: Final = "application/problem+json"  # RFC 9457, 6.1
Answer = Callable[[Request, Any], Awaitable[Response]]
Show = Callable[[Request, "HttpError"], Response]
Recognise = Callable[[HTTPConnection], Awaitable[None]]
Refuse = Callable[[Request, Any], "HttpError"]
HEADERS: Final = {  # of every answer
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
_SERVERS_OWN: Final = 500
_TROUBLES: Final = {
    "store_unusable": "database not usable",
    "disk_full": "the disk does not take what a page was sent",
}
_TOO_MANY: Final = 1 << 53  # no log is that long, and a database's number ends near


class HttpError(Exception):
    """A request that cannot be served: the HTTP status, what to tell the caller, more headers.

    values: for the {names} in message and hint.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        hint: str,
        headers: Mapping[str, str] | None = None,
        **values: object,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.headers = headers
        self.status = status
        self.code = code
        self.message = message
        self.hint = hint
        self.values = values

    def parts(self, say: Translate) -> tuple[str, str]:
        """The message and the hint in the caller's language, each with its values."""
        return filled_parts(self.message, self.hint, self.values, say)

    def text(self, say: Translate) -> str:
        """Both as one sentence after the other."""
        return " ".join(filter(None, self.parts(say)))


def refusal_of(error: LopHocError, status: int = 422) -> HttpError:
    """What cannot be done, as whoever asked is told."""
    return HttpError(status, error.code, error.message, error.hint, None, **error.values)


class PageRefusedError(HttpError):
    """The same, for a person who looks at a page: it is told on one."""


class PendingError(HttpError):
    """What is not there yet: a page says so and opens anew by itself, a program asks again."""

    def __init__(self, code: str, message: str, again_s: int) -> None:
        hint = N_("Please ask again in a moment.")
        super().__init__(503, code, message, hint, {"Retry-After": str(again_s)})


class ElsewhereError(Exception):
    """A request that is answered by leading a browser to another page of ours."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


def encode_cursor(*values: str | int) -> str:
    """The values as an opaque word that callers hand back: a cursor or a token."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def decode_cursor(word: str, *types: type, name: str = "cursor") -> list[Any]:
    """The values of a sealed word, which must have these types. Raises HttpError.

    name: the parameter that it came by.
    """
    try:
        padded = word + "=" * (-len(word) % 4)
        values = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        json.dumps(values, ensure_ascii=False).encode()  # no database takes half a surrogate pair
    except (binascii.Error, ValueError, RecursionError):
        values = None
    shaped = isinstance(values, list) and [type(value) for value in values] == list(types)
    if shaped and all(0 <= value < _TOO_MANY for value in values if isinstance(value, int)):
        return list(values)
    raise HttpError(
        422,
        "cursor_invalid",
        N_("In the address, {name} is no place to go on from."),
        N_("Use `next` of an answer as it was given, or start without it."),
        name=name,
    )


def problem_of(status: int, code: str, title: str, detail: str) -> dict[str, Any]:
    """An error's body. `error` is the shape of before, which programs may still read."""
    return {
        "type": f"urn:lophoc:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "error": {"code": code, "message": title, "hint": detail},
    }


def problem_answer(
    refusal: HttpError, language: str, say: Translate, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """The refusal, as programs are told it."""
    title, detail = refusal.parts(say)
    if detail.startswith("/"):  # a page's hint may be a way on
        detail = fill(say(N_("See {path}.")), {"path": detail})
    body = problem_of(refusal.status, refusal.code, title, detail)
    more = {"Content-Language": language, **(headers or refusal.headers or {})}
    return JSONResponse(body, refusal.status, more, media_type=PROBLEM)


def answer_refusals(
    app: FastAPI,
    default_language: str,
    translate_to: Callable[[str], Translate],
    show: Show | None = None,
    recognise: Sequence[Recognise] = (),
) -> None:
    """Have the application answer every error: a person on a page, a program in the one shape.

    show: makes the page; it may ask the database. Without it a bare one answers. recognise: note
    who asks, for the page. All is in the caller's language.
    """
    limiter = RepeatLimiter(lines=1)

    def answered(refusal_of: Refuse) -> Answer:
        async def answer(request: Request, error: Any) -> Response:
            refusal = refusal_of(request, error)
            _log_trouble(refusal.code, error, limiter)
            language = language_asked(request, default_language)
            say = translate_to(language)
            title, detail = refusal.parts(say)
            headers = {"Content-Language": language, **(_headers_of(request, error) or {})}
            is_page = isinstance(refusal, PageRefusedError)
            if wants_page(request.scope, usually=is_page):
                page = await _page(request, refusal, show, recognise)
                page = page or bare_page(refusal.status, refusal.code, language, say, title, detail)
                page.headers.update(
                    {**headers, "Content-Language": page.headers["content-language"]}
                )
                for name, value in HEADERS.items():
                    page.headers.setdefault(name, value)
                return page
            return problem_answer(refusal, language, say, HEADERS | headers)

        return answer

    for kind, refusal_of in _REFUSALS.items():
        app.add_exception_handler(kind, answered(refusal_of))
    unwritten = answered(lambda *_: _unwritten())

    async def answer_disk(request: Request, error: Any) -> Response:
        if not is_disk_trouble(error):
            raise error
        return await unwritten(request, error)

    app.add_exception_handler(OSError, answer_disk)


async def _page(
    request: Request, refusal: HttpError, show: Show | None, recognise: Sequence[Recognise]
) -> Response | None:
    """The refusal on a page like all others; None where there is no database to ask for them.

    Who asks is told as on all others, too, though many errors come before anybody has asked.
    """
    is_told = isinstance(refusal, PageRefusedError | PendingError)
    if show is None or (refusal.status >= _SERVERS_OWN and not is_told):
        return None
    try:
        for note in recognise:
            await note(request)
        return await run_in_threadpool(show, request, refusal)
    except StoreError:
        return None


def _headers_of(request: Request, error: Exception) -> Mapping[str, str] | None:
    """A method that is not there is told with all that are (RFC 9110, 15.5.6)."""
    if isinstance(error, HttpError):
        return error.headers
    headers = error.headers if isinstance(error, HTTPException) else None
    return {"Allow": ", ".join(_methods_at(request))} if headers and "Allow" in headers else headers


def _methods_at(request: Request) -> list[str]:
    """What may be asked at this path, whichever of our addresses answers it."""
    routes = (route for route in request.app.routes if isinstance(route, Route))
    found = (route for route in routes if route.matches(request.scope)[0] is not Match.NONE)
    return sorted({method for route in found for method in route.methods or ()})


def _invalid(request: Request, error: RequestValidationError) -> HttpError:
    route = request.scope.get("route")
    dependant = route.dependant if isinstance(route, APIRoute) else None
    is_api = isinstance(route, APIRoute) and route.include_in_schema
    fault = fault_in_address(dependant, error.errors()[0])
    return refused(fault, "parameter_invalid", HttpError if is_api else PageRefusedError)


def refused(fault: Fault, code: str, kind: type[HttpError] = HttpError) -> HttpError:
    """What answers a request in which this is wrong."""
    return kind(422, code, fault.message, fault.hint, None, **fault.values)


def _unserved(error: HTTPException) -> HttpError:
    code, message = _MISSING.get(error.status_code, ("refused", N_("This cannot be answered.")))
    return HttpError(error.status_code, code, message, N_("See /openapi.json."))


def _too_large(error: BodyTooLargeError) -> HttpError:
    return HttpError(
        413,
        error.code,
        error.message,
        N_("Go back and choose a smaller file, or send less at once."),
    )


def _log_trouble(code: str, error: Exception, limiter: RepeatLimiter) -> None:
    """A line a minute for each trouble of the server's own, however many ask meanwhile."""
    line = _TROUBLES.get(code)
    held = limiter.held_back(f"{code} {getattr(error, 'code', '')}") if line else None
    if line and held is not None:
        _LOGGER.warning(with_count(f"{line}: {error}", held))


def _unreadable(_error: StoreError) -> HttpError:
    message, hint = N_("The database does not answer."), N_("Try again in a minute.")
    return HttpError(503, "store_unusable", message, hint)


def _unwritten() -> HttpError:
    message = N_("The server's disk is full or read-only: nothing is stored until there is room.")
    hint = N_("Free some space on the server's disk, then try again.")
    return HttpError(503, "disk_full", message, hint)


def _broken() -> HttpError:
    message = N_("Something in the server broke.")
    hint = N_("Try again; if it breaks again, tell who looks after the server when it was.")
    return HttpError(500, "internal", message, hint)


_REFUSALS: Final[Mapping[type[Exception], Refuse]] = {
    HttpError: lambda _, error: error,
    PageRefusedError: lambda _, error: error,
    RequestValidationError: _invalid,
    HTTPException: lambda _, error: _unserved(error),
    BodyTooLargeError: lambda _, error: _too_large(error),
    StoreError: lambda _, error: _unreadable(error),
    Exception: lambda *_: _broken(),
}


def language_asked(request: Request, default: str) -> str:
    """As the request asks for it, else the school's."""
    accepted = request.headers.get("accept-language", "")
    return requested_language(request.query_params.get("lang", ""), accepted, default)
