"""This file serves two screens of figures: how boards are used, and what reaches its end when."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from functools import partial
from typing import Annotated, Any, Literal, TypeVar

from fastapi import Depends, Query, Request, Response
from msgspec.structs import replace
from starlette.concurrency import run_in_threadpool

from controller.feature import Program
from controller.inventory.filters import Filters, filters_of
from controller.inventory.rested import rest_words
from controller.people.person import Permission
from controller.sheets.table import TableFormat
from controller.use.api import weeks_of
from controller.use.choosing import boards_of
from controller.use.columns import FULL_MIN, board_columns, school_columns
from controller.use.lesson_pages import add_lessons
from controller.use.report import BoardUse, SchoolUse, UseReport, UseVerdict
from controller.web.listing import (
    Asked,
    File,
    ListPage,
    PageNo,
    Sort,
    TableFile,
    address,
    in_order,
    listed,
    written,
)
from controller.web.page import PageRenderer
from controller.web.paging import Day
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from controller.web.words import Words
from protocol.words import N_

Row = TypeVar("Row")
Made = tuple[ListPage[Row], Sequence[Row]]  # a page of a list, and all its rows in order


def pages(program: Program) -> FeatureRouter:
    """How boards are used."""
    router = FeatureRouter()
    _add_use(router, program.service(PageRenderer), program)
    add_lessons(router, program)
    return router


def _add_use(router: FeatureRouter, screens: PageRenderer, program: Program) -> None:
    boards = program.service(boards_of)

    @router.get("/use")
    @needs(Permission.SCHOOL, in_parts=True, above=Permission.DEPARTMENT)
    async def use(
        request: Request,
        *,
        filters: Annotated[Filters, Depends(filters_of)],
        since: Annotated[Day, Query(alias="from")] = "",
        until: Annotated[Day, Query(alias="to")] = "",
        by: Literal["", "boards"] = "",
        sort: Sort = "",
        page: PageNo = 1,
        format: File = "",  # noqa: A002
    ) -> Response:
        today, person = date.fromisoformat(screens.today()), person_of(request)
        words = screens.words(request)
        try:
            first, last = weeks_of(since, until, today)
            place = await run_in_threadpool(boards.place, filters, person)
            every = replace(filters, use="")
            report = await run_in_threadpool(boards.report, every, person, (first, last))
            rest = await run_in_threadpool(boards.rest, every, person, report)
            rests = rest_words(rest, words.say)
            days = {"from": first if since else "", "to": last if until else ""}
            days = {name: day for name, day in days.items() if day}
            by_school = not (place.school or filters.use or by)
            query = {**days, **filters.query, **({"by": by} if by else {})}
            make = _schools if by_school else _boards
            made = make(report, Asked("/use", query, sort, page), program.school_name, words)
            if format:
                return _file(format, made, report, words, rests)
        except HttpError as refused:
            return screens.error(request, refused)
        return screens.page(
            request,
            "use.html",
            told=report,
            view=made[0],
            by_school=by_school,
            place=place,
            rests=rests,
            filters=filters,
            before=_moved(first, last, -1),
            after=_moved(first, last, 1) if _moved(first, last, 1)[0] <= today.isoformat() else (),
            counts=_counts(report),
            to_use=partial(address, "/use", **{**days, **every.query}),
        )


def _moved(first: str, last: str, by: int) -> tuple[str, str]:
    """As many weeks, before these or after them; their Mondays."""
    begins, ends = date.fromisoformat(first), date.fromisoformat(last)
    span = by * (ends - begins + timedelta(days=7))
    return (begins + span).isoformat(), (ends + span).isoformat()


def _schools(
    report: UseReport, asked: Asked, name_of: Callable[[str], str], words: Words
) -> Made[SchoolUse]:
    """The schools of the report. Raises HttpError."""
    most = _most(school.used_week_min for school in report.schools)
    columns = school_columns(name_of, asked.query, most)
    view = listed(report.schools, asked, columns, words, school=lambda one: one.school)
    return view, in_order(report.schools, asked, columns, words)


def _boards(
    report: UseReport, asked: Asked, name_of: Callable[[str], str], words: Words
) -> Made[BoardUse]:
    """The boards of the report that are used as is asked for. Raises HttpError."""
    verdict = asked.query.get("use", "")
    boards = [board for board in report.boards if verdict in {"", board.verdict}]
    many = not asked.query.get("school") and len(report.schools) > 1
    columns = board_columns(name_of if many else None, _most(one.used_week_min for one in boards))
    marks = {"board": lambda one: one.device_id, "verdict": lambda one: one.verdict.value}
    view = listed(boards, asked, columns, words, **marks)
    return view, in_order(boards, asked, columns, words)


def _file(
    form: TableFormat, made: Made[Any], report: UseReport, words: Words, rests: str
) -> Response:
    """The list as a file. Raises HttpError."""
    view, rows = made
    title = (
        words.say(N_("Board use")),
        words.say(
            N_("{since} to {until}"),
            since=words.day(report.since_week),
            until=words.day(report.until_day),
        ),
        *filter(None, [rests]),
    )
    file = TableFile("su-dung-bang", report.since_week, title)
    return written(form, file, view.columns, rows, words)


def _counts(report: UseReport) -> dict[str, int]:
    verdicts = [board.verdict for board in report.boards]
    return {verdict.value: verdicts.count(verdict) for verdict in UseVerdict}


def _most(values: Iterable[float | None]) -> float:
    """What the longest bar stands for: never less than ten hours."""
    return max([FULL_MIN, *(value for value in values if value is not None)])
