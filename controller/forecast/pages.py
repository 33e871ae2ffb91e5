"""This file serves the screen of what reaches its end of life when."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Final, Literal, NamedTuple

from fastapi import Depends, Request, Response
from starlette.concurrency import run_in_threadpool

from controller.department.links import to_items
from controller.feature import Level, Program
from controller.forecast.api import forecast_in, rest_in
from controller.forecast.columns import BY_WORDS, By, no_items, rows_of, share_columns
from controller.forecast.forecast import Forecast, Share
from controller.forecast.life_table import LifeTable, LifeTableError, source_words, table_in
from controller.forecast.papers import UNKNOWN_WORDS, type_name
from controller.inventory.feed import feed_of
from controller.inventory.filters import Filters, chooser_of, filters_of
from controller.inventory.rested import Rest, rest_words
from controller.people.person import Permission, Person
from controller.web.listing import (
    Asked,
    File,
    PageNo,
    Sort,
    TableFile,
    address,
    in_order,
    listed,
    written,
)
from controller.web.page import PageRenderer
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from protocol.model import Place
from protocol.words import N_

_CHART_HEIGHT: Final = 140
_STEP: Final = 54


class ChartColumn(NamedTuple):
    """A column of the chart: its name, how many, and how high in pixels."""

    name: str
    items: int
    height: int
    is_overdue: bool


class Told(NamedTuple):
    """What a page tells: of which part, by which tables, as of which year.

    rest: how much of it rests on silent schools.
    """

    place: Place
    table: LifeTable
    forecast: Forecast
    is_above: bool
    rest: Rest


def pages(program: Program) -> FeatureRouter:
    """What reaches its end of life when."""
    router = FeatureRouter()
    screens = program.service(PageRenderer)

    @router.get("/forecast")
    @needs(Permission.SCHOOL, in_parts=True, above=Permission.DEPARTMENT)
    async def forecast(
        request: Request,
        *,
        filters: Annotated[Filters, Depends(filters_of)],
        by: By | Literal[""] = "",
        sort: Sort = "",
        page: PageNo = 1,
        format: File = "",  # noqa: A002
    ) -> Response:
        words, ask = screens.words(request), filters.query
        try:
            told = await run_in_threadpool(_told, program, filters, person_of(request))
            shares = _shares(told, filters)
            rests = rest_words(told.rest, words.say)
            chosen = by if by and by in shares else By.TYPE
            asked = Asked("/forecast", ask | {"by": chosen.value}, sort, page)
            link = to_items if told.is_above else no_items
            names = program.school_name
            columns = share_columns(chosen, told.forecast.first_year, names, link, ask)
            marks = {"share": lambda share: "/".join(share.key)}
            view = listed(shares[chosen], asked, columns, words, **marks)
            if format:
                by_what = words.say(BY_WORDS[chosen][0])
                title = (
                    words.say(N_("End of life")),
                    by_what,
                    source_words(told.table.note, words.say),
                    *filter(None, [rests]),
                )
                file = TableFile("het-nien-han", str(told.forecast.first_year), title)
                rows = in_order(shares[chosen], asked, columns, words)
                return written(format, file, columns, rows, words)
        except HttpError as refused:
            return screens.error(request, refused)
        except LifeTableError as error:
            return screens.page(request, "forecast.html", 503, trouble=error, told=None)
        return screens.page(
            request,
            "forecast.html",
            told=told.forecast,
            trouble=None,
            table=told.table,
            rests=rests,
            place=told.place,
            filters=filters,
            area_code=filters.area,
            view=view,
            by=chosen,
            bys={each: BY_WORDS[each][0] for each in shares},
            to_forecast=partial(address, "/forecast", **ask),
            to_items=partial(link, ask),
            columns=_columns(told.forecast),
            height=_CHART_HEIGHT,
            step=_STEP,
            rows=rows_of(told.forecast),
            unknown_words=UNKNOWN_WORDS,
            type_name=type_name,
            source_words=source_words,
        )

    return router


def _told(program: Program, filters: Filters, person: Person) -> Told:
    """The forecast of what is chosen. Raises HttpError, LifeTableError, StoreError."""
    table, chooser = table_in(program.config.data), program.service(chooser_of)
    chosen = chooser.chosen(filters, person)
    place, feed = chooser.place(chosen, person), program.service(feed_of)
    projection = forecast_in(feed, place, table, program.today(), chosen)
    is_above = Level.DEPARTMENT in program.levels()
    return Told(place, table, projection, is_above, rest_in(program, place, chosen))


def _shares(told: Told, filters: Filters) -> dict[By, Sequence[Share]]:
    """By what the page can tell it."""
    shares: dict[By, Sequence[Share]] = {By.TYPE: told.forecast.by_type}
    if not told.place.school:
        if told.forecast.by_area and not filters.area:
            shares[By.AREA] = told.forecast.by_area
        shares[By.SCHOOL] = told.forecast.by_school
    return shares


def _columns(projection: Forecast) -> Sequence[ChartColumn]:
    rows = rows_of(projection)[:-1]
    most = max((due.count for _, _, due in rows), default=0) or 1
    return [
        ChartColumn(
            N_("overdue") if number == 0 else name,
            due.count,
            -(-due.count * _CHART_HEIGHT // most),
            number == 0,
        )
        for number, (name, _, due) in enumerate(rows)
    ]
