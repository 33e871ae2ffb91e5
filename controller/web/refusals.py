"""This file gives every error one shape: a stable code, a sentence, what to do."""

from __future__ import annotations

import base64
import binascii
import json
import logging
from collections.abc import Callable
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from controller.database.store import StoreError
from protocol.guard import BodyTooLargeError
from protocol.language import requested_language
from protocol.words import N_, Translate

_LOGGER = logging.getLogger(__name__)

_MISSING: Final = {
    404: ("not_found", N_("There is nothing here.")),
    405: ("method_refused", N_("This cannot be done here.")),
}
_TOO_MANY: Final = 1 << 53  # no log is that long, and a database's number ends near


class HttpError(Exception):
    """A request that cannot be served: the HTTP status, and what to tell the caller."""

    def __init__(self, status: int, code: str, message: str, hint: str) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.hint = hint


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

    def answer(request: Request, status: int, code: str, message: str, hint: str) -> JSONResponse:
        say = translate_to(language_asked(request, default_language))
        error = {"code": code, "message": say(message), "hint": say(hint)}
        return JSONResponse({"error": error}, status)

    @app.exception_handler(HttpError)
    async def refused(request: Request, error: HttpError) -> JSONResponse:
        return answer(request, error.status, error.code, error.message, error.hint)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"][1:])[:80]
        hint = N_("See /openapi.json for the values.")
        return answer(request, 422, "parameter_invalid", f"{name}: {first['msg']}", hint)

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> JSONResponse:
        code, message = _MISSING.get(error.status_code, ("refused", str(error.detail)))
        return answer(request, error.status_code, code, message, N_("See /openapi.json."))

    @app.exception_handler(BodyTooLargeError)
    async def too_large(request: Request, error: BodyTooLargeError) -> JSONResponse:
        return answer(request, 413, error.code, error.message, N_("Send less at once."))

    @app.exception_handler(StoreError)
    async def unreadable(request: Request, error: Exception) -> JSONResponse:
        _LOGGER.warning("database not usable: %s", error)
        message, hint = N_("The database does not answer."), N_("Try again in a minute.")
        return answer(request, 503, "store_unusable", message, hint)


def language_asked(request: Request, default: str) -> str:
    """As the request asks for it, else the school's."""
    accepted = request.headers.get("accept-language", "")
    return requested_language(request.query_params.get("lang", ""), accepted, default)
