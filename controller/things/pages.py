"""This file serves the search over everything, and the list and the page of a school's devices."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

from fastapi import Query, Request, Response
from starlette.concurrency import run_in_threadpool

from controller.dashboard.words import RoomWords
from controller.feature import Program
from controller.fleet.naming import device_title
from controller.people.person import Permission
from controller.sheets.names import natural, room_code
from controller.sheets.table import TableFormat
from controller.things.agent_pages import add_agent
from controller.things.card_pages import add_cards
from controller.things.columns import device_columns, room_columns
from controller.things.device_pages import TICK, add_device
from controller.things.label_pages import add_labels
from controller.things.line_deeds import add_line_deeds
from controller.things.line_pages import add_line
from controller.things.paper_pages import add_papers
from controller.things.service import Present, finder_of
from controller.things.sought import MAX_ASKED, Sought
from controller.web.listing import (
    ROWS,
    Asked,
    Column,
    File,
    PageNo,
    Sort,
    TableFile,
    check_for_excel,
    in_order,
    listed,
    written,
)
from controller.web.page import PageRenderer
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from protocol.model import DeviceKind, Status
from protocol.words import N_

Words = Annotated[str, Query(max_length=MAX_ASKED)]
Thing = TypeVar("Thing")
Code = Annotated[str, Query(max_length=64)]


def pages(program: Program) -> FeatureRouter:
    """The search, and devices."""
    router = FeatureRouter()
    _add_search(router, program)
    _add_lists(router, program)
    add_agent(router, program)
    add_device(router, program)
    add_line(router, program)
    add_line_deeds(router, program)
    add_labels(router, program)
    add_cards(router, program)
    add_papers(router, program)
    return router


def _add_search(router: FeatureRouter, program: Program) -> None:
    screens, finder = program.service(PageRenderer), program.service(finder_of)

    @router.get("/search")
    @needs(Permission.ROOMS, is_open=True, in_parts=True)
    async def search(request: Request, q: Words = "") -> Response:
        person, sought = person_of(request), Sought(q)
        words, present = screens.words(request), finder.present(person)
        groups = await run_in_threadpool(finder.found, sought, person, words, present)
        return screens.page(request, "search.html", sought=sought, groups=groups)


def _add_lists(router: FeatureRouter, program: Program) -> None:
    lists = PresentLists(program)

    @router.get("/devices")
    @needs(Permission.ROOMS, is_open=True, in_parts=True)
    async def all_devices(
        request: Request,
        *,
        room: Code = "",
        kind: DeviceKind | Literal[""] = "",
        status: Status | Literal[""] = "",
        q: Words = "",
        sort: Sort = "",
        page: PageNo = 1,
        removed: Annotated[list[str], Query(max_length=ROWS)] = [],  # noqa: B006 - a query's
        format: File = "",  # noqa: A002 - a query's usual name
    ) -> Response:
        query = _told(room=room.strip(), kind=kind, status=status, q=q.strip())
        wish = Wish(request, Asked("/devices", query, sort, page), format)
        answer = partial(lists.devices, wish, removed)
        return await run_in_threadpool(answer, lists.present(request))

    @router.get("/rooms")
    @needs(Permission.ROOMS, is_open=True, in_parts=True)
    async def all_rooms(
        request: Request,
        *,
        status: Status | Literal[""] = "",
        q: Words = "",
        sort: Sort = "",
        page: PageNo = 1,
        format: File = "",  # noqa: A002 - a query's usual name
    ) -> Response:
        query = _told(status=status, q=q.strip())
        answer = partial(lists.rooms, Wish(request, Asked("/rooms", query, sort, page), format))
        return await run_in_threadpool(answer, lists.present(request))


def _may_take_out(program: Program, request: Request) -> bool:
    """Whether whoever asks may take devices out: at their school, where its agents are heard."""
    return person_of(request).may(Permission.BOOK) and bool(program.school.school)


class Wish(NamedTuple):
    """A list that is asked for. form: of a file; empty for a page."""

    request: Request
    asked: Asked
    form: str


class PresentLists:
    """Makes the lists of devices and rooms as they are now; any thread may."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._screens = program.service(PageRenderer)
        self._finder = program.service(finder_of)

    def present(self, request: Request) -> Present:
        """What whoever asks may see. Call it on the event loop."""
        return self._finder.present(person_of(request))

    def devices(self, wish: Wish, removed: Sequence[str], present: Present) -> Response:
        """The devices that fit, by room and name, as a page or a file.

        removed: the ids of those that were just taken out.
        """
        query, say = wish.asked.query, self._screens.say(wish.request)
        room, kind, status = (query.get(name, "") for name in ("room", "kind", "status"))
        fitting = [
            device
            for device in present.devices
            if (not room or room_code(device.room) == room_code(room))
            and (not kind or device.kind == kind)
            and (not status or device.status == status)
        ]
        if sought := Sought(query.get("q", "")):
            fitting = self._finder.devices(sought, fitting)
        else:
            fitting.sort(key=lambda device: (natural(device.room), natural(device.called)))
        return self._answer(
            wish, fitting,
            device_columns(self._finder.device_link, self._finder.room_link),
            ThingList("devices.html", "thiet-bi", N_("Devices")),
            rooms=sorted({one.room for one in present.devices} - {""}, key=natural),
            kinds=[*DeviceKind],
            removed=[one for one in removed if one],
            may=_may_take_out(self._program, wish.request),
            tick=lambda device: (f"{TICK}{device.device_id}", device_title(device, say)),
        )  # fmt: skip

    def rooms(self, wish: Wish, present: Present) -> Response:
        """The rooms that fit, as a page or a file."""
        query = wish.asked.query
        status = query.get("status", "")
        fitting = [room for room in present.rooms if not status or room.status == status]
        if sought := Sought(query.get("q", "")):
            fitting = self._finder.rooms(sought, fitting)
        columns = room_columns(self._finder.room_link)
        look = ThingList("rooms.html", "phong", N_("Rooms"))
        return self._answer(wish, fitting, columns, look)

    def _answer(
        self,
        wish: Wish,
        things: Sequence[Thing],
        columns: Sequence[Column[Thing]],
        look: ThingList,
        **values: Any,
    ) -> Response:
        request, asked, form = wish
        words = self._screens.words_as(request, RoomWords)
        try:
            view = listed(things, asked, columns, words)
            if form == TableFormat.XLSX:
                check_for_excel(view.total)
            if form:
                rows = in_order(things, asked, columns, words)
                title = words.say(look.title), words.when(self._program.now_ms())
                file = TableFile(look.file, self._program.today().isoformat(), title)
                return written(TableFormat(form), file, columns, rows, words)
        except HttpError as refused:
            return self._screens.error(request, refused)
        return self._screens.page(
            request, look.template, view=view, wanted=asked.query, statuses=[*Status], **values
        )


class ThingList(NamedTuple):
    """How a list is shown: its template, what its file is called, its heading."""

    template: str
    file: str
    title: str


def _told(**query: str) -> dict[str, str]:
    return {name: str(text) for name, text in query.items() if text}
