"""This file is the agent's door for the teacher's window: JSON over HTTP on this computer only."""

from __future__ import annotations

import unicodedata
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import uuid4

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from agent.attendance import Mark, RollFull
from agent.clerk import Clerk
from agent.lesson import event_id
from agent.local.equipment import EquipmentDoor
from agent.local.guard import Guard, Refusal, body_of, json_response
from agent.local.status import status_of
from agent.local.surroundings import Surroundings
from protocol import __version__
from protocol.messages import LessonEnded
from protocol.model import AttendanceStatus, Method, iso
from protocol.outbox import OutboxError
from protocol.topics import MAX_CODE
from protocol.words import (
    LANGUAGES,
    N_,
    Translate,
    translator,
)

Endpoint = Callable[[Request], Awaitable[Response]]


class _Tap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    student: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_CODE)]
    status: AttendanceStatus
    method: Method = Method.MANUAL


_tap = msgspec.json.Decoder(_Tap)

_REFUSED: Final = (
    HTTPStatus.INSUFFICIENT_STORAGE,
    "outbox_refused",
    N_("Not kept: the disk takes no new records."),
    N_("Free some space on the disk, then do it again."),
)


def application(clerk: Clerk, around: Surroundings) -> ASGIApp:
    """The application behind the guard."""
    door = _Door(clerk, around)
    routes = [
        Route("/healthz", door.healthz),
        Route("/api/v1/status", door.status),
        Route("/api/v1/attendance", door.attendance, methods=["POST"]),
        Route("/api/v1/lesson/start", door.start_lesson, methods=["POST"]),
        Route("/api/v1/lesson/end", door.end_lesson, methods=["POST"]),
        *EquipmentDoor(clerk, around.hands).routes(),
    ]
    handlers: Mapping[Any, Any] = {
        Refusal: door.refuse,
        OutboxError: door.refuse_storage,
        HTTPStatus.NOT_FOUND: door.not_found,
        HTTPStatus.METHOD_NOT_ALLOWED: door.not_allowed,
    }
    return Guard(Starlette(routes=routes, exception_handlers=handlers), door.refusal)


class _Door:
    """The answers, each from the clerk's."""

    def __init__(self, clerk: Clerk, around: Surroundings) -> None:
        self._clerk = clerk
        self._around = around

    async def healthz(self, _request: Request) -> Response:
        """Whether the agent runs at all."""
        return json_response({"status": "ok", "version": __version__})

    async def status(self, request: Request) -> Response:
        """Everything the teacher's screen shows."""
        return json_response(status_of(self._clerk, self._around, self._language(request)))

    async def attendance(self, request: Request) -> Response:
        """Mark a pupil: 201 once it is on the disk, 200 if it had been before."""
        tap = _tapped(await body_of(request))
        try:
            mark, new = await self._clerk.mark(tap.student, tap.status, tap.method)
        except RollFull as error:
            raise Refusal(
                HTTPStatus.CONFLICT, "roll_full", N_("Today's roll holds too many pupils.")
            ) from error
        return json_response(_kept(mark), HTTPStatus.CREATED if new else HTTPStatus.OK)

    async def start_lesson(self, request: Request) -> Response:
        """Start a lesson, or tell of the one that runs."""
        await body_of(request)
        running = (await self._clerk.start_lesson(str(uuid4()))).lesson.running
        lesson = running.lesson if running else ""
        return json_response(
            {
                "lesson": lesson,
                "state": "running",
                "event_id": event_id(lesson, "started"),
                "since": iso(running.since_ms) if running else None,
            }
        )

    async def end_lesson(self, request: Request) -> Response:
        """End the lesson, or tell that none runs."""
        await body_of(request)
        step = await self._clerk.end_lesson()
        ended = next((each for each in step.said if isinstance(each, LessonEnded)), None)
        return json_response(
            {
                "lesson": ended.lesson if ended else None,
                "state": "idle",
                "event_id": ended.id if ended else None,
            }
        )

    async def refuse(self, request: Request, error: Refusal) -> Response:
        """Answer a refusal."""
        return self.refusal(request, error)

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
        say = translator(self._language(request))
        words = {
            "code": refusal.code,
            "message": say(refusal.message),
            "hint": _filled(refusal, say),
        }
        return json_response({"error": words}, refusal.status)

    def _language(self, request: Request) -> str:
        asked = request.query_params.get("lang", "")
        accepted = request.headers.get("accept-language", "")[:200].split(",")
        wanted = [asked, *(each.partition(";")[0].strip()[:2].lower() for each in accepted)]
        return next((each for each in wanted if each in LANGUAGES), self._around.language)


def _filled(refusal: Refusal, say: Translate) -> str:
    hint = say(refusal.hint) if refusal.hint else ""
    return hint.replace("{cause}", str(refusal.values.get("cause", "")))


def _tapped(body: bytes) -> _Tap:
    try:
        tap = _tap.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _invalid(str(error)) from error
    student = unicodedata.normalize("NFC", tap.student)
    if not student.isprintable() or student != student.strip() or len(student) > MAX_CODE:
        raise _invalid("a pupil's code is printable text without spaces around it")
    return msgspec.structs.replace(tap, student=student)


def _invalid(detail: str) -> Refusal:
    return Refusal(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "invalid",
        N_("This mark cannot be understood."),
        "{cause}",
        cause=detail,
    )


def _kept(mark: Mark) -> dict[str, object]:
    return {
        "event_id": mark.event_id,
        "student": mark.student,
        "status": mark.status,
        "method": mark.method,
        "at": iso(mark.at_ms),
        "lesson": mark.lesson,
        "kept": True,
    }
