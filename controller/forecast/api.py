"""This file answers programs: what reaches its end of life when."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

from fastapi import Depends, Request, Response
from fastapi.responses import JSONResponse

from controller.feature import Program
from controller.forecast.forecast import Forecast
from controller.forecast.items import ForecastItem
from controller.forecast.life_table import LifeTable, LifeTableError, table_in
from controller.forecast.papers import as_xlsx, forecast_fields
from controller.forecast.store import forecast_on, lists_in
from controller.inventory.chosen import Chosen
from controller.inventory.feed import Feed, feed_of
from controller.inventory.filters import Filters, chooser_of, filters_of
from controller.inventory.rested import Rest
from controller.people.person import Permission
from controller.sheets.writing import file_name
from controller.web.downloads import XLSX, attachment, files
from controller.web.paging import ERRORS
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from protocol.model import Place
from protocol.words import N_


class ForecastFormat(StrEnum):
    """How the forecast is written."""

    JSON = "json"
    XLSX = "xlsx"


def api(program: Program) -> FeatureRouter:
    """The forecast, within all that the controller may tell."""
    router = FeatureRouter(prefix="/api/v1", responses=ERRORS)
    feed, chooser = program.service(feed_of), program.service(chooser_of)
    translate = program.translate_to(program.default_language)

    @router.get("/forecast", response_model=None, responses=files(XLSX, model=ForecastItem))
    @needs(Permission.SCHOOL, in_parts=True, above=Permission.DEPARTMENT)
    def end_of_life(
        request: Request,
        filters: Annotated[Filters, Depends(filters_of)],
        format: ForecastFormat = ForecastFormat.JSON,  # noqa: A002 - a query's usual name
    ) -> Response:
        """What reaches its end of life in this year and the ten after it, and what is assumed."""
        try:
            table = table_in(program.config.data)
        except LifeTableError as error:
            raise HttpError(
                503, error.code, error.text(translate), N_("See the server's folder.")
            ) from error
        feed.bring_up()
        person = person_of(request)
        chosen = chooser.chosen(filters, person)
        place = chooser.place(chosen, person)
        projection = forecast_in(feed, place, table, program.today(), chosen)
        rest = rest_in(program, place, chosen)
        if format is ForecastFormat.JSON:
            return JSONResponse(forecast_fields(projection, table, rest))
        headers = attachment(file_name("het-nien-han", str(projection.first_year), end="xlsx"))
        return Response(
            as_xlsx(projection, table, translate, rest), media_type=XLSX, headers=headers
        )

    return router


def forecast_in(
    feed: Feed, scope: Place, table: LifeTable, today: date, chosen: Chosen
) -> Forecast:
    """The forecast over what is chosen of all the books within the scope."""
    feed.bring_up()
    with feed.store.view() as db:
        return forecast_on(db, scope, table, today, chosen.where(feed.now_ms()))


def rest_in(program: Program, scope: Place, chosen: Chosen) -> Rest:
    """How much of that forecast rests on silent schools."""
    with program.store.view() as db:
        lists = lists_in(db, scope, chosen.where(program.now_ms()))
    return Rest(*program.rest(lists))
