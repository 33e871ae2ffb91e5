"""This file answers programs: rooms at a glance."""

from __future__ import annotations

from fastapi import Request

from controller.attendance.store import lesson_at
from controller.feature import Program
from controller.fleet.store import agents_of, all_devices
from controller.live import socket
from controller.live.items import RoomItem, room_item
from controller.live.rooms import RoomKey, rooms_of
from controller.people.person import Permission
from controller.repairs.store import faults_of
from controller.web.items import Listing
from controller.web.paging import ERRORS, Cursor, Limit, page_of
from controller.web.refusals import decode_cursor, encode_cursor
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of


def api(program: Program) -> FeatureRouter:
    """Rooms, and the line to the pages."""
    router = FeatureRouter()
    router.take_in(_rooms(program))
    router.take_in(socket.api(program))
    return router


def _rooms(program: Program) -> FeatureRouter:
    router = FeatureRouter(prefix="/api/v1", responses=ERRORS)
    store = program.store

    @router.get("/rooms")
    @needs(Permission.ROOMS, is_open=True, in_parts=True)
    def rooms(request: Request, limit: Limit = 100, cursor: Cursor = "") -> Listing[RoomItem]:
        """Rooms, in natural order."""
        person = person_of(request)
        scope = person.part_of(program.school)
        agents = store.read(agents_of, scope, after="", limit=None)
        running = [
            store.read(lesson_at, agent.place, agent.lesson) for agent in agents if agent.lesson
        ]
        lessons = [lesson_record for lesson_record in running if lesson_record]
        summaries = rooms_of(
            agents, store.read(all_devices, scope), lessons, store.read(faults_of, scope)
        )
        if cursor:
            behind = RoomKey(*decode_cursor(cursor, str, str)).order
            summaries = [room for room in summaries if room.key.order > behind]
        own = [room for room in summaries if person.has_room(room.key.code)]
        items = [room_item(room) for room in own[: limit + 1]]
        return page_of(items, limit, lambda item: encode_cursor(item.school, item.room))

    return router
