"""This file serves how many lessons a week were held in each room."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import Query, Request, Response
from starlette.concurrency import run_in_threadpool

from controller.attendance.store import lessons_of
from controller.feature import Level, Program
from controller.people.person import Permission
from controller.sheets.names import natural
from controller.sheets.table import TableFormat
from controller.use.api import weeks_of
from controller.use.lessons import RoomLessons, lessons_by_room, mondays_between
from controller.web.listing import (
    Asked,
    Column,
    File,
    PageNo,
    Sort,
    TableFile,
    in_order,
    listed,
    written,
)
from controller.web.page import PageRenderer
from controller.web.paging import Day
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs
from controller.web.words import Words
from protocol.words import N_

WEEKS_SHOWN: Final = 6  # files hold all
TITLE: Final = N_("Lessons a week")
_DAY: Final = timedelta(days=1)


def add_lessons(router: FeatureRouter, program: Program) -> None:
    """Rooms and their lessons."""
    screens = program.service(PageRenderer)

    def counted(first: str, last: str) -> list[RoomLessons]:
        sunday = (date.fromisoformat(last) + 6 * _DAY).isoformat()
        return lessons_by_room(program.store.read(lessons_of, program.school, first, sunday))

    @router.get("/use/lessons")
    @needs(Permission.SCHOOL, level=Level.SCHOOL)
    async def lessons(
        request: Request,
        *,
        since: Annotated[Day, Query(alias="from")] = "",
        until: Annotated[Day, Query(alias="to")] = "",
        sort: Sort = "",
        page: PageNo = 1,
        format: File = "",  # noqa: A002 - a query's usual name
    ) -> Response:
        words, today = screens.words(request), date.fromisoformat(screens.today())
        try:
            weeks = weeks_of(since, until or today.isoformat(), today)
            rooms = await run_in_threadpool(counted, *weeks)
            query = {"from": weeks[0], "to": weeks[1]} if since or until else {}
            asked = Asked("/use/lessons", query, sort, page)
            columns = lesson_columns(mondays_between(*weeks), words)
            if format:
                file = TableFile("so-tiet", weeks[0], (words.say(TITLE),))
                rows = in_order(rooms, asked, columns, words)
                return written(TableFormat(format), file, columns, rows, words)
            view = listed(rooms, asked, columns, words)
        except HttpError as refused:
            return screens.error(request, refused)
        total = sum(room.lessons for room in rooms)
        return screens.page(request, "lessons_a_week.html", view=view, total=total)


def lesson_columns(mondays: Sequence[str], words: Words) -> Sequence[Column[RoomLessons]]:
    """A room a row, a week a column, the newest first."""

    def in_week(monday: str, room: RoomLessons, _: Words) -> int:
        return room.by_week.get(monday, 0)

    weeks = (
        Column(
            key=monday,
            head=words.short_day(monday),
            cell=partial(in_week, monday),
            is_number=True,
            on_screen=number < WEEKS_SHOWN,
        )
        for number, monday in enumerate(mondays)
    )
    return (
        Column(
            key="room",
            head=N_("Room"),
            cell=lambda one, words: words.room(one.room),
            order=lambda one: natural(one.room),
            link=lambda one: f"/rooms/{quote(one.room, safe='')}" if one.room else "",
        ),
        Column(key="lessons", head=N_("Lessons"), cell=lambda one, _: one.lessons, is_number=True),
        Column(key="rolls", head=N_("With a roll"), cell=lambda one, _: one.rolls, is_number=True),
        *weeks,
    )
