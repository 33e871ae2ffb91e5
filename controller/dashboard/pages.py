"""This file serves the school at a glance, and one room; whole without JavaScript."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Annotated, Final, Literal, NamedTuple
from urllib.parse import urlencode, urlsplit

from fastapi import Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool

from controller.attendance.listener import openings_today
from controller.attendance.store import lessons_of
from controller.attendance.watch import RollsToday, rolls_today
from controller.cameras.standing import CameraStanding
from controller.cameras.store import commands_of, standings_of
from controller.cameras.words import standing_lines
from controller.dashboard.words import RoomWords
from controller.feature import Level, Program
from controller.fleet.naming import given_names
from controller.fleet.records import AgentRecord, DeviceRecord
from controller.fleet.store import all_devices, devices_of, newest_events
from controller.identity.pairs import RoomIdentity, room_identity
from controller.identity.store import facts_of, kind_words_of, words_of
from controller.incidents.pages import IncidentPages
from controller.live.live import LiveView
from controller.live.rooms import (
    URGENT_FIRST,
    RoomSummary,
    counts_of,
    key_of,
    kit_teller,
    own_events,
)
from controller.live.subscription import Own
from controller.people.person import Permission, Person
from controller.reconcile.standing import desk_of
from controller.reconcile.words import BookWords
from controller.repairs.actions import handle_fault
from controller.sheets.names import NaturalKey, natural, room_code
from controller.web.page import PageRenderer
from controller.web.refusals import HttpError, decode_cursor, encode_cursor
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from protocol.model import DeviceKind, Place, Status, instant
from protocol.words import N_, Translate

ROWS: Final = 50  # devices on one page of the table
# Where those begin who see figures and no rooms.
FIGURES_HOME: Final = {True: "/schools", False: "/sessions"}  # above schools, or in one
EVENTS: Final = 20
LINES: Final = 6  # of the equipment book on a room's screen
EVENTS_READ: Final = 200  # most of a first morning is what stands in other rooms

Code = Annotated[str, Query(max_length=64)]
Cursor = Annotated[str, Query(max_length=512)]


def pages(program: Program) -> FeatureRouter:
    """The first screen, and each room's."""
    router = FeatureRouter()
    screens, rooms = program.service(PageRenderer), RoomPages(program)

    @router.get("/")
    @needs(Permission.ROOMS, Permission.DEPARTMENT, is_open=True, in_parts=True)
    async def school(
        request: Request,
        room: Code = "",
        kind: DeviceKind | Literal[""] = "",
        status: Status | Literal[""] = "",
        cursor: Cursor = "",
    ) -> Response:
        homes = [feature.home(program) for feature in program.features if feature.home]
        home = next(filter(None, homes), "")
        if not person_of(request).may(Permission.ROOMS):
            home = home or FIGURES_HOME[Level.DEPARTMENT in program.levels()]
        if home:
            return RedirectResponse(home, 303)
        filters = {"room": rooms.name_of(room.strip()), "kind": kind, "status": status}
        try:
            return await rooms.school(request, filters, cursor)
        except HttpError as refused:
            return screens.error(request, refused)

    @router.get("/rolls/now")
    @needs(Permission.ROOMS, is_open=True, in_parts=True)
    async def rolls(request: Request) -> Response:
        words = screens.words_as(request, RoomWords)
        known = await rooms.rolls(person_of(request))
        return screens.page(request, "rolls_now.html", words=words, rolls=known)

    @router.post("/faults/{event_id}/handled")
    @needs(Permission.BOOK)
    async def handled(request: Request, event_id: str) -> Response:
        now_ms = program.now_ms()
        await program.writing.write(handle_fault, program.school, event_id[:64], now_ms)
        back = urlsplit(request.headers.get("referer", "")).path
        return RedirectResponse(back if back.startswith("/rooms/") else "/", 303)

    @router.get("/rooms/{code:path}")
    @needs(Permission.ROOMS, is_open=True, in_parts=True)
    async def one_room(request: Request, code: str, school: Code = "") -> Response:
        try:
            return await rooms.room(request, code, school)
        except HttpError as refused:
            return screens.error(request, refused)

    return router


class CameraLines(NamedTuple):
    """The cameras at one computer, in words. is_asked: the school's word is not answered yet."""

    standing: CameraStanding
    lines: list[str]
    is_asked: bool


class RoomPages:
    """Makes pages of what the store and the live present hold."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._store = program.store
        self._live = program.service(LiveView)
        self._desk = program.service(desk_of)
        self._openings = program.service(openings_today)
        self._screens = program.service(PageRenderer)
        self._incidents = IncidentPages(program)

    async def rolls(self, person: Person) -> RollsToday:
        """How far today's roll call is in the rooms that somebody may see. Raises StoreError."""
        return await run_in_threadpool(self._rolls, person)

    def _rolls(self, person: Person) -> RollsToday:
        program = self._program
        now_ms, today = program.now_ms(), program.today().isoformat()
        scope = person.part_of(program.school)
        lessons = self._store.read(lessons_of, scope, today, today)
        plan = self._incidents.service.hours(now_ms).plan
        now = instant(now_ms).astimezone(program.zone)
        return rolls_today(plan, lessons, now, person.has_room)

    async def school(self, request: Request, filters: dict[str, str], cursor: str) -> HTMLResponse:
        """The first screen; filters: the table's, by room, kind and status."""
        (after,) = decode_cursor(cursor, str) if cursor else ("",)
        person = person_of(request)
        edition = self._live.edition
        rooms = self._live.rooms(Own(person.rooms, person.schools))
        causes = await self._incidents.first_screen(request)
        rolls = await self.rolls(person)
        records = await run_in_threadpool(self._devices, person, after, filters)
        rows = records[:ROWS]
        chosen = {name: value for name, value in filters.items() if value}
        behind = encode_cursor(rows[-1].device_id) if len(records) > ROWS else ""
        return self._screens.page(
            request,
            "school.html",
            edition=edition,
            words=self._screens.words_as(request, RoomWords),
            rooms=rooms,
            counts=asdict(counts_of(rooms)),
            **causes,
            rolls=rolls,
            devices=[*map(self._live.named, rows)],
            wanted=filters,
            chosen=chosen,
            kinds=list(DeviceKind),
            statuses=list(Status),
            next_page=urlencode({**chosen, "cursor": behind}) if behind else "",
            first_page=urlencode(chosen) if cursor else None,
        )

    async def room(self, request: Request, code: str, school: str) -> HTMLResponse:
        """One room's screen. Raises HttpError if there is no such room."""
        person = person_of(request)
        edition = self._live.edition
        room = self._find(code, school, Own(person.rooms, person.schools))
        place = Place(self._program.school.province, room.key.school)
        devices = await run_in_threadpool(self._store.read, all_devices, place)
        own = [device for device in devices if key_of(device) == room.key]
        elsewhere = {device.device_id for device in devices if key_of(device) != room.key}
        newest = partial(self._store.read, newest_events, place, room=code, limit=EVENTS_READ)
        events = own_events(await run_in_threadpool(newest), elsewhere)[:EVENTS]
        agents = [agent for agent in self._live.agents(code) if key_of(agent) == room.key]
        standing = await run_in_threadpool(self._desk.standing)
        cameras = await run_in_threadpool(self._cameras, agents, self._screens.say(request))
        identity = await run_in_threadpool(self._identity, agents, own, self._screens.say(request))
        is_own = place.school == self._desk.school.school
        return self._screens.page(
            request,
            "room.html",
            edition=edition,
            words=self._screens.words_as(request, RoomWords),
            room=room,
            devices=sorted(map(self._live.named, own), key=_urgent_devices_first),
            agents=agents,
            cameras=cameras,
            identity=identity,
            teller=kit_teller(agents),
            events=events,
            names=given_names(devices),
            openings=self._openings.in_room(code) if is_own else [],
            marked=self._live.marked_today(Own(schools=frozenset({room.key.school}))).get(
                room.key.room, 0
            ),
            lines=standing.pressing_in(code) if is_own else [],
            talk=BookWords(standing.reconciled, self._desk.zone),
            line_limit=LINES,
            causes=await run_in_threadpool(
                self._incidents.of_room, person, room.key.school, room.key.code
            ),
            say=self._incidents.words(request),
        )

    def _identity(
        self, agents: Sequence[AgentRecord], devices: Sequence[DeviceRecord], say: Translate
    ) -> RoomIdentity:
        """Why the room's devices are what they are, which two may be one, what is asked of them."""
        places = {agent.place for agent in agents}
        with self._store.view() as db:
            told = [one for one in facts_of(db, self._program.scope) if one.place in places]
            words = [one for one in words_of(db, self._program.scope) if one.place in places]
            said = kind_words_of(db, self._program.scope)
        kinds = [one for one in said if one.place in places]
        return room_identity(devices, told, words, kinds, say)

    def _cameras(self, agents: Sequence[AgentRecord], say: Translate) -> list[CameraLines]:
        """How the cameras at a room's computers stand."""
        owed = {one.place for one in self._store.read(commands_of, self._program.school)}
        places = {agent.place for agent in agents}
        return [
            CameraLines(
                one,
                standing_lines(one, self._program.zone, say, is_asked=one.place in owed),
                one.place in owed,
            )
            for one in self._store.read(standings_of, self._program.school)
            if one.place in places
        ]

    def name_of(self, room: str) -> str:
        """The room as its tile writes it, else as it is asked for."""
        codes = {summary.key.code: summary.key.room for summary in self._live.rooms()}
        return codes.get(room_code(room), room)

    def _devices(
        self, person: Person, after: str, filters: Mapping[str, str]
    ) -> list[DeviceRecord]:
        """One page of those that the person sees, and one more if there is another page."""
        scope = person.part_of(self._program.school)
        limit = ROWS + 1 if person.rooms is None else None
        records = self._store.read(devices_of, scope, after=after, limit=limit, **filters)
        return [record for record in records if person.has_room(record.room)][: ROWS + 1]

    def _find(self, code: str, school: str, own: Own) -> RoomSummary:
        for room in self._live.rooms(own):
            if room.key.code == room_code(code) and school in {"", room.key.school}:
                return room
        raise HttpError(404, "room_unknown", N_("There is no such room."), "/")


def _urgent_devices_first(device: DeviceRecord) -> tuple[int, str, NaturalKey]:
    return URGENT_FIRST.index(device.status), device.kind, natural(device.called)
