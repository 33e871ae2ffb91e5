"""This file takes the school's word that a room's cameras are to be off. There is no other word."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from controller.cameras.store import command_off, standings_of
from controller.feature import Program
from controller.people.person import Permission
from controller.sheets.names import room_code
from controller.web.page import PageRenderer
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from protocol.words import N_


def pages(program: Program) -> FeatureRouter:
    """The button of a room's page."""
    router = FeatureRouter()
    screens = program.service(PageRenderer)

    @router.post("/cameras/{room:path}/off")
    @needs(Permission.MANAGE, Permission.MARKS)
    async def off(request: Request, room: str) -> Response:
        person = person_of(request)
        standings = await run_in_threadpool(program.store.read, standings_of, program.school)
        agents = [each.place for each in standings if room_code(each.room) == room_code(room)]
        if not agents or not person.has_room(room):
            missing = HttpError(404, "room_unknown", N_("There is no such room."), "/")
            return screens.error(request, missing)
        actor = person.name or person.account
        await program.writing.write(command_off, agents, actor, program.now_ms())
        return RedirectResponse(f"/rooms/{quote(room, safe='')}#cameras", 303)

    return router
