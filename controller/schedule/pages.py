"""This file brings a schedule in through the browser: looked at first, kept by a second press."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from controller.feature import Program
from controller.people.person import Permission
from controller.roster.plan import Schedule, SchoolPlan
from controller.roster.store import keep_schedule, plan_of
from controller.schedule.findings import REASONS, Known, Reading
from controller.schedule.intake import known_in, notices_of_rooms_in
from controller.schedule.trial import PART_WORDS, WEEKDAY_WORDS, changes_of, days_word
from controller.schedule.uploads import Uploads, Waiting
from controller.sheets.errors import Notice
from controller.web.forms import fields_of, upload_of
from controller.web.page import PageRenderer
from controller.web.readers import SOON_S, Readers
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from protocol.errors import LopHocError
from protocol.model import Place
from protocol.words import N_

HOME: Final = "/schedule/import"
SHOWN: Final = 200  # rows of each table
_FAILURES: Final = {
    "gone": N_("That file is not here any more: choose it again."),
    "changed": N_("The plan of the school changed meanwhile: look again, then press."),
}

Short = Annotated[str, Query(max_length=64)]


class _Intake:
    """Where schedules come in: what they pass through, and the pages that show it."""

    def __init__(self, screens: PageRenderer, program: Program) -> None:
        self.screens = screens
        self.store = program.store
        self.school = program.school
        self.uploads = Uploads(program.now_ms, program.service(Readers))

    def find(self, request: Request, token: str) -> Waiting | None:
        """A schedule of the caller's own that is read."""
        waiting = self.uploads.find(token, person_of(request).account)
        return waiting if waiting and waiting.reading else None

    async def read(self, waiting: Waiting) -> None:
        """Have a schedule read against what the school has now; a big one goes on."""
        known, version = await run_in_threadpool(self.store.read, _known, self.school)
        waiting.begin(self.uploads.read(waiting, known, version))
        await waiting.read_within(SOON_S)

    async def look(self, request: Request, token: str, failed: str) -> Response:
        """How far a schedule is read, why it cannot be, or what would become of it."""
        waiting = self.uploads.find(token, person_of(request).account)
        if waiting is None:
            return _gone()
        if not await waiting.read_within(0):
            here = f"{HOME}/{waiting.token}"
            return self.screens.page(request, "reading.html", waiting=waiting, here=here)
        if waiting.reading is None:
            return await run_in_threadpool(self.form, request, waiting.refused)
        return await run_in_threadpool(self.show, request, waiting, waiting.reading, failed)

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
        plan = self.store.read(plan_of, self.school)
        return self.screens.page(
            request,
            "schedule_import.html",
            status_code=status,
            failed=failed,
            kept=changes_of(_everything(plan), plan),
            part_words=PART_WORDS,
        )

    async def take(self, request: Request) -> Response:
        """Take a file, and show what would become of it."""
        who = person_of(request).account
        try:
            waiting = self.uploads.add(await upload_of(request), who)
        except HttpError as refused:
            return await run_in_threadpool(self.form, request, refused)
        await self.read(waiting)
        if waiting.refused is None:
            return _to(waiting)
        self.uploads.drop(waiting.token, who)
        return await run_in_threadpool(self.form, request, waiting.refused)

    def show(self, request: Request, waiting: Waiting, reading: Reading, failed: str) -> Response:
        """What would become of the schedule, or what became of it."""
        plan = self.store.read(plan_of, self.school)
        rooms = self.store.read(notices_of_rooms_in, self.school, "", reading.schedule)
        return self.screens.page(
            request,
            "schedule_kept.html" if waiting.is_kept else "schedule_trial.html",
            waiting=waiting,
            reading=reading,
            schedule=reading.schedule,
            changes=changes_of(reading.schedule, plan),
            notices=[*reading.notices, *rooms],
            is_empty_asked=_is_empty_asked(reading.refused),
            failed=_FAILURES.get(failed, ""),
            most=SHOWN,
            part_words=PART_WORDS,
            reasons=REASONS,
            weekdays=WEEKDAY_WORDS,
            days_word=days_word,
        )

    def keep(self, waiting: Waiting, reading: Reading) -> bool:
        """Keep the schedule; False where the plan is another than it was read against."""
        with self.store.locked(self.school) as db:
            if plan_of(db, self.school).version != waiting.version:
                return False
            keep_schedule(db, self.school, reading.schedule)
        waiting.is_kept = True
        return True


def pages(program: Program) -> FeatureRouter:
    """The way in for the schedule."""
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

    _add_deeds(router, intake)
    return router


def _add_deeds(router: FeatureRouter, intake: _Intake) -> None:
    @router.post(HOME + "/{token}/empty")
    @needs(Permission.MANAGE)
    async def empty(request: Request, token: str) -> Response:
        waiting = intake.find(request, token)
        if waiting is None:
            return _gone()
        waiting.is_empty_meant = True
        await intake.read(waiting)
        return _to(waiting)

    @router.post(HOME + "/{token}")
    @needs(Permission.MANAGE)
    async def keep(request: Request, token: str) -> Response:
        await fields_of(request)
        waiting = intake.find(request, token)
        if waiting is None or waiting.reading is None or waiting.reading.refused:
            return _gone()
        if waiting.is_being_read or waiting.is_kept:
            return _to(waiting)
        if await run_in_threadpool(intake.keep, waiting, waiting.reading):
            return _to(waiting)
        await intake.read(waiting)
        return _to(waiting, "?failed=changed")

    @router.post(HOME + "/{token}/drop")
    @needs(Permission.MANAGE)
    async def drop(request: Request, token: str) -> Response:
        intake.uploads.drop(token, person_of(request).account)
        return RedirectResponse(HOME, 303)


def _known(db: Connection, place: Place) -> tuple[Known, int]:
    return known_in(db, place), plan_of(db, place).version


def _everything(plan: SchoolPlan) -> Schedule:
    """All parts of the schedule as they are kept."""
    return Schedule(
        bells=plan.bells,
        terms=plan.terms,
        holidays=plan.holidays,
        timetable=plan.timetable,
        letters=plan.letters,
    )


def _is_empty_asked(refused: Sequence[Notice]) -> bool:
    """Whether nothing is wrong but that a part has no lines."""
    return bool(refused) and all(notice.code == "part_empty" for notice in refused)


def _to(waiting: Waiting, query: str = "") -> Response:
    return RedirectResponse(f"{HOME}/{waiting.token}{query}", 303)


def _gone() -> Response:
    return RedirectResponse(f"{HOME}?failed=gone", 303)
