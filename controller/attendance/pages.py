"""This file serves the office: today's rolls in figures; a class's sheet behind the password."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from controller.access.gate import COOKIE, Gate
from controller.access.password import SESSION_S, OfficeError
from controller.access.store import access_log
from controller.attendance.lessons import figures_of
from controller.attendance.papers import note_of
from controller.attendance.sheet import attendance_of
from controller.attendance.store import lessons_of
from controller.database.store import Store
from controller.fleet.records import LessonRecord
from controller.roster.store import plan_of
from controller.sheets.names import natural
from controller.web.forms import fields_of
from controller.web.refusals import Refused
from protocol.messages import Ending
from protocol.model import Place
from protocol.words import N_

if TYPE_CHECKING:
    from controller.dashboard.pages import Screens

MAX_PATH: Final = 200
_WEEK_DAYS: Final = 6  # Monday to Saturday

Day = Annotated[str, Query(max_length=10)]


class TakenLesson:
    """A lesson of a class, as the day's list shows it: its figures and how its roll stands."""

    def __init__(self, record: LessonRecord, class_code: str) -> None:
        self.record = record
        self.figures = figures_of(record, class_code)
        if record.confirmed:
            self.state, self.status = N_("taken"), "ok"
        elif record.how is None:
            self.state, self.status = N_("not taken yet"), "unknown"
        else:
            self.state, self.status = N_("not confirmed"), "warning"


def add_office_pages(
    router: APIRouter, screens: Screens, store: Store, gate: Gate, scope: Place
) -> None:
    """The pages of attendance, and the way in."""

    @router.get("/attendance")
    async def today(request: Request, day: Day = "") -> Response:
        chosen = _day_of(day, screens.today())
        records = await run_in_threadpool(store.read, lessons_of, scope, chosen, chosen)
        school = await run_in_threadpool(store.read, plan_of, scope)
        by_class = taken(records)
        codes = sorted({each.code for each in school.classes} | by_class.keys(), key=natural)
        return screens.page(
            request,
            "attendance.html",
            day=chosen,
            classes=[(code, by_class.get(code, [])) for code in codes],
            before=_moved(chosen, -1),
            after=_moved(chosen, 1),
        )

    @router.get("/attendance/{code:path}")
    async def class_sheet(request: Request, code: str, week: Day = "") -> Response:
        monday = _monday(_day_of(week, screens.today()))
        last = _moved(monday, _WEEK_DAYS - 1)
        try:
            await run_in_threadpool(gate.admit, request, "sheet", f"{code[:64]} {monday} {last}")
        except Refused:
            return RedirectResponse(f"/login?next={quote(request.url.path)}", 303)
        told = await run_in_threadpool(attendance_of, store, scope, code[:64], monday, last)
        return screens.page(
            request,
            "sheet.html",
            told=told,
            note_of=note_of,
            monday=monday,
            last=last,
            before=_moved(monday, -7),
            after=_moved(monday, 7),
        )

    @router.get("/login")
    async def login(request: Request, next: str = "") -> Response:  # noqa: A002 - the usual name
        return _form(request, screens, gate, way=_own_path(next))

    @router.post("/login")
    async def enter(request: Request) -> Response:
        form = await fields_of(request)
        way = _own_path(form.get("next", ""))
        address = request.client.host if request.client else ""
        if not gate.office.may_try(address):
            wait = N_("Too many tries: wait five minutes.")
            return _form(request, screens, gate, way=way, trouble=wait, status=429)
        given = form.get("password", "")
        cookie = await run_in_threadpool(gate.office.open_session, given)
        if cookie is None:
            wrong = N_("This is not the password.")
            return _form(request, screens, gate, way=way, trouble=wrong, status=403)
        answer = RedirectResponse(way, 303)
        secure = request.url.scheme == "https"
        answer.set_cookie(
            COOKIE, cookie, max_age=SESSION_S, httponly=True, samesite="strict", secure=secure
        )
        return answer

    @router.post("/logout")
    async def leave(request: Request) -> Response:
        gate.office.end_session(request.cookies.get(COOKIE, ""))
        answer = RedirectResponse("/attendance", 303)
        answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return answer

    @router.get("/looks")
    async def looks(request: Request) -> Response:
        if gate.who(request) is None:
            return RedirectResponse("/login?next=/looks", 303)
        seen = await run_in_threadpool(store.read, access_log, scope)
        return screens.page(request, "looks.html", seen=seen)


def taken(records: list[LessonRecord]) -> dict[str, list[TakenLesson]]:
    """A day's lessons by class; those whose start was undone are left out."""
    found = defaultdict[str, list[TakenLesson]](list)
    for record in records:
        if record.how is not Ending.UNDONE:
            for code in record.classes or tuple(record.counts):
                found[code].append(TakenLesson(record, code))
    return dict(found)


def _form(
    request: Request,
    screens: Screens,
    gate: Gate,
    *,
    way: str,
    trouble: str = "",
    status: int = 200,
) -> Response:
    try:
        ready, damage = gate.office.has_password, ""
    except OfficeError as error:
        ready, damage = False, error.message
    return screens.page(
        request,
        "login.html",
        status_code=status,
        way=way,
        trouble=trouble,
        ready=ready,
        damage=damage,
    )


def _own_path(path: str) -> str:
    """A way back within this server: nothing that a browser takes for another one."""
    plain = path.isprintable() and "\\" not in path and len(path) <= MAX_PATH
    return path if plain and path.startswith("/") and not path.startswith("//") else "/attendance"


def _day_of(text: str, today: str) -> str:
    try:
        return date.fromisoformat(text).isoformat() if text else today
    except ValueError:
        return today


def _moved(day: str, by: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=by)).isoformat()


def _monday(day: str) -> str:
    return _moved(day, -date.fromisoformat(day).weekday())
