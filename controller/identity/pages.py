"""This file takes the school's word on a room's devices: which two are one, and what one is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from controller.feature import Program
from controller.fleet.store import agents_of
from controller.identity.pairs import KindWord, PairWord
from controller.identity.store import say_kind, say_of_pair, take_back, take_kind_back
from controller.people.person import Permission
from controller.sheets.names import room_code
from controller.web.forms import fields_of
from controller.web.page import PageRenderer
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from protocol.model import DeviceKind, Place
from protocol.words import N_

_SAID: Final = frozenset({"one", "two"})
_KINDS: Final = frozenset(map(str, DeviceKind))


def pages(program: Program) -> FeatureRouter:
    """The buttons of a room's page."""
    router = FeatureRouter()
    screens = program.service(PageRenderer)

    @router.post("/pairs/{room:path}/undo")
    @needs(Permission.BOOK)
    async def undo(request: Request, room: str) -> Response:
        fields = await fields_of(request)
        agent = await run_in_threadpool(program.store.read, _agent_in, program.school, room, fields)
        if agent is None or not person_of(request).has_room(room):
            return screens.error(request, _unknown())
        pair = fields.get("one", "")[:64], fields.get("other", "")[:64]
        await program.writing.write(take_back, agent, *pair)
        return _back(room)

    @router.post("/pairs/{room:path}")
    @needs(Permission.BOOK)
    async def answer(request: Request, room: str) -> Response:
        fields, person = await fields_of(request), person_of(request)
        agent = await run_in_threadpool(program.store.read, _agent_in, program.school, room, fields)
        pair = sorted((fields.get("one", "")[:64], fields.get("other", "")[:64]))
        is_clear = fields.get("said") in _SAID and all(pair) and pair[0] != pair[1]
        if agent is None or not is_clear or not person.has_room(room):
            return screens.error(request, _unknown())
        word = PairWord(
            place=agent,
            one=pair[0],
            other=pair[1],
            is_one=fields["said"] == "one",
            actor=person.name or person.account,
            said_ms=program.now_ms(),
        )
        await program.writing.write(say_of_pair, word)
        return _back(room)

    @router.post("/kinds/{room:path}/undo")
    @needs(Permission.BOOK)
    async def undo_kind(request: Request, room: str) -> Response:
        fields = await fields_of(request)
        agent = await run_in_threadpool(program.store.read, _agent_in, program.school, room, fields)
        if agent is None or not person_of(request).has_room(room):
            return screens.error(request, _unknown())
        await program.writing.write(take_kind_back, agent, fields.get("device", "")[:64])
        return _back(room, "kinds")

    @router.post("/kinds/{room:path}")
    @needs(Permission.BOOK)
    async def answer_kind(request: Request, room: str) -> Response:
        fields, person = await fields_of(request), person_of(request)
        agent = await run_in_threadpool(program.store.read, _agent_in, program.school, room, fields)
        device, said = fields.get("device", "")[:64], fields.get("said", "")
        if agent is None or said not in _KINDS or not device or not person.has_room(room):
            return screens.error(request, _unknown())
        word = KindWord(
            place=agent,
            device=device,
            is_kind=DeviceKind(said),
            actor=person.name or person.account,
            said_ms=program.now_ms(),
        )
        await program.writing.write(say_kind, word)
        return _back(room, "kinds")

    return router


def _agent_in(db: Connection, school: Place, room: str, fields: Mapping[str, str]) -> Place | None:
    """The agent of which the form speaks, if it is in the room."""
    agents: Sequence[Place] = [
        agent.place
        for agent in agents_of(db, school, limit=None)
        if room_code(agent.room) == room_code(room)
    ]
    return next((place for place in agents if place.agent == fields.get("agent")), None)


def _back(room: str, at: str = "pairs") -> Response:
    return RedirectResponse(f"/rooms/{quote(room, safe='')}#{at}", 303)


def _unknown() -> HttpError:
    return HttpError(404, "room_unknown", N_("There is no such room."), "/")
