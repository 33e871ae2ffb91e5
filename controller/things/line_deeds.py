"""This file changes lines of the book by buttons: one, some, or all that a filter chooses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final
from urllib.parse import parse_qs, parse_qsl

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from controller.feature import Program
from controller.people.person import Permission
from controller.reconcile.choosing import LineFilter
from controller.reconcile.listener import BookListener
from controller.reconcile.standing import desk_of
from controller.register import life_store as lives
from controller.register import store as register
from controller.register.book import Line
from controller.register.by_hand import (
    MAX_WRITTEN,
    HandChange,
    Refused,
    added,
    corrected,
    fared,
    moved,
    retired,
    written_line,
)
from controller.register.fields import MESSAGES
from controller.register.life import MAX_NOTE, Said
from controller.register.merging import Kept
from controller.register.vocabulary import Condition
from controller.sheets.text import RefusedError
from controller.stocktake.service import Stocktaking
from controller.things.line_form import form_values
from controller.things.line_pages import LineNo, LineScreens
from controller.web.forms import fields_of
from controller.web.listing import address
from controller.web.page import PageRenderer
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from protocol.errors import ActionError
from protocol.words import N_

MOST: Final = 60  # lines of one page of the book, ticked one by one
_MAX_FORM: Final = 16 * 1024
_TICK: Final = "line-"
_NEW: Final = Line(row=0)
_UNKNOWN: Final = N_("The book has no such line.")
_NONE: Final = N_("No line was chosen.")


def add_line_deeds(router: FeatureRouter, program: Program) -> None:
    """The buttons of the book's lines."""
    _add_new(router, program)
    _add_one(router, program)
    _add_some(router, program)


def _add_new(router: FeatureRouter, program: Program) -> None:
    screens = program.service(PageRenderer)

    def shown(request: Request, form: Mapping[str, str], faults: Mapping[str, str], failed: str
              ) -> Response:  # fmt: skip
        values = form_values(_NEW, form, screens.say(request))
        status = 422 if faults or failed else 200
        return screens.page(
            request, "line_new.html", status, faults=faults, failed=failed, **values
        )

    @router.get("/register/new")
    @needs(Permission.BOOK)
    async def blank(request: Request) -> Response:
        return shown(request, {}, {}, "")

    @router.post("/register/new")
    @needs(Permission.BOOK)
    async def add(request: Request) -> Response:
        form = await fields_of(request, limit=_MAX_FORM)
        line = written_line(_NEW, form)
        if isinstance(line, Refused):
            return shown(request, form, line.faults, "")

        def change(db: Connection, stamp: Said) -> HandChange:
            return added(register.lines_of(db, program.school), line, stamp.at_ms)

        try:
            no, kept = await _kept(program, request, change)
        except ActionError as error:
            return shown(request, form, {}, error.message)
        return RedirectResponse(address(f"/register/lines/{kept[0].no}", changed=no), 303)


def _add_one(router: FeatureRouter, program: Program) -> None:
    screens = program.service(LineScreens)

    @router.post("/register/lines/{no}")
    @needs(Permission.BOOK)
    async def correct(request: Request, no: LineNo) -> Response:
        form = await fields_of(request, limit=_MAX_FORM)
        faults: Mapping[str, str] = {}

        def change(db: Connection, stamp: Said) -> HandChange:
            nonlocal faults
            before = _line_in(db, program, no)
            line = written_line(before.data, form)
            if isinstance(line, Refused):
                faults = line.faults
                return HandChange()
            return corrected(register.lines_of(db, program.school), before, line, stamp.at_ms)

        try:
            changed, _ = await _kept(program, request, change)
        except ActionError as error:
            return await screens.one(request, no, form=form, failed=error.message)
        if faults:
            return await screens.one(request, no, form=form, faults=faults)
        return RedirectResponse(address(f"/register/lines/{no}", changed=changed), 303)

    @router.post("/register/lines/{no}/condition")
    @needs(Permission.BOOK)
    async def condition(request: Request, no: LineNo) -> Response:
        form = await fields_of(request)

        def change(db: Connection, stamp: Said) -> HandChange:
            line = _line_in(db, program, no)
            return _fared(db, program, [line], form, stamp)

        return await _one(request, no, change)

    @router.post("/register/lines/{no}/retire")
    @needs(Permission.BOOK)
    async def retire(request: Request, no: LineNo) -> Response:
        def change(db: Connection, stamp: Said) -> HandChange:
            return retired([_line_in(db, program, no)], stamp.at_ms)

        return await _one(request, no, change)

    async def _one(
        request: Request, no: int, change: Callable[[Connection, Said], HandChange]
    ) -> Response:
        try:
            changed, _ = await _kept(program, request, change)
        except ActionError as error:
            return await screens.one(request, no, failed=error.message, values=error.values)
        return RedirectResponse(address(f"/register/lines/{no}", changed=changed), 303)


def _add_some(router: FeatureRouter, program: Program) -> None:
    screens, desk = program.service(PageRenderer), program.service(desk_of)
    taking = program.service(Stocktaking)

    def chosen_by(form: Mapping[str, str]) -> list[Kept]:
        """The lines that a form chooses: those ticked, or all that its filter does."""
        findings = desk.standing().findings
        if form.get("all") == "yes":
            asked = {name: values[0] for name, values in parse_qs(form.get("back", "")).items()}
            today = desk.today()
            return [finding.line for finding in filter_in(asked).of(findings, today)]
        ticked = {name.removeprefix(_TICK) for name in form if name.startswith(_TICK)}
        return [finding.line for finding in findings if str(finding.line.no) in ticked]

    @router.post("/register/lines")
    @needs(Permission.BOOK)
    async def some(request: Request) -> Response:
        form = await fields_of(request, limit=_MAX_FORM, count=2 * MOST)
        try:
            lines = await run_in_threadpool(chosen_by, form)
            if not lines:
                raise HttpError(422, "lines_none", _NONE, "/register")
            if form.get("deed") == "labels":
                return RedirectResponse(_labels_of(form, lines), 303)
            if form.get("deed") == "stocktake":
                rooms = sorted({line.data.room for line in lines} - {""})
                who = person_of(request).account
                take = await run_in_threadpool(taking.begin, rooms, who)
                return RedirectResponse(f"/stocktake/{take.no}", 303)

            def change(db: Connection, stamp: Said) -> HandChange:
                return _bulk(db, program, lines, form, stamp)

            changed, _ = await _kept(program, request, change)
        except ActionError as error:
            refused = HttpError(422, error.code, error.message, "/register", None, **error.values)
            return screens.error(request, refused)
        except HttpError as refused:
            return screens.error(request, refused)
        back = dict(parse_qsl(form.get("back", "")[:2000]))
        names = (*_FILTERS, "page", "sort")
        kept = {name: back[name] for name in names if name in back}
        return RedirectResponse(address("/register", changed=changed, **kept) + "#lines", 303)


_FILTERS: Final = ("state", "type", "room", "condition", "alone", "warranty", "q")


def filter_in(asked: Mapping[str, str]) -> LineFilter:
    """The choice of lines that an address of the book asks for."""
    fields = {name: asked.get(name, "")[:200].strip() for name in _FILTERS}
    return LineFilter(text=fields.pop("q"), **fields)


def _bulk(
    db: Connection, program: Program, lines: Sequence[Kept], form: Mapping[str, str], stamp: Said
) -> HandChange:
    """What a press does to some lines, as they stand now. Raises ActionError."""
    now = {line.no: line for line in register.lines_of(db, program.school)}
    fresh = [now[line.no] for line in lines if now[line.no].removed_ms is None]
    match form.get("deed", ""):
        case "room":
            try:
                change = moved(fresh, form.get("room", "")[:MAX_WRITTEN], stamp.at_ms)
            except RefusedError as error:
                raise ActionError("room_invalid", MESSAGES[str(error)]) from error
            return change
        case "condition":
            return _fared(db, program, fresh, form, stamp)
        case "retire":
            return retired(fresh, stamp.at_ms)
        case _:
            raise ActionError("form", N_("The form did not arrive whole: try again."))


def _fared(
    db: Connection, program: Program, lines: Sequence[Kept], form: Mapping[str, str], stamp: Said
) -> HandChange:
    """Lines fare as a form says. Raises ActionError."""
    word = form.get("condition", "")
    if word not in {*Condition}:
        raise ActionError("form", N_("The form did not arrive whole: try again."))
    steps = lives.steps_of(db, program.school, [line.no for line in lines])
    note = form.get("note", "").strip()[:MAX_NOTE]
    return fared(lines, steps, Condition(word), stamp, note)


def _line_in(db: Connection, program: Program, no: int) -> Kept:
    """The line that counts. Raises ActionError."""
    line = register.line_numbered(db, program.school, no)
    if line is None or line.removed_ms is not None:
        raise ActionError("line_unknown", _UNKNOWN)
    return line


async def _kept(
    program: Program, request: Request, change: Callable[[Connection, Said], HandChange]
) -> tuple[int, Sequence[Kept]]:
    """Keep a change under its number, 0 for none, and what it writes. Raises ActionError."""
    who = person_of(request).account

    def write() -> tuple[int, Sequence[Kept]]:
        stamp = Said(who, program.now_ms())
        with program.store.locked(program.school) as db:
            done = change(db, stamp)
            return register.change_by_hand(db, program.school, done, stamp) or 0, done.writes

    kept = await run_in_threadpool(write)
    await program.service(BookListener).catch_up()
    return kept


def _labels_of(form: Mapping[str, str], lines: Sequence[Kept]) -> str:
    """Where the labels of these lines are printed."""
    if form.get("all") == "yes":
        asked = {name: values[0] for name, values in parse_qs(form.get("back", "")).items()}
        return address("/register/labels", **{n: asked[n] for n in _FILTERS if n in asked})
    return address("/register/labels", lines=",".join(str(line.no) for line in lines))
