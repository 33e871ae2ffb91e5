"""This file lets programs make report packs and give them a template, and tells their figures."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

import msgspec
from fastapi import Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from controller.feature import Program
from controller.people.person import Permission
from controller.reports.items import (
    PackHeadItem,
    PackItem,
    TemplateItem,
    head_item,
    pack_item,
    template_item,
)
from controller.reports.report import PeriodKind
from controller.reports.service import Packs
from controller.reports.template import TemplateError
from controller.sheets.writing import file_name
from controller.web.downloads import XLSX, attachment, files
from controller.web.forms import (
    MAX_UPLOAD_BYTES,
    Upload,
    body_described,
    body_of,
    order_described,
    order_in,
    plain_name,
)
from controller.web.items import ErrorItem, Listing
from controller.web.paging import ERRORS, GO_ON, Limit, Responses, page_of
from controller.web.parameters import Spelling
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from protocol.words import N_

Number = Annotated[int, Path(ge=1, lt=1 << 53)]
Other = Annotated[int, Query(ge=0, lt=1 << 53, description="an earlier pack; 0 for none")]
Behind = Annotated[
    str,
    Query(pattern="^[0-9]{0,15}$", description="`next` of the page before"),
    Spelling(hint=GO_ON),
]


FileName = Annotated[str, Query(max_length=120, description="what the file is called")]
_TOO_LONG: Final[Responses] = {413: {"model": ErrorItem}}
_WORKBOOK: Final = {XLSX: {"schema": {"type": "string", "format": "binary"}}}


class PackFormat(StrEnum):
    """How a pack is written."""

    JSON = "json"
    XLSX = "xlsx"


class PackOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What a program wants made: a pack of the period of this kind that holds today."""

    kind: PeriodKind


def api(program: Program) -> FeatureRouter:
    """Packs, as routes of the API."""
    router = FeatureRouter(prefix="/api/v1", responses=ERRORS)
    packs = program.service(Packs)
    _add_template(router, packs)
    _add_packs(router, packs)
    return router


def _add_packs(router: FeatureRouter, packs: Packs) -> None:
    @router.post(
        "/reports", status_code=201, responses=_TOO_LONG, openapi_extra=order_described(PackOrder)
    )
    @needs(Permission.DEPARTMENT)
    async def make(request: Request) -> PackHeadItem:
        """Keep the figures of now as a pack, which never changes; answers with its number."""
        order, person = await order_in(request, PackOrder), person_of(request)
        no = await run_in_threadpool(packs.make, order.kind, person)
        heads, _ = await run_in_threadpool(packs.all)
        return next(head_item(head) for head in heads if head.no == no)

    @router.get("/reports")
    @needs(Permission.DEPARTMENT)
    def every(limit: Limit = 100, cursor: Behind = "") -> Listing[PackHeadItem]:
        """The packs, the newest first."""
        heads, _ = packs.all()
        behind = [head for head in heads if not cursor or head.no < int(cursor)][: limit + 1]
        return page_of([*map(head_item, behind)], limit, lambda item: str(item.no))

    @router.get("/reports/{no}", response_model=PackItem, responses=files(XLSX))
    @needs(Permission.DEPARTMENT)
    def one(
        no: Number,
        *,
        before: Other = 0,
        format: PackFormat = PackFormat.JSON,  # noqa: A002 - a query's usual name
        plain: Annotated[bool, Query(description="xlsx: in our own layout")] = False,
    ) -> PackItem | Response:
        """A pack's figures, compared with an earlier one; xlsx: its workbook, in the template."""
        pack = packs.look(no)
        if format is PackFormat.JSON:
            return pack_item(no, pack, packs.look(before) if before else None)
        try:
            raw = packs.workbook(no, is_plain=plain)
        except TemplateError as error:
            raise _refused(error) from error
        name = file_name("bao-cao", str(no), pack.day, end="xlsx")
        return Response(raw, media_type=XLSX, headers=attachment(name))


def _add_template(router: FeatureRouter, packs: Packs) -> None:
    @router.get("/reports/template")
    @needs(Permission.DEPARTMENT)
    def template() -> TemplateItem:
        """The department's own workbook, which packs fill; 404 where the layout is ours."""
        _, kept = packs.all()
        if kept is None:
            none = N_("The department has no template.")
            raise HttpError(404, "template_none", none, N_("PUT one, or take the pack as it is."))
        try:
            return template_item(kept)
        except TemplateError as error:
            raise _refused(error) from error

    @router.put("/reports/template", responses=_TOO_LONG, openapi_extra=body_described(_WORKBOOK))
    @needs(Permission.DEPARTMENT)
    async def give(request: Request, name: FileName = "") -> TemplateItem:
        """Give packs a template: the bytes of an .xlsx whose cells bear our names."""
        raw = await body_of(request, MAX_UPLOAD_BYTES)
        upload = Upload(plain_name(name) or "template.xlsx", raw)
        try:
            await run_in_threadpool(packs.take_template, upload, person_of(request))
        except TemplateError as error:
            raise _refused(error) from error
        return await run_in_threadpool(template)

    @router.delete("/reports/template", status_code=204)
    @needs(Permission.DEPARTMENT)
    def drop() -> None:
        """Go back to our own layout."""
        packs.drop_template()


def _refused(error: TemplateError) -> HttpError:
    values = {name: str(value) for name, value in error.values.items()}
    return HttpError(422, error.code, error.message, error.hint, None, **values)
