"""This file serves the screen of what reaches its end of life when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final, NamedTuple

from fastapi import Query, Request, Response
from starlette.concurrency import run_in_threadpool

from controller.feature import Program
from controller.forecast.api import forecast_in
from controller.forecast.forecast import Due, Forecast
from controller.forecast.life_table import LifeTableError, table_in
from controller.forecast.papers import UNKNOWN_WORDS, type_name
from controller.inventory.feed import feed_of
from controller.people.person import Permission
from controller.web.page import PageRenderer
from controller.web.paging import narrowed
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from protocol.words import N_

Word = Annotated[str, Query(max_length=64)]
SHOWN: Final = 400  # rows of one table
_CHART_HEIGHT: Final = 140
_STEP: Final = 54


class ChartColumn(NamedTuple):
    """A column of the chart: its name, how many, and how high in pixels."""

    name: str
    items: int
    height: int
    is_overdue: bool


def _rows(projection: Forecast) -> list[tuple[str, Due]]:
    """What the table tells beside the years' names: overdue, the years, later."""
    years = (str(projection.first_year + number) for number in range(len(projection.total.years)))
    return [
        (N_("overdue"), projection.total.overdue),
        *zip(years, projection.total.years, strict=True),
        (N_("later"), projection.total.later),
    ]


def pages(program: Program) -> FeatureRouter:
    """What reaches its end of life when."""
    router = FeatureRouter()
    screens, feed = program.service(PageRenderer), program.service(feed_of)
    store, scope, folder = program.store, program.scope, program.config.data

    @router.get("/forecast")
    @needs(Permission.SCHOOL, in_parts=True)
    async def forecast(request: Request, school: Word = "") -> Response:
        try:
            place = narrowed(scope, school, person_of(request))
            table = await run_in_threadpool(table_in, folder)
        except HttpError as refused:
            return screens.error(request, refused)
        except LifeTableError as error:
            return screens.page(request, "forecast.html", 503, trouble=error, told=None)
        projection = await run_in_threadpool(
            forecast_in, store, feed, place, table, program.today()
        )
        return screens.page(
            request,
            "forecast.html",
            told=projection,
            trouble=None,
            table=table,
            place=place,
            columns=_columns(projection),
            height=_CHART_HEIGHT,
            step=_STEP,
            rows=_rows(projection),
            schools=projection.by_school[:SHOWN] if not place.school else (),
            areas=projection.by_area[:SHOWN] if not place.school else (),
            unknown_words=UNKNOWN_WORDS,
            type_name=type_name,
        )

    return router


def _columns(projection: Forecast) -> Sequence[ChartColumn]:
    rows = [(N_("past"), projection.total.overdue), *_rows(projection)[1:-1]]
    most = max((due.count for _, due in rows), default=0) or 1
    return [
        ChartColumn(name, due.count, -(-due.count * _CHART_HEIGHT // most), number == 0)
        for number, (name, due) in enumerate(rows)
    ]
