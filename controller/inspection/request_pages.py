"""This file serves a school's people what the department asks for, and takes their answers."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from controller.feature import Level, Program
from controller.inspection.request import status_of
from controller.inspection.service import REQUESTS_PATH, HandAnswer, Requests
from controller.inspection.words import (
    EVIDENCE_WORDS,
    NO_REASON,
    STANDING_WORDS,
    STATUS_WORDS,
    reason_word,
    reasons,
)
from controller.people.person import Permission
from controller.register.vocabulary import type_word
from controller.web.forms import fields_of
from controller.web.page import PageRenderer
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from protocol.inspection import Evidence, InspectionAnswer
from protocol.words import Translate

Name = Annotated[str, Path(max_length=64)]
Number = Annotated[int, Path(ge=1, lt=1 << 53)]


def add_requests(router: FeatureRouter, screens: PageRenderer, program: Program) -> None:
    """What the school is asked to show."""
    requests = program.service(Requests)
    _add_shown(router, screens, requests)
    _add_answers(router, screens, requests)


def _add_shown(router: FeatureRouter, screens: PageRenderer, requests: Requests) -> None:
    @router.get(REQUESTS_PATH)
    @needs(Permission.STOCKTAKE, level=Level.SCHOOL)
    def every(request: Request) -> Response:
        now_ms = requests.now_ms()
        shown = [(one, STATUS_WORDS[status_of(one, now_ms)]) for one in requests.all()]
        return screens.page(request, "inspection_requests.html", requests=shown)

    @router.get(f"{REQUESTS_PATH}/{{name}}")
    @needs(Permission.STOCKTAKE, level=Level.SCHOOL)
    def one(request: Request, name: Name) -> Response:
        try:
            asking = requests.look(name)
        except HttpError as refused:
            return screens.error(request, refused)
        say = screens.say(request)
        own = asking.request
        person = person_of(request)
        items = [
            (item, asking.answers.get(item.no)) for item in own.items if person.has_room(item.room)
        ]
        return screens.page(
            request,
            "inspection_request.html",
            asked=own,
            look=STATUS_WORDS[status_of(own, requests.now_ms())],
            items=items,
            answered=len(asking.answers),
            standing_words=STANDING_WORDS,
            evidence=lambda answer: _evidence(answer, say),
            lacks_reason=_lacks_reason,
            reasons=reasons(say),
            reason_word=reason_word,
            type_word=type_word,
        )


def _add_answers(router: FeatureRouter, screens: PageRenderer, requests: Requests) -> None:
    @router.post(f"{REQUESTS_PATH}/{{name}}/items/{{no}}")
    @needs(Permission.STOCKTAKE, level=Level.SCHOOL)
    async def answer(request: Request, name: Name, no: Number) -> Response:
        form, who = await fields_of(request), person_of(request).account
        room = form.get("room", "")[:64]
        said = HandAnswer(form.get("outcome", ""), form.get("reason", ""), room)
        try:
            await run_in_threadpool(requests.say, name, no, said, who)
        except HttpError as refused:
            return screens.error(request, refused)
        return RedirectResponse(f"{REQUESTS_PATH}/{name}#item-{no}", 303)

    @router.post(f"{REQUESTS_PATH}/{{name}}/finish")
    @needs(Permission.BOOK, level=Level.SCHOOL)
    async def finish(request: Request, name: Name) -> Response:
        who = person_of(request).account
        try:
            await run_in_threadpool(requests.finish, name, who)
        except HttpError as refused:
            return screens.error(request, refused)
        return RedirectResponse(f"{REQUESTS_PATH}/{name}", 303)

    @router.post(f"{REQUESTS_PATH}/{{name}}/refuse")
    @needs(Permission.BOOK, level=Level.SCHOOL)
    async def refuse(request: Request, name: Name) -> Response:
        form, who = await fields_of(request), person_of(request).account
        reason = form.get("reason", "") or "-"
        try:
            await run_in_threadpool(requests.finish, name, who, reason)
        except HttpError as refused:
            return screens.error(request, refused)
        return RedirectResponse(f"{REQUESTS_PATH}/{name}", 303)


def _evidence(answer: InspectionAnswer, say: Translate) -> str:
    if not answer.evidence:
        return ""
    word = say(EVIDENCE_WORDS[answer.evidence])
    if answer.evidence != Evidence.HAND:
        return word
    return f"{word}: {reason_word(answer.reason, say) if answer.reason else say(NO_REASON)}"


def _lacks_reason(answer: InspectionAnswer | None) -> bool:
    return bool(answer and answer.evidence == Evidence.HAND and not answer.reason)
