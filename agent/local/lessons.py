"""This file is the door for what a teacher does in a lesson: start, mark, confirm, end, undo."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Final
from uuid import uuid4

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from agent.classroom import ClassroomStep
from agent.lessons.doubts import DoubtAnswer
from agent.lessons.lesson import event_id
from agent.lessons.marks import PupilMark
from agent.lessons.meant import (
    Meant,
    MeantUndo,
    PressGuard,
    hold_lesson,
    hold_roll,
    hold_undo,
    hold_undone,
)
from agent.lessons.proving import Confirmer
from agent.lessons.teaching import NoLesson, Teaching, TeachingStep
from agent.local.confirmers import Confirmers
from agent.local.refusals import Shape, decode_body, invalid, json_response
from agent.local.surroundings import Surroundings
from agent.local.teacher.feed import TeacherFeed
from agent.room import Moment
from agent.store import ClassroomStore, TeachingAction
from protocol.guide import Pin
from protocol.messages import Classes, LessonEnded, Part
from protocol.model import MAX_CODE, AttendanceStatus, Method, iso
from protocol.words import N_

_UNCLEAR: Final = N_("This mark cannot be understood.")
_Student = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_CODE)]


class _Deed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    meant: Meant = Meant()


class _Start(_Deed, frozen=True, kw_only=True, forbid_unknown_fields=True):
    classes: Classes = ()
    substitute: bool = False


class _Vouched(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A deed that the school may want somebody to vouch for: by name, and by a PIN or none."""

    teacher: Annotated[str, msgspec.Meta(max_length=MAX_CODE)] = ""
    pin: Pin | None = None

    def __repr__(self) -> str:
        """No PIN stands in a log."""
        return f"{type(self).__name__}(...)"


class _Confirm(_Vouched, frozen=True, kw_only=True, forbid_unknown_fields=True):
    meant: Meant = Meant()


class _Undo(_Vouched, frozen=True, kw_only=True, forbid_unknown_fields=True):
    meant: MeantUndo = MeantUndo()


class _Tap(_Vouched, frozen=True, kw_only=True, forbid_unknown_fields=True):
    meant: Meant = Meant()
    student: _Student
    status: AttendanceStatus


class _Settle(_Deed, frozen=True, kw_only=True, forbid_unknown_fields=True):
    answers: Annotated[tuple[DoubtAnswer, ...], msgspec.Meta(min_length=1, max_length=120)]


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
        self._guard = PressGuard()
        self._confirmers = Confirmers(store)

    def routes(self) -> list[Route]:
        """Where they are given."""
        return [
            Route("/api/v1/teacher", self.teacher),
            Route("/api/v1/attendance", self.attendance, methods=["POST"]),
            Route("/api/v1/lessons/{lesson}", self.lesson),
            Route("/api/v1/lesson/start", self.start, methods=["POST"]),
            Route("/api/v1/lesson/end", self.end, methods=["POST"]),
            Route("/api/v1/roll/confirm", self.confirm, methods=["POST"]),
            Route("/api/v1/roll/mark", self.tap, methods=["POST"]),
            Route("/api/v1/roll/settle", self.settle, methods=["POST"]),
            Route("/api/v1/undo", self.undo, methods=["POST"]),
            Route("/api/v1/fault", self.fault, methods=["POST"]),
            Route("/api/v1/scan", self.scan, methods=["POST"]),
        ]

    async def teacher(self, request: Request) -> Response:
        """What the teacher sees; with ?after=REV only once it is another, or after 20 seconds."""
        after, language = request.query_params.get("after", ""), self._language(request)
        return json_response(await self._feed.next_tree(language, after, request.is_disconnected))

    async def lesson(self, request: Request) -> Response:
        """The roll of a lesson that is here: today's, or one that nobody has confirmed."""
        code = str(request.path_params["lesson"])
        tree = self._feed.lesson_tree(code, self._language(request))
        if tree is None:
            raise NoLesson
        return json_response(tree)

    async def start(self, request: Request) -> Response:
        """Start a lesson, or tell of the one that runs."""
        body = await _body(request, _Start)

        def start(teaching: Teaching, moment: Moment) -> TeachingStep:
            hold_lesson(teaching, body.meant)
            return teaching.start(str(uuid4()), moment, body.classes, substitute=body.substitute)

        await self._press("start", start)
        running = self._store.classroom.lesson.running
        lesson = running.lesson if running else ""
        return await self._answer(
            request,
            lesson=lesson,
            state="running",
            event_id=event_id(lesson, "started"),
            since=iso(running.since_ms) if running else None,
        )

    async def end(self, request: Request) -> Response:
        """End the lesson, or tell that none runs."""
        body = await _body(request, _Deed)

        def end(teaching: Teaching, moment: Moment) -> TeachingStep:
            hold_lesson(teaching, body.meant)
            return teaching.end(moment)

        step = await self._press("end", end)
        ended = next(
            (message for message in step.messages if isinstance(message, LessonEnded)), None
        )
        return await self._answer(
            request,
            lesson=ended.lesson if ended else None,
            state="idle",
            event_id=ended.id if ended else None,
        )

    async def confirm(self, request: Request) -> Response:
        """The teacher's word on everyone: in the lesson that is meant, else in the one shown."""
        body = await _body(request, _Confirm)
        by = await self._voucher(body)

        def confirm(teaching: Teaching, moment: Moment) -> TeachingStep:
            hold_roll(teaching, body.meant)
            return teaching.confirm(moment, body.meant.lesson or "", by)

        await self._press("confirm", confirm)
        return await self._answer(request)

    async def tap(self, request: Request) -> Response:
        """The teacher says how one pupil is; where the roll is confirmed, by whose word."""
        body = await _body(request, _Tap)
        await self._tap(_student(body.student), body)
        return await self._answer(request)

    async def settle(self, request: Request) -> Response:
        """The teacher says whose the cards are that several pupils of the lesson may hold."""
        body = await _body(request, _Settle)

        def settle(teaching: Teaching, moment: Moment) -> TeachingStep:
            del moment
            hold_roll(teaching, body.meant)
            return teaching.settle(body.answers, body.meant.lesson or "")

        return await self._do(request, settle)

    async def undo(self, request: Request) -> Response:
        """Take the last step back while it is offered; what was confirmed, by whose word."""
        body = await _body(request, _Undo)
        by = await self._voucher(body)

        def undo(teaching: Teaching, moment: Moment) -> TeachingStep:
            hold_undo(teaching, body.meant)
            step = teaching.undo(moment, by)
            hold_undone(step.teaching, body.meant)
            return step

        return await self._do(request, undo)

    async def fault(self, request: Request) -> Response:
        """The teacher says that something is broken."""
        part = (await _body(request, _Fault)).part
        return await self._do(request, lambda teaching, moment: teaching.report(part, moment))

    async def scan(self, request: Request) -> Response:
        """Begin to read the class's cards, or end it."""
        body = await _body(request, _Scan)
        if self._surroundings.scanner is not None:
            self._surroundings.scanner.switch(on=body.on)
        return await self._answer(request)

    async def attendance(self, request: Request) -> Response:
        """A mark by another program: 201 once kept, 200 if it had been, 202 on an open roll.

        On a lesson's roll a person's mark is a tap, and a machine's is a suggestion; on that of the
        lesson that is meant, else of the one that runs.
        """
        body = await _body(request, _Mark)
        student = _student(body.student)
        if self._has_roll(body.meant):
            await self._on_roll(student, body)
            answer = {
                "student": student,
                "status": body.status,
                "method": body.method,
                "kept": True,
            }
            return json_response(answer, HTTPStatus.ACCEPTED)
        hold_lesson(self._store.classroom.teaching, body.meant)
        mark, new = await self._store.mark(student, body.status, body.method)
        return json_response(_mark_tree(mark), HTTPStatus.CREATED if new else HTTPStatus.OK)

    def _has_roll(self, meant: Meant) -> bool:
        """Whether the lesson that is meant, else the one that runs, has a roll here."""
        here = self._store.classroom.lesson
        lesson = here.find(meant.lesson) if meant.lesson else here.running
        return lesson is not None and lesson.sheet is not None

    async def _on_roll(self, student: str, body: _Mark) -> None:
        if body.method is Method.MANUAL:
            await self._tap(student, body)
        else:
            hold_roll(self._store.classroom.teaching, body.meant)
            await self._store.suggest(student, body.method)

    async def _tap(self, student: str, body: _Tap) -> None:
        by = await self._voucher(body)

        def tap(teaching: Teaching, moment: Moment) -> TeachingStep:
            hold_roll(teaching, body.meant)
            return teaching.tap(student, body.status, moment, body.meant.lesson or "", by)

        await self._store.teach(tap)

    async def _voucher(self, body: _Vouched) -> Confirmer | None:
        return await self._confirmers.confirmer(body.teacher, body.pin)

    async def _press(self, deed: str, action: TeachingAction) -> ClassroomStep:
        """Take a step of the lesson, unless its button was another one a moment ago."""
        self._guard.admit(deed, self._store.now().steady_s)
        return await self._store.teach(action)

    async def _do(self, request: Request, action: TeachingAction) -> Response:
        await self._store.teach(action)
        return await self._answer(request)

    async def _answer(self, request: Request, **more: object) -> Response:
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
