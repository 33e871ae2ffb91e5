"""This file serves one lesson of a class: its marks, and the form that corrects one afterwards."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import quote

from fastapi import Path, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from controller.access.gate import gate_of
from controller.attendance.class_lesson import class_lesson_of
from controller.attendance.correction import (
    MAX_NOTE,
    CorrectionWish,
    refusal_of,
    roll_of,
    wish_of,
)
from controller.attendance.missed import is_missed, is_missed_after
from controller.attendance.refusals import class_unknown
from controller.attendance.store import correct, enter_roll
from controller.attendance.words import (
    STATUS_WORDS,
    correction_words,
    lesson_words,
    room_words,
)
from controller.feature import Program
from controller.people.person import Permission
from controller.web.forms import fields_of
from controller.web.noting import add_values
from controller.web.page import PageRenderer
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from protocol.correction import REASON_WORDS, CorrectionReason
from protocol.errors import ActionError
from protocol.words import N_

_STATUSES: Final = {"lesson_unknown": 404, "mark_changed": 409, "roll_confirmed": 409}
_ROLL_REASONS: Final = (CorrectionReason.NOT_CONFIRMED, CorrectionReason.OTHER)
_REASONS: Final = [
    one
    for one in CorrectionReason
    if one not in {CorrectionReason.TAKEN_BACK, CorrectionReason.NOT_CONFIRMED}
]
_MAX_ROLL: Final = 128 * 1024  # a class of 120, three fields each
_MAX_ROLL_FIELDS: Final = 3 * 240 + 4

Name = Annotated[str, Path(max_length=64)]


def add_lesson(router: FeatureRouter, program: Program) -> None:
    """A lesson's page to those whose class it is, its corrections to who may make them."""
    screens, gate = program.service(PageRenderer), program.service(gate_of)

    @router.get("/lessons/{agent}/{lesson}/{code:path}")
    @needs(Permission.MARKS)
    async def lesson_page(request: Request, agent: Name, lesson: Name, code: Name) -> Response:
        if not person_of(request).has_class(code):
            return screens.error(request, class_unknown())
        await run_in_threadpool(gate.note, request, "lesson", f"{code} {lesson}")
        place = program.school.of_agent(agent)
        sheet = await run_in_threadpool(program.store.read, class_lesson_of, place, lesson, code)
        if sheet is None or sheet.lesson.day > screens.today():
            return screens.error(request, _http_error(refusal_of("lesson_unknown")))
        is_corrector = person_of(request).may(Permission.CORRECT)
        has_roll = sheet.confirmed or sheet.entered
        return screens.page(
            request,
            "lesson.html",
            sheet=sheet,
            missed=is_missed(place),
            address=_address(agent, lesson),
            may_correct=has_roll and is_corrector,
            may_enter=not has_roll and is_corrector,
            roll_reasons=[(reason.value, REASON_WORDS[reason]) for reason in _ROLL_REASONS],
            statuses=STATUS_WORDS,
            reasons=[(reason.value, REASON_WORDS[reason]) for reason in _REASONS],
            max_note=MAX_NOTE,
            lesson_words=lesson_words,
            correction_words=correction_words,
            room_words=room_words,
        )

    @router.post("/lessons/{agent}/{lesson}/corrections/{code:path}")
    @needs(Permission.CORRECT)
    async def correct_mark(request: Request, agent: Name, lesson: Name, code: Name) -> Response:
        person = person_of(request)
        if not person.has_class(code):
            return screens.error(request, class_unknown())
        try:
            wish = wish_of(lesson, code, person.account, await fields_of(request))
            place = program.school.of_agent(agent)
            await program.writing.write(correct, place, wish, program.now_ms())
        except ActionError as error:
            return screens.error(request, _http_error(error))
        add_values(request, **_values_of(wish))
        return RedirectResponse(f"{_address(agent, lesson)}/{quote(code)}#marks", 303)

    @router.post("/lessons/{agent}/{lesson}/roll/{code:path}")
    @needs(Permission.CORRECT)
    async def enter_marks(request: Request, agent: Name, lesson: Name, code: Name) -> Response:
        person = person_of(request)
        if not person.has_class(code):
            return screens.error(request, class_unknown())
        fields = await fields_of(request, limit=_MAX_ROLL, count=_MAX_ROLL_FIELDS)
        try:
            if is_missed_after(lesson, screens.today()):
                raise refusal_of("lesson_unknown")
            roll = roll_of(lesson, code, person.account, fields)
            place = program.school.of_agent(agent)
            await program.writing.write(enter_roll, place, roll, program.now_ms())
        except ActionError as error:
            return screens.error(request, _http_error(error))
        add_values(request, pupils=str(len(roll.wishes)), reason=roll.wishes[0].reason)
        return RedirectResponse(f"{_address(agent, lesson)}/{quote(code)}#marks", 303)


def _address(agent: str, lesson: str) -> str:
    return f"/lessons/{quote(agent)}/{quote(lesson)}"


def _values_of(wish: CorrectionWish) -> dict[str, str]:
    """What the log of deeds says of it; whose mark it is stands in the correction alone."""
    return {"status": wish.status or "", "reason": wish.reason}


def _http_error(error: ActionError) -> HttpError:
    hint = N_("Nothing was changed. Open the lesson's page again.")
    return HttpError(_STATUSES.get(error.code, 422), error.code, error.message, hint)
