"""This file lets programs draw inspections, and tells how each asked item stands."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

from fastapi import Path, Query, Request, Response
from fastapi.responses import PlainTextResponse
from starlette.concurrency import run_in_threadpool

from controller.feature import Program
from controller.inspection.items import (
    DrawItem,
    InspectionDetailItem,
    InspectionItem,
    draw_item,
    inspection_detail,
    inspection_item,
)
from controller.inspection.sample import frame_text
from controller.inspection.service import DrawOrder, Inspections
from controller.people.person import Permission
from controller.web.downloads import DOCX, XLSX, attachment, files
from controller.web.forms import order_described, order_in
from controller.web.items import ErrorItem, Listing
from controller.web.paging import ERRORS, GO_ON, Limit, Responses, page_of
from controller.web.parameters import Spelling
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of

Number = Annotated[int, Path(ge=1, lt=1 << 53)]
Behind = Annotated[
    str,
    Query(pattern="^[0-9]{0,15}$", description="`next` of the page before"),
    Spelling(hint=GO_ON),
]


_TOO_LONG: Final[Responses] = {413: {"model": ErrorItem}}
_TEXT: Final = "text/plain; charset=utf-8"


class MinutesFormat(StrEnum):
    """How minutes are written."""

    DOCX = "docx"
    XLSX = "xlsx"


def api(program: Program) -> FeatureRouter:
    """Inspections, as routes of the API. A school's answers are its people's, by page and phone."""
    router = FeatureRouter(prefix="/api/v1", responses=ERRORS)
    inspections = program.service(Inspections)

    @router.get("/inspections")
    @needs(Permission.DEPARTMENT, in_parts=True)
    def every(request: Request, limit: Limit = 100, cursor: Behind = "") -> Listing[InspectionItem]:
        """The inspections, the newest first."""
        told = inspections.all(person_of(request))
        behind = [one for one in told if not cursor or one.inspection.no < int(cursor)][: limit + 1]
        return page_of([*map(inspection_item, behind)], limit, lambda item: str(item.no))

    @router.get("/inspections/{no}")
    @needs(Permission.DEPARTMENT, in_parts=True)
    def one(request: Request, no: Number) -> InspectionDetailItem:
        """An inspection, its schools, and every asked item with its answer."""
        return inspection_detail(inspections.look(no, person_of(request)))

    _add_deeds(router, inspections)
    _add_proof(router, inspections)
    return router


def _add_deeds(router: FeatureRouter, inspections: Inspections) -> None:
    @router.post(
        "/inspections",
        status_code=201,
        responses=_TOO_LONG,
        openapi_extra=order_described(DrawOrder),
    )
    @needs(Permission.DEPARTMENT, in_parts=True)
    async def begin(request: Request) -> InspectionDetailItem:
        """Draw a sample, and ask its schools to show it; without a seed one is made and told."""
        order, person = await order_in(request, DrawOrder), person_of(request)
        inspection = await run_in_threadpool(inspections.begin, order, person)
        return inspection_detail(await run_in_threadpool(inspections.look, inspection.no, person))

    @router.post("/inspections/{no}/withdraw")
    @needs(Permission.DEPARTMENT, in_parts=True)
    def withdraw(request: Request, no: Number) -> InspectionDetailItem:
        """Take it back; one that is taken back stays so."""
        inspections.withdraw(no, person_of(request))
        return inspection_detail(inspections.look(no, person_of(request)))


def _add_proof(router: FeatureRouter, inspections: Inspections) -> None:
    @router.get("/inspections/{no}/draw")
    @needs(Permission.DEPARTMENT, in_parts=True)
    def draw(request: Request, no: Number) -> DrawItem:
        """The sample drawn again, compared with the first."""
        return draw_item(*inspections.draw_again(no, person_of(request)))

    @router.get("/inspections/{no}/frame", response_class=PlainTextResponse, responses=files(_TEXT))
    @needs(Permission.DEPARTMENT, in_parts=True)
    def frame(request: Request, no: Number) -> Response:
        """What the sample was drawn from, a unit a line; its SHA-256 is `frame_sha256`."""
        return Response(
            frame_text(inspections.frame_keys(no, person_of(request))), media_type=_TEXT
        )

    @router.get("/inspections/{no}/minutes", response_class=Response, responses=files(DOCX, XLSX))
    @needs(Permission.DEPARTMENT, in_parts=True)
    def minutes(
        request: Request,
        no: Number,
        format: MinutesFormat = MinutesFormat.DOCX,  # noqa: A002 - a query's usual name
    ) -> Response:
        """The minutes, as people sign them."""
        raw, name = inspections.minutes(no, person_of(request), format.value)
        media = DOCX if format is MinutesFormat.DOCX else XLSX
        return Response(raw, media_type=media, headers=attachment(name))
