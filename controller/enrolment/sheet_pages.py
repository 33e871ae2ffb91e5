"""This file serves the codes of many rooms at once: a list, and sheets to print."""

from __future__ import annotations

from typing import Final, Literal
from urllib.parse import urlencode

import segno
from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool

from controller.enrolment.invitations import Invitation
from controller.enrolment.rooms import MAX_ROOMS
from controller.enrolment.service import Enrolment
from controller.enrolment.store import rooms_without_computer
from controller.enrolment.words import STATES
from controller.feature import Program
from controller.people.person import Permission
from controller.web.forms import fields_of
from controller.web.page import PageRenderer
from controller.web.router import FeatureRouter
from controller.web.rules import needs
from protocol.errors import LopHocError

PATH: Final = "/enrolment/codes"
_BACK: Final = frozenset({PATH, "/start/rooms"})  # where its forms stand
_MAX_TYPED: Final = 16_384
_MAX_TROUBLE: Final = 300
Paper = Literal["a5", "a4"]


def pages(program: Program) -> FeatureRouter:
    """The list, its buttons, and the sheets; all for administrators."""
    router = FeatureRouter()
    screens = program.service(PageRenderer)
    enrolment = program.service(Enrolment)

    @router.get(PATH)
    @needs(Permission.MANAGE)
    async def listed(request: Request, trouble: str = "") -> Response:
        answer = screens.page(
            request,
            "room_codes.html",
            sheet=enrolment.sheet.recent(),
            states=STATES,
            known=await run_in_threadpool(
                program.store.read, rooms_without_computer, program.school
            ),
            most=MAX_ROOMS,
            trouble=trouble[:_MAX_TROUBLE],
        )
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @router.post(PATH)
    @needs(Permission.MANAGE)
    async def invited(request: Request) -> Response:
        form = await fields_of(request, limit=_MAX_TYPED)
        try:
            await run_in_threadpool(enrolment.invite_rooms, form.get("rooms", ""))
        except LopHocError as error:
            return _back(form.get("back", ""), error.text(screens.say(request)))
        enrolment.opened.set()
        return _back(form.get("back", ""))

    @router.post(f"{PATH}/end")
    @needs(Permission.MANAGE)
    async def ended(request: Request) -> Response:
        form = await fields_of(request)
        await run_in_threadpool(enrolment.sheet.end, form.get("slot", ""))
        return _back(form.get("back", ""))

    @router.get(f"{PATH}/print")
    @needs(Permission.MANAGE)
    async def printed(request: Request, paper: Paper = "a5") -> Response:
        host = request.url.hostname or "localhost"
        rooms = await run_in_threadpool(_drawn, enrolment, host)
        answer = screens.page(
            request,
            "room_codes_print.html",
            rooms=rooms,
            host=host,
            paper=paper,
        )
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return router


def _drawn(enrolment: Enrolment, host: str) -> list[tuple[Invitation, Markup]]:
    """The open codes, each with its link as a picture."""
    return [(one, _picture(enrolment.link_of(one, host))) for one in enrolment.sheet.open()]


def _picture(link: str) -> Markup:
    return Markup(segno.make(link, error="m").svg_inline(scale=3))  # noqa: S704 - squares


def _back(where: str, trouble: str = "") -> Response:
    path = where if where in _BACK else PATH
    query = f"?{urlencode({'trouble': trouble})}" if trouble else ""
    return RedirectResponse(f"{path}{query}", 303)
