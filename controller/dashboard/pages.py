"""This file serves the screens: the school at a glance, and one room; whole without JavaScript."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import tzinfo
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import ChoiceLoader, Environment, PackageLoader
from starlette.concurrency import run_in_threadpool

from controller.access.gate import Gate
from controller.attendance.pages import add_office_pages
from controller.dashboard.live import Live
from controller.dashboard.rooms import (
    URGENT_FIRST,
    Room,
    counts_of,
    kit_teller,
    own_events,
    urgent_first,
)
from controller.dashboard.words import ScreenWords, language_of
from controller.database.store import Store
from controller.department.overview import Department
from controller.department.pages import add_department_pages
from controller.features import packages_with
from controller.fleet.records import DeviceRecord
from controller.fleet.store import all_devices, devices_of, newest_events
from controller.forecast.life_table import LifeTable
from controller.inventory.feed import Feed
from controller.reconcile.pages import add_book_pages
from controller.reconcile.standing import Desk
from controller.reconcile.words import BookWords
from controller.register.import_pages import add_import_pages
from controller.repairs.pages import add_repair_pages
from controller.repairs.service import Repairing
from controller.sheets.names import NaturalKey, natural
from controller.stocktake.pages import add_stocktake_pages
from controller.stocktake.service import Stocktaking
from controller.use.pages import add_use_pages
from controller.web.refusals import Refused, seal, unseal
from protocol.model import DeviceKind, Place, Status, instant
from protocol.words import LANGUAGES, N_, Translate

ROWS: Final = 50  # devices on one page of the table
TASKS: Final = 6  # lines of work on the first screen; the worst stand first
EVENTS: Final = 20
LINES: Final = 6  # of the equipment book on a room's screen
EVENTS_READ: Final = 200  # most of a first morning is what stands in other rooms
_YEAR_S: Final = 365 * 24 * 3600

Code = Annotated[str, Query(max_length=64)]
Cursor = Annotated[str, Query(max_length=512)]


class Screens:
    """Makes pages of what the store and the live present hold."""

    def __init__(
        self,
        store: Store,
        live: Live,
        *,
        scope: Place,
        name: str,
        zone: tzinfo,
        default_language: str,
        translate_to: Callable[[str], Translate],
        desk: Desk,
        department: Department,
    ) -> None:
        self._store = store
        self._desk = desk
        self._department = department
        self._live = live
        self._scope = scope
        self._name = name
        self._zone = zone
        self._default_language = default_language
        self._translate_to = translate_to
        self._templates = Environment(
            loader=ChoiceLoader([PackageLoader(package) for package in packages_with("templates")]),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    async def school(self, request: Request, wanted: dict[str, str], cursor: str) -> Response:
        """The first screen; wanted: the table's filters by room, kind and status."""
        (after,) = unseal(cursor, str) if cursor else ("",)
        rooms = self._live.rooms()
        if self._department.any_schools and not rooms:  # a department without rooms of its own
            return RedirectResponse("/schools", 303)
        tasks = sorted(
            ((room, problem) for room in rooms for problem in room.problems),
            key=lambda task: urgent_first(task[1]),
        )
        records = await run_in_threadpool(
            partial(
                self._store.read, devices_of, self._scope, after=after, limit=ROWS + 1, **wanted
            )
        )
        rows = records[:ROWS]
        chosen = {name: value for name, value in wanted.items() if value}
        behind = seal(rows[-1].device_id) if len(records) > ROWS else ""
        return self.page(
            request,
            "school.html",
            rooms=rooms,
            counts=asdict(counts_of(rooms)),
            tasks=tasks,
            task_limit=TASKS,
            devices=rows,
            wanted=wanted,
            kinds=list(DeviceKind),
            statuses=list(Status),
            next_page=urlencode({**chosen, "cursor": behind}) if behind else "",
            first_page=urlencode(chosen) if cursor else None,
        )

    async def room(self, request: Request, code: str, school: str) -> HTMLResponse:
        """One room's screen. Raises Refused if there is no such room."""
        room = self._find(code, school)
        place = Place(self._scope.province, room.key.school)
        devices = await run_in_threadpool(self._store.read, all_devices, place)
        elsewhere = {each.device_id for each in devices if each.room != code}
        devices = [each for each in devices if each.room == code]
        newest = partial(self._store.read, newest_events, place, room=code, limit=EVENTS_READ)
        events = own_events(await run_in_threadpool(newest), elsewhere)[:EVENTS]
        agents = [each for each in self._live.agents(code) if each.place.school == place.school]
        standing = await run_in_threadpool(self._desk.standing)
        mine = place.school == self._desk.school.school
        return self.page(
            request,
            "room.html",
            room=room,
            devices=sorted(devices, key=_urgent_devices_first),
            agents=agents,
            teller=kit_teller(agents),
            events=events,
            marked=self._live.marked_today().get(code, 0),
            lines=standing.pressing_in(code) if mine else [],
            talk=BookWords(standing, self._desk),
            line_limit=LINES,
        )

    def error(self, request: Request, refused: Refused) -> HTMLResponse:
        """A page that says what cannot be shown."""
        return self.page(request, "error.html", status_code=refused.status, refused=refused)

    def today(self) -> str:
        """The school's local date."""
        return instant(self._live.now_ms()).astimezone(self._zone).date().isoformat()

    def _find(self, code: str, school: str) -> Room:
        for room in self._live.rooms():
            if room.key.room == code and school in {"", room.key.school}:
                return room
        raise Refused(404, "room_unknown", N_("There is no such room."), "/")

    def page(
        self, request: Request, template: str, status_code: int = 200, **values: Any
    ) -> HTMLResponse:
        """A page made from a template, in the language that was asked for."""
        words = self.words(request)
        language = words.language
        text = self._templates.get_template(template).render(
            _=words.say,
            words=words,
            number=words.number,
            words_json=json.dumps(words.for_script(), ensure_ascii=False),
            school=self._name,
            scope=self._scope,
            many_schools=not self._scope.school,
            above_schools=self._department.any_schools,
            school_name_of=self._department.name_of,
            own_rooms=bool(self._live.rooms()) or not self._department.any_schools,
            at=self._live.now_iso(),
            now_ms=self._live.now_ms(),
            languages=[(each, _with_language(request, each)) for each in LANGUAGES],
            **values,
        )
        answer = HTMLResponse(text, status_code, {"Content-Language": language})
        if request.query_params.get("lang") == language:
            answer.set_cookie("lang", language, max_age=_YEAR_S, samesite="lax", httponly=True)
        return answer

    def say(self, request: Request) -> Translate:
        """What says a text in the language that was asked for."""
        return self.words(request).say

    def words(self, request: Request) -> ScreenWords:
        """The words in the language that was asked for."""
        language = language_of(
            request.query_params.get("lang", ""),
            request.cookies.get("lang", ""),
            self._default_language,
        )
        return ScreenWords(language, self._translate_to(language), self._zone)


def page_router(
    store: Store,
    live: Live,
    *,
    scope: Place,
    feed: Feed,
    name: str,
    zone: tzinfo,
    default_language: str,
    translate_to: Callable[[str], Translate],
    gate: Gate,
    desk: Desk,
    folder: Path,
    handle_fault: Callable[[str], Awaitable[bool]],
    life_table: Callable[[], LifeTable],
    taking: Stocktaking,
    department: Department,
) -> APIRouter:
    """The screens, as routes that the API's description leaves out. folder: the controller's."""
    screens = Screens(
        store,
        live,
        scope=scope,
        name=name,
        zone=zone,
        default_language=default_language,
        translate_to=translate_to,
        department=department,
        desk=desk,
    )
    router = APIRouter(
        include_in_schema=False,
        default_response_class=HTMLResponse,
        dependencies=[Depends(department.look)],
    )

    @router.get("/")
    async def school(
        request: Request, room: Code = "", kind: Code = "", status: Code = "", cursor: Cursor = ""
    ) -> Response:
        try:
            return await screens.school(
                request, {"room": room.strip(), "kind": kind, "status": status}, cursor
            )
        except Refused as refused:
            return screens.error(request, refused)

    add_office_pages(router, screens, store, gate, scope)
    add_use_pages(router, screens, store, feed, life_table)
    add_repair_pages(router, screens, Repairing(store, scope), live, gate)
    add_stocktake_pages(router, screens, taking, gate, name=name, zone=zone, folder=folder)
    add_department_pages(router, screens, department)
    add_book_pages(router, screens, desk, gate)
    add_import_pages(router, screens, desk, gate, folder)

    @router.post("/faults/{event_id}/handled")
    async def handled(request: Request, event_id: str) -> Response:
        await handle_fault(event_id[:64])
        back = urlsplit(request.headers.get("referer", "")).path
        return RedirectResponse(back if back.startswith("/rooms/") else "/", 303)

    @router.get("/rooms/{code:path}")
    async def one_room(request: Request, code: str, school: Code = "") -> HTMLResponse:
        try:
            return await screens.room(request, code, school)
        except Refused as refused:
            return screens.error(request, refused)

    return router


def _urgent_devices_first(device: DeviceRecord) -> tuple[int, str, NaturalKey]:
    return URGENT_FIRST.index(device.status), device.kind, natural(device.name)


def _with_language(request: Request, language: str) -> str:
    """This page's own address in another language."""
    kept = {name: value for name, value in request.query_params.items() if name != "lang"}
    return f"?{urlencode({**kept, 'lang': language})}"
