"""This file answers programs: what reaches its end of life when."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from controller.database.store import Store
from controller.feature import Program
from controller.forecast.forecast import Forecast
from controller.forecast.life_table import LifeTable, LifeTableError, table_in
from controller.forecast.papers import as_xlsx, forecast_fields
from controller.forecast.store import forecast_on
from controller.inventory.feed import Feed, feed_of
from controller.people.person import Permission
from controller.sheets.writing import file_name
from controller.web.downloads import XLSX, attachment, files
from controller.web.paging import ERRORS, Code, narrowed
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
    store, scope, feed = program.store, program.scope, program.service(feed_of)
    translate = program.translate_to(program.default_language)

    @router.get("/forecast", response_model=None, responses=files(XLSX))
    @needs(Permission.SCHOOL, in_parts=True)
    def end_of_life(
        request: Request,
        school: Code = "",
        format: ForecastFormat = ForecastFormat.JSON,  # noqa: A002 - a query's usual name
    ) -> Response:
        """What reaches its end of life in this year and the ten after it, and what is assumed."""
        try:
            table = table_in(program.config.data)
        except LifeTableError as error:
            raise HttpError(
                503, error.code, error.text(translate), N_("See the server's folder.")
            ) from error
        place = narrowed(scope, school, person_of(request))
        projection = forecast_in(store, feed, place, table, program.today())
        if format is ForecastFormat.JSON:
            return JSONResponse(forecast_fields(projection, table))
        headers = attachment(file_name("het-nien-han", str(projection.first_year), end="xlsx"))
        return Response(as_xlsx(projection, table, translate), media_type=XLSX, headers=headers)

    return router


def forecast_in(store: Store, feed: Feed, scope: Place, table: LifeTable, today: date) -> Forecast:
    """The forecast over all the books within the scope."""
    feed.bring_up()
    with store.view() as db:
        return forecast_on(db, scope, table, today)
