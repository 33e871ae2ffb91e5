"""This file serves who may read by Home Assistant: let in, given another password, shut out."""

from __future__ import annotations

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from controller.broker.embedded import READER_USER
from controller.broker.reader import ReaderKey
from controller.feature import Program
from controller.home_assistant.feature import PATH
from controller.people.person import Permission
from controller.web.addresses import reachable_addresses
from controller.web.page import PageRenderer
from controller.web.refusals import PageRefusedError
from controller.web.router import FeatureRouter
from controller.web.rules import needs
from protocol.this_machine import is_this_machine
from protocol.words import N_


def pages(program: Program) -> FeatureRouter:
    """The page and its buttons."""
    router = FeatureRouter()
    screens, key = program.service(PageRenderer), ReaderKey(program.config.data)

    @router.get(PATH)
    @needs(Permission.MANAGE)
    async def standing(request: Request) -> Response:
        return await shown(request)

    @router.post(f"{PATH}/on")
    @needs(Permission.MANAGE)
    async def let_in(request: Request) -> Response:
        try:
            password = await run_in_threadpool(key.renew)
        except OSError as error:
            raise _unwritten() from error
        return await shown(request, password)

    @router.post(f"{PATH}/off")
    @needs(Permission.MANAGE)
    async def shut_out() -> Response:
        try:
            await run_in_threadpool(key.take_away)
        except OSError as error:
            raise _unwritten() from error
        return RedirectResponse(PATH, 303)

    async def shown(request: Request, password: str = "") -> Response:
        config = program.config
        return screens.page(
            request,
            "home_assistant.html",
            is_on=await run_in_threadpool(key.is_given),
            password=password,
            user=READER_USER,
            addresses=reachable_addresses(),
            port=config.mqtt_port,
            is_near=is_this_machine(config.mqtt_host),
            has_own_broker=not config.broker,
        )

    return router


def _unwritten() -> PageRefusedError:
    return PageRefusedError(
        503,
        "reader_unwritten",
        N_("The server cannot write to its data folder."),
        N_("Look under Doctor: its disk may be full."),
    )
