"""This file gives every error one shape: a stable code, a sentence, what to do."""

from __future__ import annotations

import base64
import binascii
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route

from controller.database.store import StoreError
from protocol.guard import BodyTooLargeError
from protocol.language import requested_language
from protocol.words import N_, Translate

_LOGGER = logging.getLogger(__name__)

_MISSING: Final = {
    404: ("not_found", N_("There is nothing here.")),
    405: ("method_refused", N_("This cannot be done here.")),
}
Answer = Callable[[Request, Any], Awaitable[JSONResponse]]
_TOO_MANY: Final = 1 << 53  # no log is that long, and a database's number ends near


class HttpError(Exception):
    """A request that cannot be served: the HTTP status, and what to tell the caller."""

    def __init__(self, status: int, code: str, message: str, hint: str) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.hint = hint


class PageRefusedError(HttpError):
    """The same, for a person who looks at a page: it is told on one."""


class ElsewhereError(Exception):
    """A request that is answered by leading a browser to another page of ours."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


def encode_cursor(*values: str | int) -> str:
    """The values as an opaque word that callers hand back: a cursor or a token."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def decode_cursor(word: str, *types: type) -> list[Any]:
    """The values of a sealed word, which must have these types. Raises HttpError."""
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
        N_("This is not a place to go on from."),
        N_("Use `next` of an answer as it was given, or start without it."),
    )


def answer_refusals(
    app: FastAPI, default_language: str, translate_to: Callable[[str], Translate]
) -> None:
    """Have the application answer every error in the one shape, in the caller's language."""

    def answered(refusal_of: Callable[[Any], HttpError]) -> Answer:
        async def answer(request: Request, error: Any) -> JSONResponse:
            refusal = refusal_of(error)
            say = translate_to(language_asked(request, default_language))
            words = {"message": say(refusal.message), "hint": say(refusal.hint)}
            body = {"error": {"code": refusal.code, **words}}
            return JSONResponse(body, refusal.status, _headers_of(request, error))

        return answer

    for kind, refusal_of in _REFUSALS.items():
        app.add_exception_handler(kind, answered(refusal_of))


def _headers_of(request: Request, error: Exception) -> Mapping[str, str] | None:
    """A method that is not there is told with all that are (RFC 9110, 15.5.6)."""
    headers = error.headers if isinstance(error, HTTPException) else None
    return {"Allow": ", ".join(_methods_at(request))} if headers and "Allow" in headers else headers


def _methods_at(request: Request) -> list[str]:
    """What may be asked at this path, whichever of our addresses answers it."""
    routes = (route for route in request.app.routes if isinstance(route, Route))
    found = (route for route in routes if route.matches(request.scope)[0] is not Match.NONE)
    return sorted({method for route in found for method in route.methods or ()})


def _invalid(error: RequestValidationError) -> HttpError:
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"][1:])[:80]
    message = f"{name}: {first['msg']}"
    return HttpError(422, "parameter_invalid", message, N_("See /openapi.json for the values."))


def _unserved(error: HTTPException) -> HttpError:
    code, message = _MISSING.get(error.status_code, ("refused", str(error.detail)))
    return HttpError(error.status_code, code, message, N_("See /openapi.json."))


def _too_large(error: BodyTooLargeError) -> HttpError:
    return HttpError(413, error.code, error.message, N_("Send less at once."))


def _unreadable(error: StoreError) -> HttpError:
    _LOGGER.warning("database not usable: %s", error)
    message, hint = N_("The database does not answer."), N_("Try again in a minute.")
    return HttpError(503, "store_unusable", message, hint)


_REFUSALS: Final[Mapping[type[Exception], Callable[[Any], HttpError]]] = {
    HttpError: lambda error: error,
    RequestValidationError: _invalid,
    HTTPException: _unserved,
    BodyTooLargeError: _too_large,
    StoreError: _unreadable,
}


def language_asked(request: Request, default: str) -> str:
    """As the request asks for it, else the school's."""
    accepted = request.headers.get("accept-language", "")
    return requested_language(request.query_params.get("lang", ""), accepted, default)
