"""This file serves the page of a room's computer: how it fares, what it sees, what it told."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from controller.dashboard.words import RoomWords
from controller.feature import Program
from controller.fleet.naming import given_names
from controller.fleet.store import newest_events
from controller.live.live import LiveView
from controller.live.rooms import URGENT_FIRST
from controller.live.subscription import Own
from controller.people.person import Permission
from controller.sheets.names import natural
from controller.things.service import finder_of
from controller.web.page import PageRenderer
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from protocol.words import N_

EVENTS: Final = 20

AgentId = Annotated[str, Path(max_length=64)]
Code = Annotated[str, Query(max_length=64)]


def add_agent(router: FeatureRouter, program: Program) -> None:
    """One computer."""
    screens, live = program.service(PageRenderer), program.service(LiveView)
    finder = program.service(finder_of)

    @router.get("/agents/{agent_id}")
    @needs(Permission.ROOMS, is_open=True, in_parts=True)
    async def one_agent(request: Request, agent_id: AgentId, school: Code = "") -> Response:
        person = person_of(request)
        own = Own(person.rooms, person.schools)
        agent = next(
            (
                one
                for one in live.agents(own=own)
                if one.place.agent == agent_id and school in {"", one.place.school}
            ),
            None,
        )
        if agent is None:
            unknown = HttpError(404, "agent_unknown", N_("There is no such computer."), "/rooms")
            return screens.error(request, unknown)
        beside = [one for one in live.devices() if one.place.school == agent.place.school]
        devices = [one for one in live.devices(own=own) if one.place == agent.place]
        devices.sort(key=lambda one: (URGENT_FIRST.index(one.status), natural(one.called)))
        read = program.store.read
        events = await run_in_threadpool(read, newest_events, agent.place, limit=EVENTS)
        words = screens.words_as(request, RoomWords)
        return screens.page(
            request,
            "agent.html",
            words=words,
            agent=agent,
            devices=devices,
            events=events,
            title_of=words.device,
            names=given_names(beside),
            device_link=finder.device_link,
            room_link=finder.room_link(agent.room, agent.place.school),
        )
