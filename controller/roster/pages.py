"""This file brings class lists in through the browser: looked at first, kept by a second press."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import ClassVar, Final

from fastapi import Request, Response
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from controller.feature import Program
from controller.people.person import Permission
from controller.roster.import_pages import add_imports
from controller.roster.intake import Weighed, keep, weighed
from controller.roster.roll import PassedReason, Roll
from controller.roster.sheet import flaws_csv
from controller.roster.store import classes_of
from controller.roster.undoing import Origin
from controller.roster.uploads import Uploads, Waiting
from controller.web.downloads import CSV, attachment
from controller.web.forms import fields_of
from controller.web.intake import GONE, Intake, Short
from controller.web.readers import Readers
from controller.web.router import FeatureRouter
from controller.web.rules import needs
from protocol.model import Place, instant
from protocol.words import N_

HOME: Final = "/lists/import"
SHOWN: Final = 200  # rows of each table
PASSED_WORDS: Final = {
    PassedReason.BLANK: N_("blank rows"),
    PassedReason.HEADING: N_("repeated headings"),
    PassedReason.TOTAL: N_("totals"),
    PassedReason.FOOTER: N_("signatures and notes"),
    PassedReason.TITLE: N_("titles"),
    PassedReason.LEFT: N_("pupils who have left"),
}


class _Intake(Intake[Waiting]):
    """Where class lists come in."""

    home = after_drop = HOME
    uploads: Uploads
    failures: ClassVar[Mapping[str, str]] = {
        "gone": GONE,
        "changed": N_("The lists of the school changed meanwhile: look again, then press."),
    }

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self.uploads = Uploads(program.now_ms, program.service(Readers))

    async def begin(self, waiting: Waiting) -> None:
        """Have a file read as the person wants it."""
        today = self.program.today()
        waiting.begin(self.uploads.read(waiting, today, self.school.school))

    def form(self, request: Request, failed: str, status: int) -> Response:
        """The page on which a file is chosen, with the classes that there are."""
        classes = self.store.read(classes_of, self.school)
        return self.screens.page(
            request, "lists_import.html", status_code=status, failed=failed, classes=classes
        )

    def show(self, request: Request, waiting: Waiting, roll: Roll, failed: str) -> Response:
        """What would become of the lists, or what became of them."""
        if not waiting.is_kept:
            waiting.found = self.store.read(_weighed, self.school, waiting, roll)
        found, say = waiting.found, self.screens.say(request)
        return self.screens.page(
            request,
            "lists_kept.html" if waiting.is_kept else "lists_trial.html",
            waiting=waiting,
            counts=roll.counts(),
            changes=[change.said(say) for change in found.changes] if found else [],
            asks=any(change.asks for change in found.changes) if found else False,
            notices=[*roll.notices, *(found.rooms if found else ())],
            flaws=roll.flaws,
            dropped=roll.dropped,
            passed=Counter(row.reason for row in roll.passed),
            passed_words=PASSED_WORDS,
            failed=self.failures.get(failed, ""),
            most=SHOWN,
        )

    def keep(self, waiting: Waiting) -> bool:
        """Keep the lists as they were shown; False where others were kept meanwhile."""
        if waiting.found is None:
            return False
        with self.store.locked(self.school) as db:
            now = instant(self.program.now_ms()).astimezone(self.program.zone)
            origin = Origin(waiting.who, now, waiting.upload.name)
            waiting.is_kept = keep(db, self.school, waiting.found, origin)
        return waiting.is_kept


def _weighed(db: Connection, place: Place, waiting: Waiting, roll: Roll) -> Weighed:
    return weighed(db, place, roll, names=waiting.names, whole=waiting.whole, file="")


def pages(program: Program) -> FeatureRouter:
    """The way in for class lists."""
    router = FeatureRouter()
    intake = _Intake(program)
    intake.add_addresses(router, Permission.MANAGE)

    @router.get(HOME + "/{token}")
    @needs(Permission.MANAGE)
    async def look(request: Request, token: str, failed: Short = "") -> Response:
        async def show(waiting: Waiting, roll: Roll) -> Response:
            return await run_in_threadpool(intake.show, request, waiting, roll, failed)

        return await intake.look(request, token, show)

    @router.get(HOME + "/{token}/errors.csv")
    @needs(Permission.MANAGE)
    async def errors(request: Request, token: str) -> Response:
        found = await intake.find(request, token)
        if isinstance(found, Response):
            return found
        waiting, roll = found
        rows = flaws_csv(roll.flaws, intake.screens.say(request), names=waiting.names)
        return Response(rows, media_type=CSV, headers=attachment("lists-errors.csv"))

    _add_deeds(router, intake)
    add_imports(router, program)
    return router


def _add_deeds(router: FeatureRouter, intake: _Intake) -> None:
    @router.post(HOME + "/{token}/choices")
    @needs(Permission.MANAGE)
    async def choices(request: Request, token: str) -> Response:
        fields = await fields_of(request)
        found = await intake.find(request, token)
        if isinstance(found, Response):
            return found
        waiting, _ = found
        waiting.names, waiting.whole = "names" in fields, "whole" in fields
        await intake.read(waiting)
        return intake.to(waiting)

    @router.post(HOME + "/{token}")
    @needs(Permission.MANAGE)
    async def keep_lists(request: Request, token: str) -> Response:
        await fields_of(request)
        found = await intake.find(request, token)
        if isinstance(found, Response):
            return found
        waiting, _ = found
        if waiting.is_being_read or waiting.is_kept:
            return intake.to(waiting)
        if await run_in_threadpool(intake.keep, waiting):
            return intake.to(waiting)
        return intake.to(waiting, "?failed=changed")
