"""This file serves the administrator: who has an account, as what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from msgspec.structs import replace
from starlette.concurrency import run_in_threadpool

from controller.access.account import MAX_NAME, Account, AccountError, account_name, own_of
from controller.access.codes import setup_link
from controller.access.service import Access
from controller.feature import Program
from controller.people.person import OWN_ONLY, ROLE_WORDS, Permission, Role
from controller.sheets.text import clean
from controller.web.forms import fields_of
from controller.web.noting import add_values
from controller.web.page import PageRenderer
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from protocol.words import N_

_NOT_YOURSELF: Final = N_("Nobody can end their own account, or take their own rights away.")
_NO_ACCOUNT: Final = N_("There is no such account.")


def pages(program: Program) -> FeatureRouter:
    """The accounts."""
    router = FeatureRouter()
    screens, access = program.service(PageRenderer), program.service(Access)
    _add_accounts(router, screens, access)
    return router


def _add_accounts(router: FeatureRouter, screens: PageRenderer, access: Access) -> None:
    @router.get("/accounts")
    @needs(Permission.MANAGE)
    async def listed(request: Request) -> Response:
        return await _list(request)

    @router.post("/accounts")
    @needs(Permission.MANAGE)
    async def keep(request: Request) -> Response:
        form = await fields_of(request)
        try:
            account = await run_in_threadpool(_kept, access, person_of(request).account, form)
        except AccountError as error:
            return await _list(request, error, form)
        add_values(request, account=account.account, role=account.role)
        return RedirectResponse(f"/accounts#{account.account}", 303)

    @router.post("/accounts/{name}/invite")
    @needs(Permission.MANAGE)
    async def invite(request: Request, name: str) -> Response:
        invited = await run_in_threadpool(access.invite, name[:64])
        if invited is None:
            raise _unknown()
        account, code = invited
        base = str(request.base_url).rstrip("/")
        return screens.page(request, "invited.html", account=account, link=setup_link(base, code))

    @router.post("/accounts/{name}/end")
    @needs(Permission.MANAGE)
    async def end(request: Request, name: str) -> Response:
        if name == person_of(request).account:
            return await _list(request, AccountError("own_account", _NOT_YOURSELF))
        try:
            is_ended = await run_in_threadpool(access.end_account, name[:64])
        except AccountError as error:
            return await _list(request, error)
        if not is_ended:
            raise _unknown()
        return RedirectResponse("/accounts", 303)

    async def _list(
        request: Request, trouble: AccountError | None = None, form: Mapping[str, str] | None = None
    ) -> Response:
        return screens.page(
            request,
            "accounts.html",
            status_code=422 if trouble else 200,
            accounts=await run_in_threadpool(access.accounts),
            roles=ROLE_WORDS,
            own_only=OWN_ONLY,
            form=form or {},
            trouble=trouble.text(screens.say(request)) if trouble else "",
        )


def _kept(access: Access, who: str, form: Mapping[str, str]) -> Account:
    """Keep the account that a form describes, new or changed. Raises AccountError."""
    name = account_name(form.get("account", ""))
    try:
        role = Role(form.get("role", ""))
    except ValueError as error:
        raise AccountError("role_unknown", N_("Choose what the account is for.")) from error
    if name == who and role is not Role.ADMIN:
        raise AccountError("own_account", _NOT_YOURSELF)
    told = {
        "role": role,
        "name": clean(form.get("name", ""))[:MAX_NAME],
        **{field: own_of(form.get(field, "")) for field in ("classes", "rooms", "areas")},
        "ended_ms": None,
    }
    fresh = Account(account=name, role=role, made_ms=access.now_ms())
    access.change(name, lambda before: replace(before or fresh, **told))
    return fresh


def _unknown() -> HttpError:
    return HttpError(404, "account_unknown", _NO_ACCOUNT, N_("See /accounts."))
