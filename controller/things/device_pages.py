"""This file serves a device's page: what it is, why, its past, its line, and what can be done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final, NamedTuple
from urllib.parse import quote, urlencode

import msgspec
from fastapi import Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from controller.dashboard.words import RoomWords
from controller.feature import Program
from controller.fleet.bearers import bearers_of, ids_of
from controller.fleet.listener import FleetListener
from controller.fleet.naming import MAX_NAME
from controller.fleet.records import DeviceRecord, EventRecord
from controller.fleet.store import newest_events
from controller.identity.pairs import RoomIdentity, room_identity
from controller.identity.store import facts_of, kind_words_of, words_of
from controller.live.live import LiveView
from controller.live.subscription import Own
from controller.people.person import Permission
from controller.reconcile.evidence import observations_of
from controller.reconcile.pages import FAILURES
from controller.reconcile.reconcile import LineFinding, Stranger
from controller.reconcile.standing import desk_of
from controller.reconcile.words import BookWords
from controller.register.decisions import Decision, subject_of
from controller.repairs.service import Shown
from controller.things.line_pages import line_past
from controller.things.service import finder_of
from controller.web.forms import fields_of
from controller.web.listing import ROWS, address
from controller.web.page import PageRenderer
from controller.web.refusals import HttpError, refusal_of
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from protocol.errors import ActionError
from protocol.model import Place
from protocol.words import N_, Translate

EVENTS: Final = 20
DECISIONS: Final = 10
EVENTS_READ: Final = 2000  # of the room: what happened to one device is among it

TICK: Final = "device-"  # before a ticked device's id in a form
_MAX_TICKS: Final = 32 * 1024

DeviceId = Annotated[str, Path(max_length=200)]
Code = Annotated[str, Query(max_length=64)]
Number = Annotated[int, Query(ge=1, lt=1 << 53)]


class InBook(NamedTuple):
    """What the book says of a device. stranger: where no line is it, what a person may decide."""

    talk: BookWords
    finding: LineFinding | None
    repairs: list[Shown]
    stranger: Stranger | None
    candidates: list[LineFinding]
    decisions: list[Decision]


class DevicePast(NamedTuple):
    """What is stored of a device: what happened to it, and why it is what it is."""

    events: list[EventRecord]
    identity: RoomIdentity


def add_device(router: FeatureRouter, program: Program) -> None:
    """One device."""
    screens = program.service(PageRenderer)
    finder, live = program.service(finder_of), program.service(LiveView)

    def names_of(device: DeviceRecord) -> frozenset[str]:
        here = (one for one in live.devices() if one.place.school == device.place.school)
        return ids_of(device.device_id, bearers_of(here))

    def find(request: Request, device_id: str, school: str) -> tuple[DeviceRecord, frozenset[str]]:
        person = person_of(request)
        own = Own(person.rooms, person.schools)
        for device in live.devices(own=own):
            may_be = device_id in (device.device_id, *device.aliases)
            is_there = may_be and school in {"", device.place.school}
            if is_there and device_id in (names := names_of(device)):
                return device, names
        raise _unknown()

    @router.get("/devices/{device_id:path}")
    @needs(Permission.ROOMS, is_open=True, in_parts=True)
    async def one_device(
        request: Request,
        device_id: DeviceId,
        school: Code = "",
        *,
        decided: Number | None = None,
        failed: Code = "",
        was: Annotated[str | None, Query(max_length=MAX_NAME)] = None,
    ) -> Response:
        try:
            device, names = find(request, device_id, school)
        except HttpError as refused:
            return screens.error(request, refused)
        words, person = screens.words_as(request, RoomWords), person_of(request)
        beside = [one for one in live.devices() if one.place == device.place]
        agent = next((one for one in live.agents() if one.place == device.place), None)
        may = person.may(Permission.BOOK) and bool(program.school.school)
        past = await run_in_threadpool(program.store.read, _past, device, names, beside, words.say)
        in_book = None
        if person.may(Permission.SCHOOL) and program.school.school:
            in_book = await run_in_threadpool(_in_book, program, device, names)
        return screens.page(
            request,
            "device.html",
            words=words,
            device=device,
            title=words.device(device),
            names=dict.fromkeys(names, device.given_name) if device.given_name else {},
            was=was if may else None,
            max_name=MAX_NAME,
            past=past,
            book=in_book,
            talk=in_book and in_book.talk,
            others=[one for one in beside if one.device_id != device.device_id],
            title_of=words.device,
            room_link=finder.room_link(device.room, device.place.school),
            agent_room=agent.room if agent else "",
            may=may,
            decided=decided,
            failed=FAILURES.get(failed, ""),
            here=finder.device_link(device),
        )

    _add_deeds(router, program)
    _add_name(router, program)


def _add_name(router: FeatureRouter, program: Program) -> None:
    """A device is called otherwise, and as before."""
    screens = program.service(PageRenderer)

    @router.post("/devices/{device_id:path}/name")
    @needs(Permission.BOOK)
    async def rename(request: Request, device_id: DeviceId) -> Response:
        form, fleet = await fields_of(request), program.service(FleetListener)
        before, name = fleet.given_name(device_id), form.get("name", "")

        def renamed(now_ms: int) -> Sequence[object]:
            return fleet.rename(device_id, name, now_ms, was=form.get("is"))

        try:
            if not await program.writing.apply(renamed):
                return screens.error(request, _unknown())
        except ActionError as error:
            return screens.error(request, refusal_of(error))
        query = {} if "is" in form else {"was": before}
        return RedirectResponse(f"/devices/{quote(device_id, safe='')}?{urlencode(query)}", 303)


def _unknown() -> HttpError:
    return HttpError(404, "device_unknown", N_("There is no such device."), "/devices")


def _add_deeds(router: FeatureRouter, program: Program) -> None:
    """A device is taken out of its room's list, and brought back."""
    screens = program.service(PageRenderer)

    @router.post("/devices")
    @needs(Permission.BOOK)
    async def take_out_some(request: Request) -> Response:
        form = await fields_of(request, limit=_MAX_TICKS, count=ROWS + 1)
        ticked = [name.removeprefix(TICK) for name in form if name.startswith(TICK)]
        fleet = program.service(FleetListener)
        is_undo = form.get("deed") == "restore"
        deed = fleet.restore if is_undo else fleet.remove

        def some(now_ms: int) -> Sequence[object]:
            return [change for device_id in ticked for change in deed(device_id, now_ms)]

        is_done = form.get("deed") in {"remove", "restore"} and await program.writing.apply(some)
        removed = [] if is_undo or not is_done else [("removed", one) for one in ticked]
        return RedirectResponse(f"/devices?{urlencode(removed)}" if removed else "/devices", 303)

    @router.post("/devices/{device_id:path}/remove")
    @needs(Permission.BOOK)
    async def remove(request: Request, device_id: DeviceId) -> Response:
        fleet = program.service(FleetListener)
        if not await program.writing.apply(lambda now_ms: fleet.remove(device_id, now_ms)):
            return screens.error(request, _unknown())
        return RedirectResponse(address("/devices", removed=device_id), 303)

    @router.post("/devices/{device_id:path}/restore")
    @needs(Permission.BOOK)
    async def restore(request: Request, device_id: DeviceId) -> Response:
        fleet = program.service(FleetListener)
        if not await program.writing.apply(lambda now_ms: fleet.restore(device_id, now_ms)):
            return screens.error(request, _unknown())
        return RedirectResponse(f"/devices/{quote(device_id, safe='')}", 303)


def _in_book(program: Program, device: DeviceRecord, names: frozenset[str]) -> InBook:
    """What the book says of it. names: its ids. Raises StoreError."""
    desk = program.service(desk_of)
    standing = desk.standing()
    finding = next((one for one in standing.findings if names & {*one.devices}), None)
    line = program.store.read(line_past, program.school, finding.line.no) if finding else None
    seen = (*standing.reconciled.strangers, *standing.reconciled.presences)
    stranger = next((one for one in seen if one.observation.device in names), None)
    keys = {key for one in observations_of([device]) for key in one.keys}
    if finding:
        keys.add(subject_of(finding.line.no))
    by_row = {one.line.data.row: one for one in standing.findings}
    return InBook(
        talk=BookWords(standing.reconciled, desk.zone),
        finding=finding,
        repairs=line.repairs if line else [],
        stranger=stranger,
        candidates=[by_row[row] for row in stranger.candidates] if stranger else [],
        decisions=[one for one in standing.decisions if one.subject in keys][:DECISIONS],
    )


def _past(
    db: Connection,
    device: DeviceRecord,
    names: frozenset[str],
    beside: list[DeviceRecord],
    say: Translate,
) -> DevicePast:
    """What is stored of it. names: its ids; beside: what its agent answers for."""
    place = Place(device.place.province, device.place.school)
    events = [
        event
        for event in newest_events(db, place, room=device.room, limit=EVENTS_READ)
        if msgspec.json.decode(event.body).get("device_id") in names
    ]
    told = [one for one in facts_of(db, place) if one.place == device.place]
    said = [one for one in words_of(db, place) if one.place == device.place]
    kinds = [one for one in kind_words_of(db, place) if one.place == device.place]
    known = room_identity(beside, told, said, kinds, say)
    own = room_identity([device], told, said, kinds, say)
    return DevicePast(
        events[:EVENTS],
        RoomIdentity(
            [one for one in known.questions if names & {one.one, one.other}],
            [one for one in known.answers if names & {one.one, one.other}],
            own.devices,
            own.kind_questions,
            own.kind_answers,
        ),
    )
