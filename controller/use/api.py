"""This file answers programs: how boards are used, and what reaches its end of life when."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Final

from fastapi import Depends, Query, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from controller.feature import Program
from controller.inventory.filters import Filters, filters_of
from controller.people.person import Permission
from controller.sheets.writing import file_name
from controller.use.choosing import WEEKS, boards_of
from controller.use.items import UseItem
from controller.use.report import use_csv, whole_weeks
from controller.web.downloads import CSV_WITH_HEAD, attachment, files
from controller.web.paging import ERRORS, Day
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from protocol.words import N_

MAX_WEEKS: Final = 53
DEFAULT_WEEKS: Final = WEEKS


class UseFormat(StrEnum):
    """How use is written: boards summed up, or a line a board and week."""

    JSON = "json"
    CSV = "csv"


def api(program: Program) -> FeatureRouter:
    """Use, within all that the controller may tell."""
    router = FeatureRouter(prefix="/api/v1", responses=ERRORS)
    boards = program.service(boards_of)

    @router.get("/use", response_model=None, responses=files(CSV_WITH_HEAD, model=UseItem))
    @needs(Permission.SCHOOL, in_parts=True, above=Permission.DEPARTMENT)
    def use(
        request: Request,
        *,
        since: Annotated[Day, Query(alias="from")] = "",
        until: Annotated[Day, Query(alias="to")] = "",
        filters: Annotated[Filters, Depends(filters_of)],
        format: UseFormat = UseFormat.JSON,  # noqa: A002 - a query's usual name
    ) -> Response:
        """Boards' hours in the weeks of these days; without days, in the last four whole weeks.

        At most 53 weeks: who asks for the years before says `to` as well.
        """
        weeks = weeks_of(since, until, program.today())
        person = person_of(request)
        if format is UseFormat.JSON:
            report = boards.report(filters, person, weeks)
            rest = boards.rest(filters, person, report)._asdict()
            return JSONResponse(report.to_dict() | {"rests_on_silent": rest})
        headers = attachment(file_name("su-dung", weeks[0], end="csv"))
        parts = use_csv(boards.lines(filters, person, weeks))
        return StreamingResponse(parts, media_type=CSV_WITH_HEAD, headers=headers)

    return router


def weeks_of(since: str, until: str, today: date) -> tuple[str, str]:
    """The Mondays of the first and the last week of these days. Raises HttpError."""
    first, last = whole_weeks(today, DEFAULT_WEEKS)
    if until:
        last = _monday(until).isoformat()
    elif since:
        last = max(last, _monday(since).isoformat())
    if since:
        first = _monday(since).isoformat()
    elif until:
        first = (_monday(until) - timedelta(days=7 * (DEFAULT_WEEKS - 1))).isoformat()
    if last < first:
        raise HttpError(
            422, "days_reversed", N_("The last day lies before the first."), N_("Swap from and to.")
        )
    if date.fromisoformat(last) - date.fromisoformat(first) >= timedelta(days=7 * MAX_WEEKS):
        raise HttpError(
            422, "range_too_long", N_("That is more than 53 weeks."), N_("Ask year by year.")
        )
    return first, last


def _monday(text: str) -> date:
    day = date.fromisoformat(text)
    return day - timedelta(days=day.weekday())
