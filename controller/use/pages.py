"""This file serves two screens of figures: how boards are used, and what reaches its end when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Annotated, Final

from fastapi import Query, Request, Response
from starlette.concurrency import run_in_threadpool

from controller.database.store import Store
from controller.feature import Program
from controller.people.person import Permission
from controller.use.api import weeks_of
from controller.use.hours import LOW_MIN
from controller.use.report import VERDICTS, UseReport, UseVerdict
from controller.use.store import use_report
from controller.web.page import PageRenderer
from controller.web.paging import day_or, narrowed
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from protocol import formats
from protocol.model import Place
from protocol.words import Translate

SHOWN: Final = 400  # rows of one table

Word = Annotated[str, Query(max_length=64)]


def pages(program: Program) -> FeatureRouter:
    """How boards are used."""
    router = FeatureRouter()
    _add_use(router, program.service(PageRenderer), program.store, program.scope)
    return router


def _add_use(router: FeatureRouter, screens: PageRenderer, store: Store, scope: Place) -> None:
    @router.get("/use")
    @needs(Permission.SCHOOL, in_parts=True)
    async def use(
        request: Request,
        school: Word = "",
        since: Annotated[Word, Query(alias="from")] = "",
        until: Annotated[Word, Query(alias="to")] = "",
    ) -> Response:
        today = date.fromisoformat(screens.today())
        try:
            place = narrowed(scope, school, person_of(request))
            first, last = weeks_of(day_or(since, ""), day_or(until, ""), today)
        except HttpError as refused:
            return screens.error(request, refused)
        report = await run_in_threadpool(_report, store, place, first, last)
        return screens.page(
            request,
            "use.html",
            told=report,
            by_school=not place.school,
            place=place,
            before=_moved(first, last, -1),
            after=_moved(first, last, 1) if _moved(first, last, 1)[0] <= today.isoformat() else (),
            boards=report.boards[:SHOWN],
            schools=report.schools[:SHOWN],
            counts=_counts(report),
            most=_most(board.used_week_min for board in report.boards),
            low_min=LOW_MIN,
            verdicts=VERDICTS,
            hours=lambda minutes: _hours(minutes, screens.say(request)),
        )


def _report(store: Store, place: Place, first: str, last: str) -> UseReport:
    with store.view() as db:
        return use_report(db, place, first, last)


def _moved(first: str, last: str, by: int) -> tuple[str, str]:
    """As many weeks, before these or after them; their Mondays."""
    begins, ends = date.fromisoformat(first), date.fromisoformat(last)
    span = by * (ends - begins + timedelta(days=7))
    return (begins + span).isoformat(), (ends + span).isoformat()


def _counts(report: UseReport) -> dict[str, int]:
    verdicts = [board.verdict for board in report.boards]
    return {verdict.value: verdicts.count(verdict) for verdict in UseVerdict}


def _most(values: Iterable[float | None]) -> float:
    """What the longest bar stands for: never less than ten hours."""
    return max([600.0, *(value for value in values if value is not None)])


def _hours(minutes: float | None, say: Translate) -> str:
    return "" if minutes is None else formats.hours(minutes, say)
