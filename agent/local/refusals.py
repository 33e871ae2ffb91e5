"""This file gives the local door's answers one shape, and its refusals their words."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from protocol import guard
from protocol.errors import LopHocError
from protocol.words import N_

MAX_BODY: Final = 64 * 1024
NAMES: Final = ("127.0.0.1", "localhost")


class Refusal(LopHocError):  # noqa: N818 - an answer, not a fault
    """A request that is not carried out; `status` is HTTP's."""

    def __init__(
        self, status: HTTPStatus, code: str, message: str, hint: str = "", **values: object
    ) -> None:
        super().__init__(code, message, hint, **values)
        self.status = status


def refusal_of(why: guard.Refusal) -> Refusal:
    """What a request hears that the guard turned away."""
    match why:
        case guard.Refusal.FOREIGN_HOST:
            message = N_("This address is not this computer's.")
            hint = N_("Use http://127.0.0.1 and the agent's port.")
            return Refusal(HTTPStatus.FORBIDDEN, why.value, message, hint)
        case guard.Refusal.FOREIGN_ORIGIN:
            message = N_("Another web site may not use this computer's agent.")
            return Refusal(HTTPStatus.FORBIDDEN, why.value, message)
        case guard.Refusal.TOO_LARGE:
            message = N_("The request is too large.")
            return Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, why.value, message)


async def body_of(request: Request) -> bytes:
    """The request's body. Raises Refusal if it is not said to be JSON, BodyTooLargeError."""
    body = await request.body()
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
