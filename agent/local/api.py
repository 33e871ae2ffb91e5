"""This file is the agent's door for the teacher's window: JSON over HTTP on this computer only."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from agent.local.equipment import EquipmentDoor
from agent.local.lessons import LessonDoor
from agent.local.page.routes import routes as page_routes
from agent.local.refusals import MAX_BODY, NAMES, Refusal, json_response, refusal_of
from agent.local.status import status_of
from agent.local.surroundings import Surroundings
from agent.store import ClassroomStore
from agent.tablets import board
from agent.tablets.service import TabletService
from protocol import __version__, guard
from protocol.guard import BodyTooLargeError, Guard, at_own_port
from protocol.language import fill, requested_language
from protocol.outbox import OutboxError
from protocol.words import (
    LANGUAGES,
    N_,
    translator,
)

_REFUSED: Final = (
    HTTPStatus.INSUFFICIENT_STORAGE,
    "outbox_refused",
    N_("Not kept: the disk takes no new records."),
    N_("Free some space on the disk, then do it again."),
)


def application(
    store: ClassroomStore, surroundings: Surroundings, tablets: TabletService | None = None
) -> ASGIApp:
    """The application behind the guard; with the board's page where tablets check in."""
    door = _Door(store, surroundings)
    routes = [
        Route("/healthz", door.healthz),
        Route("/api/v1/status", door.status),
        *LessonDoor(store, surroundings, door.language).routes(),
        *page_routes(surroundings.language),
        *EquipmentDoor(store, surroundings.actions).routes(),
        *(board.routes(tablets, door.own_language) if tablets else []),
    ]
    handlers: Mapping[Any, Any] = {
        Refusal: door.refuse,
        BodyTooLargeError: door.refuse_size,
        OutboxError: door.refuse_storage,
        HTTPStatus.NOT_FOUND: door.not_found,
        HTTPStatus.METHOD_NOT_ALLOWED: door.not_allowed,
    }
    return Guard(
        Starlette(routes=routes, exception_handlers=handlers),
        lambda scope, why: door.refusal(Request(scope), refusal_of(why)),
        is_ours=at_own_port(*NAMES),
        max_body=MAX_BODY,
    )


class _Door:
    """The answers, each from the store's."""

    def __init__(self, store: ClassroomStore, surroundings: Surroundings) -> None:
        self._store = store
        self._surroundings = surroundings

    async def healthz(self, _request: Request) -> Response:
        """Whether the agent runs at all."""
        return json_response({"status": "ok", "version": __version__})

    async def status(self, request: Request) -> Response:
        """Everything the teacher's screen shows."""
        return json_response(status_of(self._store, self._surroundings, self.language(request)))

    async def refuse(self, request: Request, error: Refusal) -> Response:
        """Answer a refusal."""
        return self.refusal(request, error)

    async def refuse_size(self, request: Request, _error: BodyTooLargeError) -> Response:
        """Answer for a body that went on and on."""
        return self.refusal(request, refusal_of(guard.Refusal.TOO_LARGE))

    async def refuse_storage(self, request: Request, _error: OutboxError) -> Response:
        """Answer for a disk that takes nothing."""
        return self.refusal(request, Refusal(*_REFUSED))

    async def not_found(self, request: Request, _error: Exception) -> Response:
        """Answer for an address that is not ours."""
        missing = Refusal(HTTPStatus.NOT_FOUND, "not_found", N_("There is nothing here."))
        return self.refusal(request, missing)

    async def not_allowed(self, request: Request, _error: Exception) -> Response:
        """Answer for a method that an address does not take."""
        refusal = Refusal(
            HTTPStatus.METHOD_NOT_ALLOWED, "not_allowed", N_("This cannot be done here.")
        )
        return self.refusal(request, refusal)

    def refusal(self, request: Request, refusal: Refusal) -> Response:
        """The refusal in the caller's language."""
        say = translator(self.language(request))
        words = {
            "code": refusal.code,
            "message": say(refusal.message),
            "hint": fill(say(refusal.hint), refusal.values) if refusal.hint else "",
        }
        return json_response({"error": words}, refusal.status)

    def own_language(self, request: Request) -> str:
        """The language of a page in the room: the room's own, whatever the browser prefers."""
        lang = request.query_params.get("lang", "")
        return lang if lang in LANGUAGES else self._surroundings.language

    def language(self, request: Request) -> str:
        """The language that the caller asks for."""
        lang = request.query_params.get("lang", "")
        accepted = request.headers.get("accept-language", "")
        return requested_language(lang, accepted, self._surroundings.language)
