"""This file serves the list of schools' lines, sorted as one likes, and as a file."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Response

from controller.department.choosing import schools_of
from controller.feature import Program
from controller.inventory.filters import Filters, school_filters_of
from controller.lines.columns import LineRow, line_columns
from controller.lines.line import LineSums
from controller.lines.service import Lines
from controller.people.person import Permission
from controller.web.listing import Asked, File, PageNo, Sort, TableFile, in_order, listed, written
from controller.web.page import PageRenderer
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from protocol.words import N_


def pages(program: Program) -> FeatureRouter:
    """The list, made in a thread, for there may be a thousand schools."""
    router = FeatureRouter()
    screens, chooser = program.service(PageRenderer), program.service(schools_of)
    lines = program.service(Lines)

    @router.get("/lines")
    @needs(Permission.DEPARTMENT, in_parts=True)
    def listed_lines(
        request: Request,
        *,
        filters: Annotated[Filters, Depends(school_filters_of)],
        sort: Sort = "",
        page: PageNo = 1,
        format: File = "",  # noqa: A002
    ) -> Response:
        words, columns = screens.words(request), line_columns()
        try:
            selection = chooser.schools(filters, person_of(request))
            sums, now_ms = lines.all(), program.now_ms()
            rows = sorted(
                (
                    LineRow(school, sums.get(school.code, LineSums()), now_ms)
                    for school in selection.standings
                ),
                key=lambda row: row.urgency,
            )
            asked = Asked("/lines", filters.query, sort, page)
            view = listed(rows, asked, columns, words, school=lambda row: row.school.code)
            if format:
                title = (words.say(N_("Lines to schools")),)
                file = TableFile("duong-truyen", selection.overview.day, title)
                return written(format, file, columns, in_order(rows, asked, columns, words), words)
        except HttpError as refused:
            return screens.error(request, refused)
        return screens.page(
            request,
            "lines.html",
            view=view,
            areas=selection.overview.areas(),
            area_code=filters.area,
            q=filters.q,
        )

    return router
