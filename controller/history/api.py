"""This file tells programs of the past: figures over days, and the dated files."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Request
from fastapi.responses import FileResponse

from controller.feature import Program
from controller.history.dated import FOLDER, FileForm, dated
from controller.history.items import DatedFileItem, TrendItem, file_item, trend_item
from controller.history.service import History, TrendAsked
from controller.history.trend import TrendBy, TrendFigure, TrendSpan
from controller.inventory.filters import Filters, Text
from controller.people.person import Permission
from controller.web.asked import unknown
from controller.web.downloads import attachment, files
from controller.web.items import Listing
from controller.web.paging import ERRORS, Code
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from protocol.words import N_

_KINDS = {
    FileForm.NDJSON: "application/gzip",
    FileForm.PARQUET: "application/vnd.apache.parquet",
}
FileName = Annotated[str, Path(max_length=64)]


def check_here(history: History) -> None:
    """Raise HttpError where the newest files lie where this process does not see them."""
    if there := history.elsewhere():
        raise HttpError(
            404,
            "files_elsewhere",
            N_("The files of {day} lie on the server {server}, in {folder}."),
            N_("Take them there, or have this program share that folder."),
            day=there.day,
            server=there.server,
            folder=there.folder,
        )


def api(program: Program) -> FeatureRouter:
    """The past of a department, as routes of the API."""
    router = FeatureRouter(prefix="/api/v1", responses=ERRORS)
    history = program.service(History)

    @router.get("/history")
    @needs(Permission.DEPARTMENT, in_parts=True)
    def past(
        request: Request,
        *,
        school: Code = "",
        area: Code = "",
        type: Text = "",  # noqa: A002 - a query's usual name
        figure: TrendFigure = TrendFigure.MANAGED_PCT,
        by: TrendBy = TrendBy.WHOLE,
        span: TrendSpan = TrendSpan.MONTH,
    ) -> TrendItem:
        """A figure over at most 13 days of those that are kept, by area, school, type or whole."""
        filters = Filters(school=school.strip(), area=area.strip(), type=type.strip())
        trend = history.trend(filters, TrendAsked(figure, by, span), person_of(request))
        return trend_item(trend, figure, by)

    @router.get("/history/files")
    @needs(Permission.DEPARTMENT)
    def every_file() -> Listing[DatedFileItem]:
        """The dated files, the newest day first: 31 days, before them the last of each month."""
        check_here(history)
        return Listing(items=[file_item(file) for file in history.files()], next=None)

    @router.get(
        "/history/files/{name}", response_class=FileResponse, responses=files(*_KINDS.values())
    )
    @needs(Permission.DEPARTMENT)
    def one_file(name: FileName) -> FileResponse:
        """A dated file; parts of it by `Range`, so that a cut download goes on."""
        there = {file.name for file in history.files()}
        file = dated(name)
        if file is None or name not in there:
            check_here(history)
            raise unknown(404, "file_unknown", N_("There is no file {asked} here."), name, there)
        path = program.config.data / FOLDER / file.name
        return FileResponse(path, media_type=_KINDS[file.form], headers=attachment(file.name))

    return router
