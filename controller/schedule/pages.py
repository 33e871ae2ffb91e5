"""This file brings a schedule in through the browser: looked at first, kept by a second press."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from fastapi import Request, Response
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from controller.feature import Program
from controller.people.person import Permission
from controller.roster.importing import import_schedule
from controller.roster.plan import Schedule, SchoolPlan
from controller.roster.store import plan_of
from controller.roster.undoing import Origin
from controller.schedule.findings import REASONS, Known, Reading
from controller.schedule.intake import known_in, notices_of_rooms_in
from controller.schedule.trial import PART_WORDS, WEEKDAY_WORDS, changes_of, days_word
from controller.schedule.uploads import Uploads, Waiting
from controller.sheets.errors import Notice
from controller.web.forms import fields_of
from controller.web.intake import GONE, Intake, Short
from controller.web.readers import Readers
from controller.web.router import FeatureRouter
from controller.web.rules import needs
from protocol.model import Place, instant
from protocol.words import N_

HOME: Final = "/schedule/import"
SHOWN: Final = 200  # rows of each table


class _Intake(Intake[Waiting]):
    """Where schedules come in."""

    home = after_drop = HOME
    uploads: Uploads
    failures: ClassVar[Mapping[str, str]] = {
        "gone": GONE,
        "changed": N_("The plan of the school changed meanwhile: look again, then press."),
    }

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self.uploads = Uploads(program.now_ms, program.service(Readers))

    async def begin(self, waiting: Waiting) -> None:
        """Have a schedule read against what the school has now."""
        known, version = await run_in_threadpool(self.store.read, _known, self.school)
        waiting.begin(self.uploads.read(waiting, known, version))

    def form(self, request: Request, failed: str, status: int) -> Response:
        """The page on which a file is chosen, with what is kept."""
        plan = self.store.read(plan_of, self.school)
        return self.screens.page(
            request,
            "schedule_import.html",
            status_code=status,
            failed=failed,
            kept=changes_of(_everything(plan), plan),
            part_words=PART_WORDS,
        )

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
            failed=self.failures.get(failed, ""),
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
            now = instant(self.program.now_ms()).astimezone(self.program.zone)
            origin = Origin(waiting.who, now, waiting.upload.name)
            import_schedule(db, self.school, reading.schedule, origin)
        waiting.is_kept = True
        return True


def pages(program: Program) -> FeatureRouter:
    """The way in for the schedule."""
    router = FeatureRouter()
    intake = _Intake(program)
    intake.add_addresses(router, Permission.MANAGE)

    @router.get(HOME + "/{token}")
    @needs(Permission.MANAGE)
    async def look(request: Request, token: str, failed: Short = "") -> Response:
        async def show(waiting: Waiting, reading: Reading) -> Response:
            return await run_in_threadpool(intake.show, request, waiting, reading, failed)

        return await intake.look(request, token, show)

    _add_deeds(router, intake)
    return router


def _add_deeds(router: FeatureRouter, intake: _Intake) -> None:
    @router.post(HOME + "/{token}/empty")
    @needs(Permission.MANAGE)
    async def empty(request: Request, token: str) -> Response:
        found = await intake.find(request, token)
        if isinstance(found, Response):
            return found
        waiting, _ = found
        waiting.is_empty_meant = True
        await intake.read(waiting)
        return intake.to(waiting)

    @router.post(HOME + "/{token}")
    @needs(Permission.MANAGE)
    async def keep(request: Request, token: str) -> Response:
        await fields_of(request)
        found = await intake.find(request, token)
        if isinstance(found, Response):
            return found
        waiting, trial = found
        if trial.refused:
            return intake.gone()
        if waiting.is_being_read or waiting.is_kept:
            return intake.to(waiting)
        if await run_in_threadpool(intake.keep, waiting, trial):
            return intake.to(waiting)
        await intake.read(waiting)
        return intake.to(waiting, "?failed=changed")


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
