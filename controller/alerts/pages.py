"""This file serves who is told outside of the screens, how it went, and a button to try."""

from __future__ import annotations

from typing import Final

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from controller.alerts.receivers import FILE, AlertError
from controller.alerts.service import Alerts
from controller.alerts.store import newest
from controller.alerts.words import (
    EXAMPLE,
    SEVERITY_WORDS,
    TROUBLE_WORDS,
    UNKNOWN_TROUBLE,
    WAY_WORDS,
)
from controller.feature import Program
from controller.people.person import Permission
from controller.web.page import PageRenderer
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs
from protocol.words import N_

ROWS: Final = 50


def pages(program: Program) -> FeatureRouter:
    """The list, and the button."""
    router = FeatureRouter()
    screens, alerts = program.service(PageRenderer), program.service(Alerts)

    @router.get("/alerts")
    @needs(Permission.MANAGE)
    async def listed(request: Request) -> Response:
        broken = ""
        try:
            receivers = await run_in_threadpool(alerts.receivers)
        except AlertError as error:
            receivers, broken = {}, error.text(screens.say(request))
        read = program.store.read
        return screens.page(
            request,
            "alerts.html",
            receivers=receivers,
            broken=broken,
            rows=await run_in_threadpool(read, newest, program.school, ROWS),
            ways=WAY_WORDS,
            severities=SEVERITY_WORDS,
            troubles=TROUBLE_WORDS,
            unknown_trouble=UNKNOWN_TROUBLE,
            example=EXAMPLE,
            file=program.config.data / FILE,
        )

    @router.post("/alerts/{name}/test")
    @needs(Permission.MANAGE)
    async def tried(request: Request, name: str) -> Response:
        try:
            receiver = (await run_in_threadpool(alerts.receivers)).get(name)
        except AlertError:
            receiver = None
        if receiver is None:
            unknown = HttpError(
                404, "receiver_unknown", N_("There is no such receiver."), "/alerts"
            )
            return screens.error(request, unknown)
        await run_in_threadpool(alerts.test, name, receiver)
        return RedirectResponse("/alerts#messages", 303)

    return router
