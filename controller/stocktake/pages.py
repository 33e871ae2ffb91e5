"""This file serves the stocktake: begin one, count on a phone room by room, end it, its minutes."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from datetime import tzinfo
from functools import partial
from pathlib import Path as FilePath
from typing import Any, Final
from urllib.parse import quote

import msgspec
from fastapi import Request, Response
from fastapi.responses import FileResponse, JSONResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool

from controller.feature import Program
from controller.people.person import Permission
from controller.register.vocabulary import type_word
from controller.sheets.names import room_key, room_of
from controller.stocktake.api import Number
from controller.stocktake.count import rooms_of
from controller.stocktake.form import form_in
from controller.stocktake.minutes import minutes_of, name_of
from controller.stocktake.scan import ScanError, scan_of
from controller.stocktake.service import Looked, Stocktaking, reads_photos, room_unknown
from controller.stocktake.view import (
    OUTCOME_STATUS,
    OUTCOME_WORDS,
    page_data,
    standing_data,
    waiting_data,
)
from controller.web.downloads import DOCX, XLSX, attachment
from controller.web.forms import fields_of
from controller.web.page import PageRenderer
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of, public
from controller.web.words import Words
from protocol.settings import SettingsError
from protocol.words import N_, Translate

TRY_AGAIN: Final = N_("The form did not arrive whole: try again.")
NO_ROOM: Final = "-"  # in an address, for things that the book gives no room
_WORKER: Final = FilePath(__file__).with_name("static") / "stocktake-worker.js"
_KINDS: Final = {"xlsx": XLSX, "docx": DOCX}


def pages(program: Program) -> FeatureRouter:
    """The pages of counting."""
    router = FeatureRouter()
    screens = program.service(PageRenderer)
    taking, folder = program.service(Stocktaking), program.config.data
    _add_overview(router, screens, taking)
    _add_minutes(router, screens, taking, name=program.name, zone=program.zone, folder=folder)
    _add_counting(router, screens, taking)
    _add_note(router, screens, taking)
    return router


def _add_overview(router: FeatureRouter, screens: PageRenderer, taking: Stocktaking) -> None:
    @router.get("/stocktake")
    @needs(Permission.STOCKTAKE)
    async def overview(request: Request) -> Response:
        try:
            takes = await run_in_threadpool(taking.all, person_of(request))
        except HttpError as refused:
            return screens.error(request, refused)
        data = waiting_data(screens.words(request))
        return screens.page(request, "stocktakes.html", takes=takes, data=_script(data))

    @router.post("/stocktake")
    @needs(Permission.BOOK)
    async def begin(request: Request) -> Response:
        who = person_of(request).account
        form = await fields_of(request)
        names = form.get("rooms", "").replace(";", ",").split(",")
        rooms = [room for name in names if (room := room_of(name))]
        try:
            if "rooms" not in form:  # what was cut off must not mean the whole school
                raise HttpError(422, "form_invalid", TRY_AGAIN, "/stocktake")
            take = await run_in_threadpool(taking.begin, rooms, who)
        except HttpError as refused:
            return screens.error(request, refused)
        return RedirectResponse(f"/stocktake/{take.no}", 303)

    @router.get("/stocktake/worker.js")
    @public
    async def worker() -> Response:
        allowed = {"Service-Worker-Allowed": "/stocktake"}
        return FileResponse(_WORKER, media_type="text/javascript", headers=allowed)

    @router.post("/stocktake/{no}/finish")
    @needs(Permission.BOOK)
    async def finish(request: Request, no: Number) -> Response:
        who = person_of(request).account
        try:
            await run_in_threadpool(taking.finish, no, who)
        except HttpError as refused:
            return screens.error(request, refused)
        return RedirectResponse(f"/stocktake/{no}", 303)


def _add_minutes(
    router: FeatureRouter,
    screens: PageRenderer,
    taking: Stocktaking,
    *,
    name: str,
    zone: tzinfo,
    folder: FilePath | None,
) -> None:
    @router.get("/stocktake/{no}/minutes.{kind}")
    @needs(Permission.STOCKTAKE)
    async def minutes(request: Request, no: Number, kind: str) -> Response:
        try:
            look = partial(taking.look, no, person_of(request))
            return await run_in_threadpool(_minutes, look, kind, screens.words(request).say)
        except HttpError as refused:
            return screens.error(request, refused)

    def _minutes(look: Callable[[], Looked], kind: str, say: Translate) -> Response:
        if kind not in _KINDS:
            raise HttpError(404, "not_found", N_("There is nothing here."), "/stocktake")
        from controller.stocktake.papers import as_docx, as_xlsx  # noqa: PLC0415 - heavy

        take, result = look()
        try:
            form = form_in(folder)
        except SettingsError as error:
            raise HttpError(500, error.code, error.text(say), "/stocktake") from error
        drawn = minutes_of(take, result, form, school=name, zone=zone)
        raw = (as_xlsx if kind == "xlsx" else as_docx)(drawn)
        headers = attachment(name_of(take, kind, zone))
        return Response(raw, media_type=_KINDS[kind], headers=headers)


def _add_counting(router: FeatureRouter, screens: PageRenderer, taking: Stocktaking) -> None:
    @router.get("/stocktake/{no}")
    @needs(Permission.STOCKTAKE)
    async def count(request: Request, no: Number) -> Response:
        return await _count(request, no, None)

    @router.get("/stocktake/{no}/rooms/{room:path}")
    @needs(Permission.STOCKTAKE)
    async def count_room(request: Request, no: Number, room: str) -> Response:
        return await _count(request, no, "" if room == NO_ROOM else room[:64])

    async def _count(request: Request, no: Number, room: str | None) -> Response:
        words, person = screens.words(request), person_of(request)
        try:
            if room is not None and not person.has_room(room):
                raise room_unknown()
            looked = await run_in_threadpool(taking.look, no, person)
            history = await run_in_threadpool(taking.history)
            made = partial(_values, looked, room, words, at_ms=taking.now_ms(), history=history)
            values = await run_in_threadpool(made)
        except HttpError as refused:
            return screens.error(request, refused)
        return screens.page(request, "stocktake.html", **values)

    @router.get("/stocktake/{no}/standing")
    @needs(Permission.STOCKTAKE, is_data=True)
    async def standing(request: Request, no: Number) -> Response:
        """What other phones have counted, for a page that is open."""
        looked = await run_in_threadpool(taking.look, no, person_of(request))
        data = standing_data(looked, screens.words(request), at_ms=taking.now_ms())
        return JSONResponse(data)


def _add_note(router: FeatureRouter, screens: PageRenderer, taking: Stocktaking) -> None:
    @router.post("/stocktake/{no}/rooms/{room:path}")
    @needs(Permission.STOCKTAKE)
    async def note(request: Request, no: Number, room: str) -> Response:
        """One scan of a page without a script."""
        person = person_of(request)
        written = _written_scan(await fields_of(request), room, taking.now_ms())
        try:
            scan = scan_of(written)
            await run_in_threadpool(taking.note, no, scan, person)
        except ScanError:
            pass  # an empty field: the page is shown again
        except HttpError as refused:
            return screens.error(request, refused)
        return RedirectResponse(room_address(no, room), 303)


def _values(
    looked: Looked, room: str | None, words: Words, *, at_ms: int, history: str
) -> dict[str, Any]:
    """What the page of a stocktake shows, or of one of its rooms."""
    data = page_data(looked, words, at_ms=at_ms, photos=reads_photos(), history=history)
    lines = [] if room is None else looked.result.lines
    key = room_key(room or "")
    return {
        "take": looked.take,
        "rooms": rooms_of(looked.take, looked.result),
        "room": room,
        "here": [line for line in lines if room_key(line.line.room) == key],
        "kind": lambda code: type_word(code, words.say),
        "outcome_words": OUTCOME_WORDS,
        "outcome_status": OUTCOME_STATUS,
        "data": _script(data),
        "address": room_address,
    }


def room_address(no: int, room: str) -> str:
    """The address of a stocktake's room."""
    return f"/stocktake/{no}/rooms/{quote(room or NO_ROOM, safe='')}"


def _script(data: dict[str, Any]) -> str:
    """JSON that cannot end the element it stands in."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _written_scan(form: Mapping[str, str], room: str, now_ms: int) -> bytes:
    """The scan that a form without a script tells, as a phone's script would write it."""
    scan: dict[str, object] = {
        "id": str(uuid.uuid4()),
        "room": "" if room == NO_ROOM else room[:64],
        "found": form.get("found", "1") == "1",
        "tag": form.get("tag", ""),
        "at_ms": now_ms,
    }
    line = form.get("line", "")
    return msgspec.json.encode(
        scan | {"line": int(line[:15])} if line.isascii() and line.isdecimal() else scan
    )
