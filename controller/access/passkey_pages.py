"""This file serves passkeys to the scripts of the login page and of a person's own page."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Path, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool

from controller.access.codes import new_code
from controller.access.entrance import give_device, give_entrance, note_entry
from controller.access.gate import browser_of
from controller.access.passkey import RelyingParty, relying_party
from controller.access.passkeys import Passkeys
from controller.access.service import Access
from controller.feature import Program
from controller.people.person import Permission
from controller.web.addresses import own_host_names
from controller.web.forms import body_of, fields_of
from controller.web.noting import add_values
from controller.web.refusals import HttpError, PageRefusedError
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of, public
from protocol.errors import LopHocError
from protocol.words import N_

MAX_ANSWER_BYTES: Final = 16 * 1024
_STATUSES: Final = {"login_rationed": 429}
Number = Annotated[int, Path(ge=1, lt=1 << 53)]


def pages(program: Program) -> FeatureRouter:
    """What the two scripts ask, and the removal of a passkey."""
    router = FeatureRouter()
    access, passkeys = program.service(Access), program.service(Passkeys)
    _add_login(router, program, passkeys)
    _add_own(router, program, access, passkeys)
    return router


def party_of(request: Request, program: Program) -> RelyingParty | None:
    """Under which of its own names the browser has called the server; None for an address."""
    url = request.url
    return relying_party(url.scheme, url.hostname or "", url.port, own_host_names(program.config))


def _add_login(router: FeatureRouter, program: Program, passkeys: Passkeys) -> None:
    @router.get("/login/passkey")
    @public
    async def ask(request: Request) -> Response:
        """What the login page's script hands to the browser."""
        browser = browser_of(request)
        browser = browser._replace(device=browser.device or new_code())
        options = await run_in_threadpool(passkeys.ask_who, _party(request, program), browser)
        return give_device(request, JSONResponse(options), browser.device)

    @router.post("/login/passkey")
    @public
    async def enter(request: Request) -> Response:
        party, raw = _party(request, program), await body_of(request, MAX_ANSWER_BYTES)
        try:
            account, entrance = await passkeys.log_in(party, raw, browser_of(request))
        except LopHocError as error:
            raise _refusal(error) from error
        note_entry(request, account)
        return give_entrance(request, Response(status_code=204), entrance)


def _add_own(router: FeatureRouter, program: Program, access: Access, passkeys: Passkeys) -> None:
    @router.post("/passkeys/options")
    @needs(*Permission, in_parts=True, is_data=True)
    async def begin(request: Request) -> Response:
        """The password again, before a browser makes what will open the same."""
        party, person = _party(request, program), person_of(request)
        password, browser = (await fields_of(request)).get("password", ""), browser_of(request)
        try:
            await access.prove(person.account, password, browser)
            options = await run_in_threadpool(passkeys.ask_for_new, party, person, browser.address)
        except LopHocError as error:
            raise _refusal(error) from error
        return JSONResponse(options)

    @router.post("/passkeys")
    @needs(*Permission, in_parts=True, is_data=True)
    async def add(request: Request) -> Response:
        party, raw = _party(request, program), await body_of(request, MAX_ANSWER_BYTES)
        try:
            passkey = await run_in_threadpool(passkeys.add, party, person_of(request), raw)
        except LopHocError as error:
            raise _refusal(error) from error
        add_values(request, name=passkey.name)
        return Response(status_code=204)

    @router.post("/passkeys/{no}/end")
    @needs(*Permission, in_parts=True)
    async def end(request: Request, no: Number) -> Response:
        if not await run_in_threadpool(passkeys.drop, person_of(request).account, no):
            raise PageRefusedError(
                404, "passkey_gone", N_("There is no such passkey."), N_("See /sessions.")
            )
        return RedirectResponse("/sessions", 303)


def _party(request: Request, program: Program) -> RelyingParty:
    """Raises HttpError where there are no passkeys."""
    party = party_of(request, program)
    if party is None:
        raise HttpError(
            404,
            "passkeys_nowhere",
            N_("Passkeys work only where this server is called by its name."),
            N_("Use the password."),
        )
    return party


def _refusal(error: LopHocError) -> HttpError:
    return HttpError(_STATUSES.get(error.code, 403), error.code, error.message, error.hint)
