"""This file is the door for what a teacher does in a lesson: start, mark, confirm, end, undo."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Annotated, Final
from uuid import uuid4

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from agent.lessons.lesson import event_id
from agent.lessons.marks import PupilMark
from agent.local.refusals import Shape, decode_body, invalid, json_response
from agent.local.surroundings import Surroundings
from agent.local.teacher.feed import TeacherFeed
from agent.store import ClassroomStore, TeachingAction
from protocol.messages import Classes, LessonEnded, Part
from protocol.model import AttendanceStatus, Method, iso
from protocol.topics import MAX_CODE
from protocol.words import N_

_UNCLEAR: Final = N_("This mark cannot be understood.")
_Student = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_CODE)]


class _Start(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    classes: Classes = ()
    substitute: bool = False


class _Nothing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class _Tap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    student: _Student
    status: AttendanceStatus


class _Mark(_Tap, frozen=True, kw_only=True, forbid_unknown_fields=True):
    method: Method = Method.MANUAL


class _Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    part: Part


class _Scan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    on: bool


class LessonDoor:
    """The answers to a teacher, each from the store's."""

    def __init__(
        self, store: ClassroomStore, surroundings: Surroundings, language: Callable[[Request], str]
    ) -> None:
        self._store = store
        self._surroundings = surroundings
        self._language = language
        self._feed = TeacherFeed(store, surroundings)

    def routes(self) -> list[Route]:
        """Where they are given."""
        return [
            Route("/api/v1/teacher", self.teacher),
            Route("/api/v1/attendance", self.attendance, methods=["POST"]),
            Route("/api/v1/lesson/start", self.start, methods=["POST"]),
            Route("/api/v1/lesson/end", self.end, methods=["POST"]),
            Route("/api/v1/roll/confirm", self.confirm, methods=["POST"]),
            Route("/api/v1/roll/mark", self.tap, methods=["POST"]),
            Route("/api/v1/undo", self.undo, methods=["POST"]),
            Route("/api/v1/fault", self.fault, methods=["POST"]),
            Route("/api/v1/scan", self.scan, methods=["POST"]),
        ]

    async def teacher(self, request: Request) -> Response:
        """What the teacher sees; with ?after=REV only once it is another, or after 20 seconds."""
        after, language = request.query_params.get("after", ""), self._language(request)
        return json_response(await self._feed.next_tree(language, after, request.is_disconnected))

    async def start(self, request: Request) -> Response:
        """Start a lesson, or tell of the one that runs."""
        body = await _body(request, _Start)
        await self._store.teach(
            lambda teaching, moment: teaching.start(
                str(uuid4()), moment, body.classes, substitute=body.substitute
            )
        )
        running = self._store.classroom.lesson.running
        lesson = running.lesson if running else ""
        return await self._answer(
            request,
            {
                "lesson": lesson,
                "state": "running",
                "event_id": event_id(lesson, "started"),
                "since": iso(running.since_ms) if running else None,
            },
        )

    async def end(self, request: Request) -> Response:
        """End the lesson, or tell that none runs."""
        await _body(request, _Nothing)
        step = await self._store.end_lesson()
        ended = next(
            (message for message in step.messages if isinstance(message, LessonEnded)), None
        )
        return await self._answer(
            request,
            {
                "lesson": ended.lesson if ended else None,
                "state": "idle",
                "event_id": ended.id if ended else None,
            },
        )

    async def confirm(self, request: Request) -> Response:
        """The teacher's word on everyone."""
        await _body(request, _Nothing)
        return await self._do(request, lambda teaching, moment: teaching.confirm(moment))

    async def tap(self, request: Request) -> Response:
        """The teacher says how one pupil is."""
        body = await _body(request, _Tap)
        student = _student(body.student)
        return await self._do(
            request, lambda teaching, moment: teaching.tap(student, body.status, moment)
        )

    async def undo(self, request: Request) -> Response:
        """Take the last step back, within ten seconds."""
        await _body(request, _Nothing)
        return await self._do(request, lambda teaching, moment: teaching.undo(moment))

    async def fault(self, request: Request) -> Response:
        """The teacher says that something is broken."""
        part = (await _body(request, _Fault)).part
        return await self._do(request, lambda teaching, moment: teaching.report(part, moment))

    async def scan(self, request: Request) -> Response:
        """Begin to read the class's cards, or end it."""
        body = await _body(request, _Scan)
        if self._surroundings.scanner is not None:
            self._surroundings.scanner.switch(on=body.on)
        return await self._answer(request, {})

    async def attendance(self, request: Request) -> Response:
        """A mark by another program: 201 once kept, 200 if it had been, 202 on an open roll.

        On a lesson's roll a person's mark is a tap, and a machine's is a suggestion.
        """
        body = await _body(request, _Mark)
        student = _student(body.student)
        if self._store.classroom.lesson.sheet is not None:
            await self._on_roll(student, body)
            answer = {
                "student": student,
                "status": body.status,
                "method": body.method,
                "kept": True,
            }
            return json_response(answer, HTTPStatus.ACCEPTED)
        mark, new = await self._store.mark(student, body.status, body.method)
        return json_response(_mark_tree(mark), HTTPStatus.CREATED if new else HTTPStatus.OK)

    async def _on_roll(self, student: str, body: _Mark) -> None:
        if body.method is Method.MANUAL:
            await self._store.teach(
                lambda teaching, moment: teaching.tap(student, body.status, moment)
            )
        else:
            await self._store.suggest(student, body.method)

    async def _do(self, request: Request, action: TeachingAction) -> Response:
        await self._store.teach(action)
        return await self._answer(request, {})

    async def _answer(self, request: Request, more: Mapping[str, object]) -> Response:
        return json_response({**await self._feed.tree(self._language(request)), **more})


async def _body(request: Request, shape: type[Shape]) -> Shape:
    return await decode_body(request, shape, _UNCLEAR)


def _student(text: str) -> str:
    student = unicodedata.normalize("NFC", text)
    if not student.isprintable() or student != student.strip() or len(student) > MAX_CODE:
        raise invalid(_UNCLEAR, "a pupil's code is printable text without spaces around it")
    return student


def _mark_tree(mark: PupilMark) -> dict[str, object]:
    return {
        "event_id": mark.event_id,
        "student": mark.student,
        "status": mark.status,
        "method": mark.method,
        "at": iso(mark.at_ms),
        "lesson": mark.lesson,
        "kept": True,
    }
