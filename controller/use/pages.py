"""This file serves two screens of figures: how boards are used, and what reaches its end when."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from controller.database.store import Store
from controller.forecast.forecast import Due, Forecast
from controller.forecast.life_table import LifeTable, LifeTableError
from controller.forecast.papers import UNKNOWN_WORDS, type_name
from controller.inventory.feed import Feed
from controller.use.api import forecast_in, narrowed, weeks_of
from controller.use.hours import LOW_MIN
from controller.use.report import UseReport, Verdict
from controller.use.store import use_report
from controller.web.refusals import Refused
from protocol import formats
from protocol.model import Place
from protocol.words import N_, Translate

if TYPE_CHECKING:
    from controller.dashboard.pages import Screens

SHOWN: Final = 400  # rows of one table
VERDICTS: Final = {
    Verdict.LOW: (N_("hardly used"), "warning"),
    Verdict.USED: (N_("in use"), "ok"),
    Verdict.UNKNOWN: (N_("not known"), "unknown"),
}
_CHART_HEIGHT: Final = 140
_STEP: Final = 54

Word = Annotated[str, Query(max_length=64)]


class Column(NamedTuple):
    """A column of the chart: its name, how many, and how high in pixels."""

    name: str
    items: int
    height: int
    is_overdue: bool


def add_use_pages(
    router: APIRouter,
    screens: Screens,
    store: Store,
    feed: Feed,
    life_table: Callable[[], LifeTable],
) -> None:
    """The screens /use and /forecast."""
    scope = feed.scope

    @router.get("/use")
    async def use(
        request: Request,
        school: Word = "",
        since: Annotated[Word, Query(alias="from")] = "",
        until: Annotated[Word, Query(alias="to")] = "",
    ) -> Response:
        today = date.fromisoformat(screens.today())
        try:
            place = narrowed(scope, school)
            first, last = weeks_of(_day(since), _day(until), today)
        except Refused as refused:
            return screens.error(request, refused)
        told = await run_in_threadpool(_report, store, place, first, last)
        return screens.page(
            request,
            "use.html",
            told=told,
            by_school=not place.school,
            place=place,
            before=_moved(first, last, -1),
            after=_moved(first, last, 1) if _moved(first, last, 1)[0] <= today.isoformat() else (),
            boards=told.boards[:SHOWN],
            schools=told.schools[:SHOWN],
            counts=_counts(told),
            most=_most(each.used_week_min for each in told.boards),
            low_min=LOW_MIN,
            verdicts=VERDICTS,
            hours=lambda minutes: _hours(minutes, screens.say(request)),
        )

    @router.get("/forecast")
    async def forecast(request: Request, school: Word = "") -> Response:
        this_year = int(screens.today()[:4])
        try:
            place = narrowed(scope, school)
            table = await run_in_threadpool(life_table)
        except Refused as refused:
            return screens.error(request, refused)
        except LifeTableError as error:
            return screens.page(request, "forecast.html", 503, trouble=error, told=None)
        told = await run_in_threadpool(forecast_in, store, feed, place, table, this_year)
        return screens.page(
            request,
            "forecast.html",
            told=told,
            trouble=None,
            table=table,
            place=place,
            columns=_columns(told),
            height=_CHART_HEIGHT,
            step=_STEP,
            rows=_rows(told),
            schools=told.by_school[:SHOWN] if not place.school else (),
            unknown_words=UNKNOWN_WORDS,
            type_name=type_name,
        )


def _report(store: Store, place: Place, first: str, last: str) -> UseReport:
    with store.view() as db:
        return use_report(db, place, first, last)


def _moved(first: str, last: str, by: int) -> tuple[str, str]:
    """As many weeks, before these or after them; their Mondays."""
    begins, ends = date.fromisoformat(first), date.fromisoformat(last)
    span = by * (ends - begins + timedelta(days=7))
    return (begins + span).isoformat(), (ends + span).isoformat()


def _counts(told: UseReport) -> dict[str, int]:
    verdicts = [each.verdict for each in told.boards]
    return {each.value: verdicts.count(each) for each in Verdict}


def _most(values: Iterable[float | None]) -> float:
    """What the longest bar stands for: never less than ten hours."""
    return max([600.0, *(each for each in values if each is not None)])


def _hours(minutes: float | None, say: Translate) -> str:
    return "" if minutes is None else formats.hours(minutes, say)


def _rows(told: Forecast) -> list[tuple[str, Due]]:
    """What the table tells beside the years' names: overdue, the years, later."""
    years = (str(told.first_year + each) for each in range(len(told.total.years)))
    return [
        (N_("overdue"), told.total.overdue),
        *zip(years, told.total.years, strict=True),
        (N_("later"), told.total.later),
    ]


def _columns(told: Forecast) -> Sequence[Column]:
    rows = [(N_("past"), told.total.overdue), *_rows(told)[1:-1]]
    most = max((due.count for _, due in rows), default=0) or 1
    return [
        Column(name, due.count, -(-due.count * _CHART_HEIGHT // most), number == 0)
        for number, (name, due) in enumerate(rows)
    ]


def _day(text: str) -> str:
    try:
        day = date.fromisoformat(text).isoformat() if text else ""
    except ValueError:
        return ""
    return day if day.startswith("2") else ""
