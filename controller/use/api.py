"""This file answers programs: how boards are used, and what reaches its end of life when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Final

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import AfterValidator

from controller.database.store import Store
from controller.forecast.forecast import Forecast, forecast
from controller.forecast.life_table import LifeTable, LifeTableError
from controller.forecast.papers import as_xlsx, said
from controller.forecast.store import groups_in
from controller.inventory.feed import Feed
from controller.sheets.writing import file_name
from controller.use.papers import use_csv
from controller.use.report import whole_weeks
from controller.use.store import use_of, use_report
from controller.web.downloads import CSV_WITH_HEAD, XLSX, attachment
from controller.web.refusals import Refused
from protocol.model import Place
from protocol.words import N_, Translate

MAX_WEEKS: Final = 53
DEFAULT_WEEKS: Final = 4

Tables = Callable[[], LifeTable]
Today = Callable[[], date]


def _whole_day(text: str) -> str:
    if text and (date.fromisoformat(text).isoformat() != text or not text.startswith("2")):
        raise ValueError("write a day of our time as yyyy-mm-dd")
    return text


Day = Annotated[str, Query(max_length=10), AfterValidator(_whole_day)]
Code = Annotated[str, Query(max_length=64)]


class UseFormat(StrEnum):
    """How use is written: boards summed up, or a line a board and week."""

    JSON = "json"
    CSV = "csv"


class ForecastFormat(StrEnum):
    """How the forecast is written."""

    JSON = "json"
    XLSX = "xlsx"


def use_router(
    store: Store, feed: Feed, tables: Tables, today: Today, translate: Translate
) -> APIRouter:
    """Use and forecast, within the feed's scope."""
    router = APIRouter(prefix="/api/v1")
    scope = feed.scope

    @router.get("/use", response_model=None)
    def use(
        since: Annotated[Day, Query(alias="from")] = "",
        until: Annotated[Day, Query(alias="to")] = "",
        school: Code = "",
        format: UseFormat = UseFormat.JSON,  # noqa: A002 - a query's usual name
    ) -> Response:
        """Boards' hours in the weeks of these days; without days, in the last four whole weeks."""
        place = narrowed(scope, school)
        first, last = weeks_of(since, until, today())
        with store.view() as db:
            if format is UseFormat.JSON:
                return JSONResponse(use_report(db, place, first, last).said())
            told = use_of(db, place, first, last)
        headers = attachment(file_name("su-dung", first, end="csv"))
        return StreamingResponse(use_csv(told), media_type=CSV_WITH_HEAD, headers=headers)

    @router.get("/forecast", response_model=None)
    def end_of_life(
        school: Code = "",
        format: ForecastFormat = ForecastFormat.JSON,  # noqa: A002 - a query's usual name
    ) -> Response:
        """What reaches its end of life in this year and the ten after it, and what is assumed."""
        try:
            table = tables()
        except LifeTableError as error:
            raise Refused(
                503, error.code, error.text(translate), N_("See the server's folder.")
            ) from error
        told = forecast_in(store, feed, narrowed(scope, school), table, today().year)
        if format is ForecastFormat.JSON:
            return JSONResponse(said(told, table))
        headers = attachment(file_name("het-nien-han", str(told.first_year), end="xlsx"))
        return Response(as_xlsx(told, table, translate), media_type=XLSX, headers=headers)

    return router


def forecast_in(
    store: Store, feed: Feed, scope: Place, table: LifeTable, this_year: int
) -> Forecast:
    """The forecast over all the books within the scope."""
    feed.bring_up()
    with store.view() as db:
        groups = groups_in(db, scope)
    return forecast(groups, table, this_year)


def narrowed(scope: Place, school: str) -> Place:
    """The scope, or one school of it. Raises Refused for another's."""
    if not school or school == scope.school:
        return scope
    if scope.school:
        raise Refused(404, "school_unknown", N_("There is no such school here."), N_("See /use."))
    return Place(scope.province, school)


def weeks_of(since: str, until: str, today: date) -> tuple[str, str]:
    """The Mondays of the first and the last week of these days. Raises Refused."""
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
        raise Refused(
            422, "days_reversed", N_("The last day lies before the first."), N_("Swap from and to.")
        )
    if date.fromisoformat(last) - date.fromisoformat(first) >= timedelta(days=7 * MAX_WEEKS):
        raise Refused(
            422, "range_too_long", N_("That is more than 53 weeks."), N_("Ask year by year.")
        )
    return first, last


def _monday(text: str) -> date:
    day = date.fromisoformat(text)
    return day - timedelta(days=day.weekday())
