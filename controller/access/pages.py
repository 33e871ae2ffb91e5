"""This file serves the way in and out: logging in, the first set-up, a person's sessions."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Path, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from controller.access import account_pages, log_pages, passkey_pages, token_pages
from controller.access.account import MAX_NAME, OFFICE, Account, AccountError
from controller.access.browsers import browser_name
from controller.access.entrance import give_entrance, note_entry
from controller.access.gate import browser_of, is_secure, session_cookie
from controller.access.passkey_pages import party_of
from controller.access.passkeys import Passkeys
from controller.access.passwords import PasswordError
from controller.access.service import Access, Entrance, LoginError
from controller.feature import Program
from controller.people.person import Permission, Role
from controller.sheets.text import clean
from controller.web.forms import fields_of
from controller.web.page import PageRenderer
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of, public, visitor_of
from protocol.errors import LopHocError

MAX_PATH: Final = 200
_STATUSES: Final = {"login_rationed": 429}
Number = Annotated[int, Path(ge=1, lt=1 << 53)]


def pages(program: Program) -> FeatureRouter:
    """The way in, the way out, who has an account, who looked."""
    router = FeatureRouter()
    screens, access = program.service(PageRenderer), program.service(Access)
    _add_login(router, program, screens, access)
    _add_setup(router, screens, access)
    _add_sessions(router, program, screens, access)
    router.take_in(account_pages.pages(program))
    router.take_in(passkey_pages.pages(program))
    router.take_in(token_pages.pages(program))
    router.take_in(log_pages.pages(program))
    return router


def _add_login(
    router: FeatureRouter, program: Program, screens: PageRenderer, access: Access
) -> None:
    passkeys = program.service(Passkeys)

    async def shown(request: Request, way: str, trouble: LopHocError | None = None) -> Response:
        party = party_of(request, program)
        return screens.page(
            request,
            "login.html",
            status_code=_STATUSES.get(trouble.code, 403) if trouble else 200,
            way=way,
            trouble=trouble.text(screens.say(request)) if trouble else "",
            ready=await run_in_threadpool(access.can_enter),
            has_passkeys=await run_in_threadpool(passkeys.are_for, party),
            office=OFFICE,
        )

    @router.get("/login")
    @public
    async def login(request: Request, next: str = "") -> Response:  # noqa: A002 - the usual name
        return await shown(request, _own_path(next))

    @router.post("/login")
    @public
    async def enter(request: Request) -> Response:
        form = await fields_of(request)
        way = _own_path(form.get("next", ""))
        account, password = form.get("account", OFFICE), form.get("password", "")
        try:
            entrance = await access.log_in(account, password, browser_of(request))
        except LoginError as error:
            return await shown(request, way, error)
        note_entry(request, account)
        return _entered(request, way, entrance)

    @router.post("/logout")
    @public
    async def leave(request: Request) -> Response:
        if person := visitor_of(request):
            await run_in_threadpool(access.end, person.account, person.session)
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(
            session_cookie(request), httponly=True, samesite="strict", secure=is_secure(request)
        )
        return answer


def _add_setup(router: FeatureRouter, screens: PageRenderer, access: Access) -> None:
    @router.get("/setup")
    @public
    async def setup(request: Request) -> Response:
        return screens.page(request, "setup.html", trouble="", form={})

    @router.post("/setup")
    @public
    async def set_up(request: Request) -> Response:
        form = await fields_of(request)
        account = Account(
            account=form.get("account", "") or OFFICE,
            role=Role.ADMIN,
            name=clean(form.get("name", ""))[:MAX_NAME],
        )
        code, password = form.get("code", ""), form.get("password", "")
        try:
            entrance = await access.set_up(code, account, password, browser_of(request))
        except (LoginError, AccountError, PasswordError) as error:
            return screens.page(
                request,
                "setup.html",
                status_code=_STATUSES.get(error.code, 422),
                trouble=error.text(screens.say(request)),
                form=form,
            )
        note_entry(request, account.account)
        return _entered(request, "/", entrance)


def _add_sessions(
    router: FeatureRouter, program: Program, screens: PageRenderer, access: Access
) -> None:
    passkeys = program.service(Passkeys)

    @router.get("/sessions")
    @needs(*Permission, in_parts=True)
    async def sessions(request: Request) -> Response:
        person = person_of(request)
        found = await run_in_threadpool(access.sessions, person.account)
        own = await run_in_threadpool(passkeys.of_account, person.account)
        return screens.page(
            request,
            "sessions.html",
            sessions=found,
            browser_name=browser_name,
            passkeys=own,
            can_add_passkey=bool(person.session and party_of(request, program)),
        )

    @router.post("/sessions/{no}/end")
    @needs(*Permission, in_parts=True)
    async def end(request: Request, no: Number) -> Response:
        await run_in_threadpool(access.end, person_of(request).account, no)
        return RedirectResponse("/sessions", 303)


def _entered(request: Request, way: str, entrance: Entrance) -> Response:
    return give_entrance(request, RedirectResponse(way, 303), entrance)


def _own_path(path: str) -> str:
    """A way back within this server: nothing that a browser takes for another one."""
    plain = path.isprintable() and "\\" not in path and len(path) <= MAX_PATH
    return path if plain and path.startswith("/") and not path.startswith("//") else "/"
