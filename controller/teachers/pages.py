"""This file serves the office: whether rooms ask who confirms a roll, and each teacher's PIN.

A PIN is shown once, in the answer to the press that made it; only a digest of it is kept.
"""

from __future__ import annotations

from typing import Annotated, Final, NamedTuple

from fastapi import Path, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from controller.feature import Program
from controller.people.person import Permission
from controller.roster.store import plan_of
from controller.sheets.text import clean
from controller.teachers import store as teachers
from controller.teachers.teacher import (
    PinError,
    Teacher,
    names_in,
    new_pin,
    with_pin,
)
from controller.web.forms import fields_of
from controller.web.noting import add_values
from controller.web.page import PageRenderer
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs
from protocol.guide import MAX_TEACHERS, name_spelling
from protocol.model import MAX_TEXT, Place
from protocol.words import N_

HOME: Final = "/teachers"

Code = Annotated[str, Path(max_length=64)]


class _Made(NamedTuple):
    """A PIN that was made just now."""

    name: str
    pin: str


class _Standing(NamedTuple):
    """How it stands. missing: whom the timetable names and nobody has added yet."""

    asks: bool
    teachers: list[Teacher]
    missing: list[str]


def pages(program: Program) -> FeatureRouter:
    """The teachers' page and its presses."""
    router = FeatureRouter()
    _add_page(router, program)
    _add_pins(router, program)
    return router


def _add_page(router: FeatureRouter, program: Program) -> None:
    @router.get(HOME)
    @needs(Permission.MANAGE)
    async def listed(request: Request) -> Response:
        return await _page(request, program)

    @router.post(HOME)
    @needs(Permission.MANAGE)
    async def add(request: Request) -> Response:
        fields = await fields_of(request)
        name = clean(fields.get("name", ""))[:MAX_TEXT]
        await run_in_threadpool(_add, program, [name] if "name" in fields else None)
        return RedirectResponse(HOME, 303)

    @router.post(HOME + "/ask")
    @needs(Permission.MANAGE)
    async def ask(request: Request) -> Response:
        asks = (await fields_of(request)).get("asks") == "yes"
        await run_in_threadpool(_ask, program, asks)
        add_values(request, asks="yes" if asks else "no")
        return RedirectResponse(HOME, 303)


def _add_pins(router: FeatureRouter, program: Program) -> None:
    @router.post(HOME + "/pins")
    @needs(Permission.MANAGE)
    async def give(request: Request) -> Response:
        await fields_of(request)
        made = await run_in_threadpool(_give, program)
        return await _page(request, program, made)

    @router.post(HOME + "/{teacher}/pin")
    @needs(Permission.MANAGE)
    async def renew(request: Request, teacher: Code) -> Response:
        pin = (await fields_of(request)).get("pin", "").strip()
        try:
            made = await run_in_threadpool(_renew, program, teacher, pin)
        except PinError as error:
            say = program.service(PageRenderer).say(request)
            return await _page(request, program, trouble=error.text(say))
        return await _page(request, program, [made])

    @router.post(HOME + "/{teacher}/end")
    @needs(Permission.MANAGE)
    async def end(request: Request, teacher: Code) -> Response:
        await fields_of(request)
        if not await run_in_threadpool(_end, program, teacher):
            raise _unknown()
        return RedirectResponse(HOME, 303)


async def _page(
    request: Request, program: Program, made: list[_Made] | None = None, trouble: str = ""
) -> Response:
    standing = await run_in_threadpool(program.store.read, _standing, program.school)
    answer = program.service(PageRenderer).page(
        request,
        "teachers.html",
        status_code=422 if trouble else 200,
        standing=standing,
        made=made or [],
        trouble=trouble,
    )
    answer.headers["cache-control"] = "no-store"  # a PIN is in it, once
    return answer


def _standing(db: Connection, school: Place) -> _Standing:
    known = teachers.teachers_of(db, school)
    keys = {name_spelling(one.name) for one in known}
    named = names_in(plan_of(db, school).timetable)
    missing = [name for name in named if name_spelling(name) not in keys]
    return _Standing(bool(teachers.is_asking(db, school)), known, missing)


def _add(program: Program, names: list[str] | None) -> None:
    """Add one teacher, or all whom the timetable names; no more than rooms can be told of."""
    with program.store.locked(program.school) as db:
        wanted = names_in(plan_of(db, program.school).timetable) if names is None else names
        left = MAX_TEACHERS - len(teachers.teachers_of(db, program.school))
        teachers.add_names(db, program.school, wanted[: max(left, 0)])


def _ask(program: Program, asks: bool) -> None:  # noqa: FBT001 - run in a thread
    with program.store.locked(program.school) as db:
        teachers.ask(db, program.school, asks=asks)


def _give(program: Program) -> list[_Made]:
    """A PIN for everybody who has none; the digests are made before anything is locked."""
    school, made = program.school, []
    lacking = [one for one in program.store.read(teachers.teachers_of, school) if not one.has_pin]
    for teacher in lacking:
        pin = new_pin()
        made.append((with_pin(teacher, pin), pin))
    with program.store.locked(school) as db:
        for teacher, _ in made:
            teachers.keep_teacher(db, school, teacher)
    return [_Made(teacher.name, pin) for teacher, pin in made]


def _renew(program: Program, code: str, chosen: str) -> _Made:
    """A new PIN, chosen or made; the one before is good no more. Raises PinError, HttpError."""
    known = program.store.read(teachers.teachers_of, program.school)
    teacher = next((one for one in known if one.teacher == code), None)
    if teacher is None:
        raise _unknown()
    pin = chosen or new_pin()
    renewed = with_pin(teacher, pin)
    with program.store.locked(program.school) as db:
        teachers.keep_teacher(db, program.school, renewed)
    return _Made(teacher.name, pin)


def _end(program: Program, code: str) -> bool:
    with program.store.locked(program.school) as db:
        return teachers.end_teacher(db, program.school, code)


def _unknown() -> HttpError:
    return HttpError(404, "teacher_unknown", N_("There is no such teacher."), N_("See /teachers."))
