"""This file serves the administrator: tokens of programs, made, shown once, ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from controller.access.token import MAX_DAYS, READING, TokenError, new_token, token_of
from controller.access.token_store import all_tokens, end_token, keep_token
from controller.feature import Program
from controller.people.person import PERMISSION_WORDS, Permission
from controller.sheets.text import clean
from controller.web.forms import fields_of
from controller.web.noting import add_values
from controller.web.page import PageRenderer
from controller.web.refusals import PageRefusedError
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from protocol.model import Place
from protocol.words import N_

_DAYS: Final = 365  # what the form offers
_CODE: Final = 64


def pages(program: Program) -> FeatureRouter:
    """The list of tokens, and what is done to them."""
    router = FeatureRouter()
    screens, store = program.service(PageRenderer), program.store

    @router.get("/tokens")
    @needs(Permission.MANAGE)
    async def listed(request: Request) -> Response:
        return await shown(request)

    @router.post("/tokens")
    @needs(Permission.MANAGE)
    async def make(request: Request) -> Response:
        form = await fields_of(request)
        text = new_token()
        try:
            token = token_of(
                text,
                purpose=clean(form.get("purpose", "")),
                made_by=person_of(request).account,
                place=Place(program.school.province, form.get("school", "").strip()[:_CODE]),
                area=form.get("area", "").strip()[:_CODE],
                permissions=_granted(form),
                days=_days(form),
                now_ms=program.now_ms(),
            )
        except TokenError as error:
            return await shown(request, error, form)
        await run_in_threadpool(store.write, keep_token, token)
        add_values(request, name=token.token)
        return screens.page(request, "token_made.html", token=token, text=text.text)

    @router.post("/tokens/{name}/end")
    @needs(Permission.MANAGE)
    async def end(name: str) -> Response:
        now_ms = program.now_ms()
        if not await run_in_threadpool(store.write, end_token, name[:_CODE], now_ms):
            message = N_("There is no such token, or it has ended.")
            raise PageRefusedError(404, "token_unknown", message, N_("See /tokens."))
        return RedirectResponse("/tokens", 303)

    async def shown(
        request: Request, trouble: TokenError | None = None, form: Mapping[str, str] | None = None
    ) -> Response:
        return screens.page(
            request,
            "tokens.html",
            status_code=422 if trouble else 200,
            tokens=await run_in_threadpool(store.read, all_tokens),
            permission_words=PERMISSION_WORDS,
            may=_granted(form) if form else READING,
            form=form or {"days": str(_DAYS)},
            most=MAX_DAYS,
            trouble=trouble.text(screens.say(request)) if trouble else "",
        )

    return router


def _granted(form: Mapping[str, str]) -> frozenset[Permission]:
    """What was ticked."""
    return frozenset(permission for permission in Permission if f"may_{permission}" in form)


def _days(form: Mapping[str, str]) -> int:
    """For how many days; 0, which is refused, where that is no number."""
    text = form.get("days", "").strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < len("99999") else 0
