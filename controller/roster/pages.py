"""This file brings class lists in through the browser: looked at first, kept by a second press."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Final

from fastapi import Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from controller.feature import Program
from controller.people.person import Permission
from controller.roster.intake import Weighed, keep, weighed
from controller.roster.roll import PassedReason, Roll
from controller.roster.sheet import flaws_csv
from controller.roster.store import classes_of
from controller.roster.uploads import Uploads, Waiting
from controller.web.downloads import CSV, attachment
from controller.web.forms import fields_of, upload_of
from controller.web.page import PageRenderer
from controller.web.readers import SOON_S, Readers
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from protocol.errors import LopHocError
from protocol.model import Place
from protocol.words import N_

HOME: Final = "/lists/import"
SHOWN: Final = 200  # rows of each table
_FAILURES: Final = {
    "gone": N_("That file is not here any more: choose it again."),
    "changed": N_("The lists of the school changed meanwhile: look again, then press."),
}
PASSED_WORDS: Final = {
    PassedReason.BLANK: N_("blank rows"),
    PassedReason.HEADING: N_("repeated headings"),
    PassedReason.TOTAL: N_("totals"),
    PassedReason.FOOTER: N_("signatures and notes"),
    PassedReason.TITLE: N_("titles"),
    PassedReason.LEFT: N_("pupils who have left"),
}

Short = Annotated[str, Query(max_length=64)]


class _Intake:
    """Where class lists come in: what they pass through, and the pages that show it."""

    def __init__(self, screens: PageRenderer, program: Program) -> None:
        self.screens = screens
        self.program = program
        self.store = program.store
        self.school = program.school
        self.uploads = Uploads(program.now_ms, program.service(Readers))

    def find(self, request: Request, token: str) -> Waiting | None:
        """A file of the caller's own that is read."""
        waiting = self.uploads.find(token, person_of(request).account)
        return waiting if waiting and waiting.roll else None

    def form(
        self, request: Request, trouble: LopHocError | HttpError | None = None, failed: str = ""
    ) -> Response:
        """The page on which a file is chosen, with what was wrong with the last one."""
        say = self.screens.say(request)
        if isinstance(trouble, LopHocError):
            failed = trouble.text(say)
        elif trouble is not None:
            failed = f"{say(trouble.message)} {say(trouble.hint)}"
        status = trouble.status if isinstance(trouble, HttpError) else 422 if trouble else 200
        classes = self.store.read(classes_of, self.school)
        return self.screens.page(
            request, "lists_import.html", status_code=status, failed=failed, classes=classes
        )

    async def take(self, request: Request) -> Response:
        """Take a file, and show what would become of it."""
        try:
            waiting = self.uploads.add(await upload_of(request), person_of(request).account)
        except HttpError as refused:
            return await run_in_threadpool(self.form, request, refused)
        await self.read(waiting)
        if waiting.refused is None:
            return _to(waiting)
        self.uploads.drop(waiting.token, waiting.who)
        return await run_in_threadpool(self.form, request, waiting.refused)

    async def read(self, waiting: Waiting) -> None:
        """Have a file read as the person wants it; a big one goes on."""
        today = self.program.today()
        waiting.begin(self.uploads.read(waiting, today, self.school.school))
        await waiting.read_within(SOON_S)

    async def look(self, request: Request, token: str, failed: str) -> Response:
        """How far a file is read, why it cannot be, or what would become of the lists."""
        waiting = self.uploads.find(token, person_of(request).account)
        if waiting is None:
            return _gone()
        if not await waiting.read_within(0):
            here = f"{HOME}/{waiting.token}"
            return self.screens.page(request, "reading.html", waiting=waiting, here=here)
        if waiting.roll is None:
            return await run_in_threadpool(self.form, request, waiting.refused)
        return await run_in_threadpool(self.show, request, waiting, waiting.roll, failed)

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
            failed=_FAILURES.get(failed, ""),
            most=SHOWN,
        )

    def keep(self, waiting: Waiting) -> bool:
        """Keep the lists as they were shown; False where others were kept meanwhile."""
        if waiting.found is None:
            return False
        with self.store.locked(self.school) as db:
            waiting.is_kept = keep(db, self.school, waiting.found, self.program.today())
        return waiting.is_kept


def _weighed(db: Connection, place: Place, waiting: Waiting, roll: Roll) -> Weighed:
    return weighed(db, place, roll, names=waiting.names, whole=waiting.whole, file="")


def pages(program: Program) -> FeatureRouter:
    """The way in for class lists."""
    router = FeatureRouter()
    intake = _Intake(program.service(PageRenderer), program)

    @router.get(HOME)
    @needs(Permission.MANAGE)
    async def choose(request: Request, failed: Short = "") -> Response:
        why = intake.screens.say(request)(_FAILURES[failed]) if failed in _FAILURES else ""
        return await run_in_threadpool(intake.form, request, None, why)

    @router.post(HOME)
    @needs(Permission.MANAGE)
    async def take(request: Request) -> Response:
        return await intake.take(request)

    @router.get(HOME + "/{token}")
    @needs(Permission.MANAGE)
    async def look(request: Request, token: str, failed: Short = "") -> Response:
        return await intake.look(request, token, failed)

    @router.get(HOME + "/{token}/errors.csv")
    @needs(Permission.MANAGE)
    async def errors(request: Request, token: str) -> Response:
        waiting = intake.find(request, token)
        if waiting is None or waiting.roll is None:
            return _gone()
        rows = flaws_csv(waiting.roll.flaws, intake.screens.say(request), names=waiting.names)
        return Response(rows, media_type=CSV, headers=attachment("lists-errors.csv"))

    _add_deeds(router, intake)
    return router


def _add_deeds(router: FeatureRouter, intake: _Intake) -> None:
    @router.post(HOME + "/{token}/choices")
    @needs(Permission.MANAGE)
    async def choices(request: Request, token: str) -> Response:
        fields = await fields_of(request)
        waiting = intake.find(request, token)
        if waiting is None:
            return _gone()
        waiting.names, waiting.whole = "names" in fields, "whole" in fields
        await intake.read(waiting)
        return _to(waiting)

    @router.post(HOME + "/{token}")
    @needs(Permission.MANAGE)
    async def keep_lists(request: Request, token: str) -> Response:
        await fields_of(request)
        waiting = intake.find(request, token)
        if waiting is None:
            return _gone()
        if waiting.is_being_read or waiting.is_kept:
            return _to(waiting)
        if await run_in_threadpool(intake.keep, waiting):
            return _to(waiting)
        return _to(waiting, "?failed=changed")

    @router.post(HOME + "/{token}/drop")
    @needs(Permission.MANAGE)
    async def drop(request: Request, token: str) -> Response:
        intake.uploads.drop(token, person_of(request).account)
        return RedirectResponse(HOME, 303)


def _to(waiting: Waiting, query: str = "") -> Response:
    return RedirectResponse(f"{HOME}/{waiting.token}{query}", 303)


def _gone() -> Response:
    return RedirectResponse(f"{HOME}?failed=gone", 303)
