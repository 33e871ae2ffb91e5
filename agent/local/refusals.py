"""This file gives the local door's answers one shape, and its refusals their words."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Final, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from protocol import guard
from protocol.errors import LopHocError
from protocol.shapes import from_json
from protocol.words import N_

MAX_BODY: Final = 64 * 1024
NAMES: Final = ("127.0.0.1", "localhost")

Shape = TypeVar("Shape", bound=msgspec.Struct)


class DoorError(LopHocError):
    """A request that is not carried out; `status` is HTTP's."""

    def __init__(
        self, status: HTTPStatus, code: str, message: str, hint: str = "", **values: object
    ) -> None:
        super().__init__(code, message, hint, **values)
        self.status = status


Refuse = Callable[[Request, DoorError], Response]


def turned_away(why: guard.Refusal) -> DoorError:
    """What a request hears that the guard turned away."""
    match why:
        case guard.Refusal.FOREIGN_HOST:
            message = N_("This address is not this computer's.")
            hint = N_("Use http://127.0.0.1 and the agent's port.")
            return DoorError(HTTPStatus.FORBIDDEN, why.value, message, hint)
        case guard.Refusal.FOREIGN_ORIGIN:
            message = N_("Another web site may not use this computer's agent.")
            return DoorError(HTTPStatus.FORBIDDEN, why.value, message)
        case guard.Refusal.TOO_LARGE:
            message = N_("The request is too large.")
            return DoorError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, why.value, message)


async def body_of(request: Request) -> bytes:
    """The request's body. Raises DoorError if it is not said to be JSON, BodyTooLargeError."""
    body = await request.body()
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and kind != "application/json":
        raise DoorError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "not_json",
            N_("Only JSON is understood."),
            N_("Send the header Content-Type: application/json."),
        )
    return body


async def decode_body(request: Request, shape: type[Shape], message: str) -> Shape:
    """The request's body in its shape; an empty one is an empty object.

    message: what to say where it is not of this shape. Raises DoorError, BodyTooLargeError.
    """
    try:
        return from_json(await body_of(request) or b"{}", shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise invalid(message, str(error)) from error


def invalid(message: str, detail: str) -> DoorError:
    """The error of a body that cannot be understood."""
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    return DoorError(status, "invalid", message, "{cause}", cause=detail[:200])


def json_response(content: object, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """The content as JSON that no cache keeps and no browser takes for something else."""
    headers = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
    body = msgspec.json.encode(content)
    return Response(body, status, headers, media_type="application/json")
