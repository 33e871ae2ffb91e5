"""This file serves the page "add a room": its code, who came by it, and who has joined."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

import segno
from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool

from controller.broker.credentials import Enrolled
from controller.enrolment import sheet_pages
from controller.enrolment.invitations import Invitation, InvitationState
from controller.enrolment.knocks import Knock, Knocks, KnockState
from controller.enrolment.service import Enrolment
from controller.enrolment.words import STATES
from controller.feature import Program
from controller.people.person import Permission
from controller.web.forms import fields_of
from controller.web.page import PageRenderer
from controller.web.router import FeatureRouter
from controller.web.rules import needs
from protocol.errors import LopHocError
from protocol.words import N_

_PATH: Final = "/enrolment"
_KNOCKS: Final = f"{_PATH}/knocks"
_MAX_TROUBLE: Final = 300
KNOCK_STATES: Final = {
    KnockState.WAITING: N_("Ask whoever stands at that computer whether it shows these digits."),
    KnockState.ACCEPTED: N_("Accepted. It joins once its person has said that they are the same."),
    KnockState.JOINED: N_("The computer has joined."),
    KnockState.GONE: N_("It went away before it had joined. Let it knock again."),
}
_COMPARED: Final = N_("Its person said that this page shows the same digits.")


def pages(program: Program) -> FeatureRouter:
    """The list, a code's own page, and the buttons; all for administrators."""
    router = FeatureRouter()
    screens = program.service(PageRenderer)
    enrolment = program.service(Enrolment)
    _add_list(router, screens, enrolment)
    _add_knocks(router, screens, enrolment)  # before the codes, whose address is a letter
    router.take_in(sheet_pages.pages(program))
    _add_code(router, screens, enrolment)
    _add_ends(router, screens, enrolment)
    return router


def _add_list(router: FeatureRouter, screens: PageRenderer, enrolment: Enrolment) -> None:
    @router.get(_PATH)
    @needs(Permission.MANAGE)
    async def listed(request: Request, trouble: str = "") -> Response:
        try:
            joined, typed = await run_in_threadpool(_members, enrolment)
        except LopHocError as error:
            joined, typed, trouble = {}, [], error.text(screens.say(request))
        return screens.page(
            request,
            "enrolment.html",
            invitations=enrolment.invitations.recent(),
            states=STATES,
            joined=joined,
            typed=typed,
            takes_schools=enrolment.takes_schools,
            trouble=trouble[:_MAX_TROUBLE] or _trouble(request, screens, enrolment),
        )


def _members(enrolment: Enrolment) -> tuple[dict[str, Enrolled], list[str]]:
    return enrolment.enrolled(), enrolment.typed()


def _add_code(router: FeatureRouter, screens: PageRenderer, enrolment: Enrolment) -> None:
    @router.post(_PATH)
    @needs(Permission.MANAGE)
    async def invited(request: Request) -> Response:
        form = await fields_of(request)
        try:
            invitation = _invited(enrolment, form)
        except LopHocError as error:
            return _back(error.text(screens.say(request)))
        return RedirectResponse(f"{_PATH}/{invitation.slot}", 303)

    @router.get(f"{_PATH}/{{slot}}")
    @needs(Permission.MANAGE)
    async def shown(request: Request, slot: str) -> Response:
        invitation = enrolment.invitations.named(slot) if slot else None
        if invitation is None:
            return RedirectResponse(_PATH, 303)
        answer = _code_page(request, screens, enrolment, invitation)
        answer.headers["Cache-Control"] = "no-store"
        return answer


def _invited(enrolment: Enrolment, form: Mapping[str, str]) -> Invitation:
    """A code for what the form names. Raises ActionError."""
    if "school" in form:
        return enrolment.invite_school(form["school"])
    return enrolment.invite(form.get("room", ""), form.get("replaces", ""))


def _code_page(
    request: Request, screens: PageRenderer, enrolment: Enrolment, invitation: Invitation
) -> Response:
    """What is to be typed while the code is open; then who came by it."""
    is_open = invitation.state is InvitationState.OPEN
    host = request.url.hostname or "localhost"
    link = enrolment.link_of(invitation, host) if is_open else ""
    code = f"{invitation.code[:3]} {invitation.code[3:]}" if is_open else ""
    drawn = segno.make(link, error="m").svg_inline(scale=4) if is_open else ""
    return screens.page(
        request,
        "enrolment_code.html",
        invitation=invitation,
        code=code,
        host=host,
        link=link,
        picture=Markup(drawn),  # noqa: S704 - squares, drawn just above
        minutes=_minutes(enrolment.invitations.left_s(invitation)),
        state=STATES[invitation.state],
        trouble=_trouble(request, screens, enrolment),
    )


def _trouble(request: Request, screens: PageRenderer, enrolment: Enrolment) -> str:
    return enrolment.trouble.text(screens.say(request)) if enrolment.trouble else ""


def _add_ends(router: FeatureRouter, screens: PageRenderer, enrolment: Enrolment) -> None:
    @router.post(f"{_PATH}/revoke")
    @needs(Permission.MANAGE)
    async def revoked(request: Request) -> Response:
        form = await fields_of(request)
        try:
            await run_in_threadpool(enrolment.revoke, form.get("agent", ""))
        except LopHocError as error:
            return _back(error.text(screens.say(request)))
        return _back("")

    @router.post(f"{_PATH}/{{slot}}/end")
    @needs(Permission.MANAGE)
    async def ended(slot: str) -> Response:
        enrolment.invitations.end(slot)
        return _back("")


def _add_knocks(router: FeatureRouter, screens: PageRenderer, enrolment: Enrolment) -> None:
    @router.get(_KNOCKS)
    @needs(Permission.MANAGE)
    async def knocking(request: Request, trouble: str = "") -> Response:
        knocks = enrolment.knocks
        return screens.page(
            request,
            "knocks.html",
            knocks=knocks.told(),
            goes_on=_is_quiet(knocks),
            state_of=_knock_state,
            minutes=_minutes(knocks.left_s()),
            members=await run_in_threadpool(enrolment.members.names),
            trouble=trouble[:_MAX_TROUBLE] or _trouble(request, screens, enrolment),
        )

    @router.post(_KNOCKS)
    @needs(Permission.MANAGE)
    async def let_knock(request: Request) -> Response:
        try:
            enrolment.let_knock()
        except LopHocError as error:
            return _back(error.text(screens.say(request)), _KNOCKS)
        return _back("", _KNOCKS)

    @router.post(f"{_KNOCKS}/close")
    @needs(Permission.MANAGE)
    async def closed() -> Response:
        enrolment.knocks.close()
        return _back("", _KNOCKS)

    @router.post(f"{_KNOCKS}/{{knock}}/accept")
    @needs(Permission.MANAGE)
    async def accepted(request: Request, knock: str) -> Response:
        form = await fields_of(request)
        try:
            enrolment.accept(knock, form.get("room", ""), form.get("replaces", ""))
        except LopHocError as error:
            return _back(error.text(screens.say(request)), _KNOCKS)
        return _back("", _KNOCKS)

    @router.post(f"{_KNOCKS}/{{knock}}/refuse")
    @needs(Permission.MANAGE)
    async def refused(knock: str) -> Response:
        enrolment.knocks.refuse(knock)
        return _back("", _KNOCKS)


def _is_quiet(knocks: Knocks) -> bool:
    """Whether the page may look again by itself: nobody is writing a room's code into it."""
    told = knocks.told()
    is_read = any(one.state is KnockState.WAITING for one in told)
    return knocks.is_busy and not is_read


def _knock_state(knock: Knock) -> str:
    """What the page says of a knock."""
    if knock.state is KnockState.WAITING and knock.is_compared:
        return _COMPARED
    return KNOCK_STATES[knock.state]


def _minutes(seconds: float) -> int:
    """Begun minutes; 0 for none."""
    return int(seconds // 60) + 1 if seconds else 0


def _back(trouble: str, path: str = _PATH) -> Response:
    query = f"?{urlencode({'trouble': trouble})}" if trouble else ""
    return RedirectResponse(f"{path}{query}", 303)
