"""This file serves who is told outside of the screens and how it went; adds, changes, tries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Final

import msgspec
from fastapi import Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from controller.alerts.own import can_undo, keep_receiver, remove_receiver, undo_receivers
from controller.alerts.receivers import (
    FILE,
    AlertError,
    Receiver,
    Severity,
    file_receivers_in,
    own_receivers_in,
)
from controller.alerts.service import Alerts
from controller.alerts.store import newest
from controller.alerts.words import (
    EXAMPLE,
    LANGUAGE_WORDS,
    SEVERITY_WORDS,
    TROUBLE_WORDS,
    UNKNOWN_TROUBLE,
    WAY_WORDS,
)
from controller.feature import Program
from controller.people.person import Permission
from controller.web.forms import fields_of
from controller.web.page import PageRenderer
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs
from protocol.errors import LopHocError
from protocol.formats import phrase
from protocol.words import N_

Action = Callable[..., object]

ROWS: Final = 50
_MAX_FORM: Final = 32 * 1024  # each of its texts, written as %XX
_UNWRITTEN: Final = N_("It could not be kept: {cause}.")
_EMPTY: Final = {"way": "email", "severity": Severity.CRITICAL.value, "each_cause": "on"}


def pages(program: Program) -> FeatureRouter:
    """The list, the form, and the buttons."""
    router = FeatureRouter()
    shown = AlertPages(program)
    alerts = program.service(Alerts)

    @router.get("/alerts")
    @needs(Permission.MANAGE)
    async def listed(
        request: Request, change: Annotated[str, Query(max_length=40)] = ""
    ) -> Response:
        return await shown.page(request, change=change)

    @router.post("/alerts")
    @needs(Permission.MANAGE)
    async def kept(request: Request) -> Response:
        fields = await fields_of(request, limit=_MAX_FORM)
        return await shown.changed(request, fields, keep_receiver, fields)

    @router.post("/alerts/undo")
    @needs(Permission.MANAGE)
    async def undone(request: Request) -> Response:
        return await shown.changed(request, {}, undo_receivers)

    @router.post("/alerts/{name}/remove")
    @needs(Permission.MANAGE)
    async def removed(request: Request, name: str) -> Response:
        return await shown.changed(request, {}, remove_receiver, name)

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
            return shown.screens.error(request, unknown)
        await run_in_threadpool(alerts.test, name, receiver)
        return RedirectResponse("/alerts#messages", 303)

    return router


class AlertPages:
    """Makes the page of receivers and messages."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._alerts = program.service(Alerts)
        self.screens = program.service(PageRenderer)

    async def changed(
        self, request: Request, fields: Mapping[str, str], action: Action, *given: object
    ) -> Response:
        """Change who is told; the page again, with the form, where that cannot be."""
        try:
            await run_in_threadpool(self._alerts.change, action, *given)
        except LopHocError as error:
            trouble = error.text(self.screens.say(request))
            return await self.page(request, fields=fields, trouble=trouble)
        except OSError as error:
            say = self.screens.say(request)
            trouble = phrase(_UNWRITTEN, say, cause=error.strerror or "")
            return await self.page(request, fields=fields, trouble=trouble)
        return RedirectResponse("/alerts", 303)

    async def page(
        self,
        request: Request,
        *,
        change: str = "",
        fields: Mapping[str, str] | None = None,
        trouble: str = "",
    ) -> Response:
        """The page. change: whose form it has; fields: what a form held that was refused."""
        program, broken = self._program, ""
        folder, read = program.config.data, program.store.read
        of_file: Mapping[str, Receiver] = {}
        own: Mapping[str, Receiver] = {}
        try:
            own = await run_in_threadpool(own_receivers_in, folder)
            of_file = await run_in_threadpool(file_receivers_in, folder)
        except AlertError as error:
            broken = error.text(self.screens.say(request))
        form = dict(fields or _EMPTY)
        if change in own:
            form = _fields_of(change, own[change])
        known = own.get(form.get("was", ""))
        return self.screens.page(
            request,
            "alerts.html",
            status_code=422 if trouble else 200,
            receivers={**own, **of_file},
            of_file=of_file,
            broken=broken,
            trouble=trouble,
            form=form,
            has_secret=bool(known and known.secret_file),
            can_undo=await run_in_threadpool(can_undo, folder),
            languages_of=LANGUAGE_WORDS,
            rows=await run_in_threadpool(read, newest, program.school, ROWS),
            ways=WAY_WORDS,
            severities=SEVERITY_WORDS,
            troubles=TROUBLE_WORDS,
            unknown_trouble=UNKNOWN_TROUBLE,
            example=EXAMPLE,
            file=folder / FILE,
        )


def _fields_of(name: str, receiver: Receiver) -> dict[str, str]:
    """What a form holds of a receiver; of its secret nothing."""
    values = msgspec.to_builtins(receiver)
    del values["secret_file"]
    texts = {key: value for key, value in values.items() if isinstance(value, str)}
    ticks = {key: "on" for key, value in values.items() if value is True}
    return {"was": name, "name": name, **texts, **ticks}
