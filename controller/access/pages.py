"""This file serves the way in: the password, and who looked."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from controller.access.gate import COOKIE, Gate, gate_of
from controller.access.password import SESSION_S, OfficeError
from controller.access.store import access_log
from controller.feature import Program
from controller.web.forms import fields_of
from controller.web.page import PageRenderer
from protocol.words import N_

MAX_PATH: Final = 200


def pages(program: Program) -> APIRouter:
    """The way in, the way out, and who looked."""
    router = APIRouter()
    screens, gate = program.service(PageRenderer), program.service(gate_of)
    store, scope = program.store, program.school

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
        password = form.get("password", "")
        cookie = await run_in_threadpool(gate.office.open_session, password)
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
    async def accesses(request: Request) -> Response:
        if gate.who(request) is None:
            return RedirectResponse("/login?next=/looks", 303)
        rows = await run_in_threadpool(store.read, access_log, scope)
        return screens.page(request, "access_log.html", accesses=rows)

    return router


def _form(
    request: Request,
    screens: PageRenderer,
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


def to_login(path: str) -> Response:
    """Ask for the office's password first."""
    return RedirectResponse(f"/login?next={quote(path)}", 303)
