"""This file is the part of the door where a person has this computer join its school."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from agent.joining.reports import JoinOrder
from agent.local.refusals import decode_body, json_response
from agent.local.surroundings import Surroundings
from protocol.model import NO_ROOM
from protocol.words import N_

_UNCLEAR: Final = N_("This request cannot be understood.")
_Text = Annotated[str, msgspec.Meta(max_length=400)]


class _Code(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    code: Annotated[_Text, msgspec.Meta(min_length=1)]
    controller: _Text = ""


class _Knock(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    controller: _Text = ""


class _Compared(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    same: bool


class JoiningDoor:
    """What a person typed, handed to who does it; how it goes stands in what the teacher sees."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings

    def routes(self) -> list[Route]:
        """The addresses of this part of the door."""
        return [
            Route("/api/v1/enrolment", self.tell, methods=["GET"]),
            Route("/api/v1/enrolment", self.join, methods=["POST"]),
            Route("/api/v1/enrolment/knock", self.knock, methods=["POST"]),
            Route("/api/v1/enrolment/compared", self.compare, methods=["POST"]),
        ]

    async def tell(self, _request: Request) -> Response:
        """How joining goes, for a program: the latest report, null before there is any."""
        report = msgspec.json.encode(self._surroundings.joining.latest)
        return Response(report, media_type="application/json")

    async def join(self, request: Request) -> Response:
        """Begin to join: 202; 200 where a try goes on, which this one does not disturb."""
        body = await decode_body(request, _Code, _UNCLEAR)
        return self._begin(body.code.strip(), body.controller)

    async def knock(self, request: Request) -> Response:
        """Begin to join without a code; as `join` answers."""
        return self._begin("", (await decode_body(request, _Knock, _UNCLEAR)).controller)

    async def compare(self, request: Request) -> Response:
        """A person compared the digits: 202; 200 where none are shown any more."""
        body = await decode_body(request, _Compared, _UNCLEAR)
        return _answer(is_taken=self._surroundings.joining.compare(is_same=body.same))

    def _begin(self, typed: str, controller: str) -> Response:
        around = self._surroundings
        order = JoinOrder(
            typed=typed,
            controller=controller.strip(),
            agent=around.place.agent,
            label=around.label,
            data=str(around.data),
            room="" if (room := around.room()) == NO_ROOM else room,
        )
        return _answer(is_taken=around.joining.start(order))


def _answer(*, is_taken: bool) -> Response:
    return json_response({"begun": is_taken}, HTTPStatus.ACCEPTED if is_taken else HTTPStatus.OK)
