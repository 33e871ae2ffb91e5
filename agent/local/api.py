"""This file is the agent's door for the teacher's window: JSON over HTTP on this computer only."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import formatdate
from http import HTTPStatus
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from agent.clock import zone_min
from agent.lessons.marks import MarkBookFull
from agent.lessons.meant import Outdated, TooLate, TooSoon
from agent.lessons.sheet import NotOnRoll
from agent.lessons.teaching import NoClass, NoLesson
from agent.local.access import Doorkeeper, KeyDoor
from agent.local.doctor import DoctorDoor
from agent.local.equipment import EquipmentDoor
from agent.local.joining import JoiningDoor
from agent.local.keys import DoorKeys
from agent.local.lessons import LessonDoor
from agent.local.page.routes import routes as page_routes
from agent.local.refusals import MAX_BODY, NAMES, DoorError, json_response, turned_away
from agent.local.status import status_of
from agent.local.surroundings import Surroundings
from agent.store import ClassroomStore
from agent.tablets import board
from agent.tablets.service import TabletService
from protocol import guard
from protocol.guard import BodyTooLargeError, Guard, at_own_port
from protocol.language import requested_language
from protocol.outbox import OutboxError
from protocol.version import BUILD
from protocol.words import LANGUAGES, N_, translator

# What the store refuses, by its error: HTTP's status, the code, what to say, and what to do.
_REFUSALS: Final[Mapping[type[Exception], tuple[HTTPStatus, str, str, str]]] = {
    OutboxError: (
        HTTPStatus.INSUFFICIENT_STORAGE,
        "outbox_refused",
        N_("Not kept: the disk takes no new records."),
        N_("Free some space on the disk, then do it again."),
    ),
    NoLesson: (
        HTTPStatus.CONFLICT,
        "no_roll",
        N_("There is no roll now."),
        N_("Start the lesson; the class list must be on this computer."),
    ),
    NoClass: (
        HTTPStatus.CONFLICT,
        "no_class",
        N_("No class is chosen yet."),
        N_("Choose the class, then start the lesson."),
    ),
    Outdated: (
        HTTPStatus.CONFLICT,
        "outdated",
        N_("Nothing was done: the lesson has gone on since this screen was shown."),
        N_("Look at it again, then press."),
    ),
    TooSoon: (
        HTTPStatus.CONFLICT,
        "too_soon",
        N_("Nothing was done: the button had just become another one."),
        N_("Look at it again, then press."),
    ),
    TooLate: (
        HTTPStatus.CONFLICT,
        "too_late",
        N_("This can no longer be undone."),
        N_("Correct each mark in the list; a lesson that was ended goes on by Start."),
    ),
    NotOnRoll: (HTTPStatus.CONFLICT, "not_on_roll", N_("This pupil is not on the roll."), ""),
    MarkBookFull: (
        HTTPStatus.CONFLICT,
        "roll_full",
        N_("Today's roll holds too many pupils."),
        "",
    ),
}


def routes_of(
    store: ClassroomStore,
    surroundings: Surroundings,
    keys: DoorKeys,
    tablets: TabletService | None = None,
) -> list[Route]:
    """Every address of the door; `agent.local.access` says who may use it."""
    door = _Door(store, surroundings)
    return [
        Route("/livez", door.livez),
        Route("/healthz", door.livez),
        Route("/api/v1/status", door.status),
        *KeyDoor(keys).routes(),
        *LessonDoor(store, surroundings, door.language).routes(),
        *page_routes(surroundings.language),
        *EquipmentDoor(store, surroundings.actions).routes(),
        *JoiningDoor(surroundings).routes(),
        *DoctorDoor(surroundings.examine, door.language).routes(),
        *(board.routes(tablets, door.own_language) if tablets else []),
    ]


def application(
    store: ClassroomStore,
    surroundings: Surroundings,
    keys: DoorKeys,
    tablets: TabletService | None = None,
) -> ASGIApp:
    """The application behind guard and doorkeeper; with the board's page where tablets check in."""
    door, routes = _Door(store, surroundings), routes_of(store, surroundings, keys, tablets)
    statuses = (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)
    refused = (DoorError, BodyTooLargeError, *_REFUSALS, *statuses)
    handlers: dict[Any, Any] = dict.fromkeys(refused, door.refuse)
    return Guard(
        Doorkeeper(Starlette(routes=routes, exception_handlers=handlers), keys, door.refusal),
        lambda scope, why: door.refusal(Request(scope), turned_away(why)),
        is_ours=at_own_port(*NAMES),
        max_body=MAX_BODY,
    )


class _Door:
    def __init__(self, store: ClassroomStore, surroundings: Surroundings) -> None:
        self._store = store
        self._surroundings = surroundings

    async def livez(self, _request: Request) -> Response:
        """Whether the agent runs at all, its clock (RFC 9110, 6.6.1) and its zone's minutes."""
        at_ms = self._store.now().at_ms
        answer = json_response({"status": "ok", "version": BUILD})
        answer.headers["date"] = formatdate(at_ms / 1000, usegmt=True)
        answer.headers["lophoc-zone-min"] = str(zone_min(at_ms))
        return answer

    async def status(self, request: Request) -> Response:
        """Everything the teacher's screen shows."""
        return json_response(status_of(self._store, self._surroundings, self.language(request)))

    async def refuse(self, request: Request, error: Exception) -> Response:
        """Answer for what is not carried out."""
        return self.refusal(request, _door_error(error))

    def refusal(self, request: Request, error: DoorError) -> Response:
        """The error in the caller's language."""
        message, hint = error.parts(translator(self.language(request)))
        words = {"code": error.code, "message": message, "hint": hint}
        return json_response({"error": words}, error.status)

    def own_language(self, request: Request) -> str:
        """The language of a page in the room: the room's own, whatever the browser prefers."""
        lang = request.query_params.get("lang", "")
        return lang if lang in LANGUAGES else self._surroundings.language

    def language(self, request: Request) -> str:
        """The language that the caller asks for."""
        lang = request.query_params.get("lang", "")
        accepted = request.headers.get("accept-language", "")
        return requested_language(lang, accepted, self._surroundings.language)


def _door_error(error: Exception) -> DoorError:
    match error:
        case DoorError():
            return error
        case BodyTooLargeError():
            return turned_away(guard.Refusal.TOO_LARGE)
        case HTTPException(status_code=HTTPStatus.NOT_FOUND):
            return DoorError(HTTPStatus.NOT_FOUND, "not_found", N_("There is nothing here."))
        case HTTPException():
            message = N_("This cannot be done here.")
            return DoorError(HTTPStatus.METHOD_NOT_ALLOWED, "not_allowed", message)
        case _:
            return DoorError(*_REFUSALS[type(error)])
