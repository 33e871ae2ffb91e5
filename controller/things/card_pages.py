"""This file prints the card that hangs beside a room's computer: two of A5 on each sheet of A4."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response
from starlette.concurrency import run_in_threadpool

from controller.feature import Program
from controller.live.rooms import RoomSummary
from controller.people.person import Permission
from controller.sheets.names import natural, room_code
from controller.things.service import Present, finder_of
from controller.web.page import PageRenderer
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of

Code = Annotated[str, Query(max_length=64)]


def add_cards(router: FeatureRouter, program: Program) -> None:
    """The cards of all rooms that have a name, or of one."""
    screens, finder = program.service(PageRenderer), program.service(finder_of)

    @router.get("/room-cards")
    @needs(Permission.SCHOOL)
    async def room_cards(request: Request, room: Code = "") -> Response:
        present = finder.present(person_of(request))
        rooms = await run_in_threadpool(carded, present, room.strip())
        return screens.page(request, "room_cards.html", rooms=rooms, wanted=room.strip())


def carded(present: Present, room: str) -> list[RoomSummary]:
    """The rooms that get a card, as people sort them. room: empty for all."""
    named = [each for each in present.rooms if each.key.room]
    fitting = [each for each in named if not room or room_code(each.key.room) == room_code(room)]
    return sorted(fitting, key=lambda each: natural(each.key.room))
