"""This file tells programs of report packs: which there are, and their figures."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from fastapi import Path, Query, Response

from controller.feature import Program
from controller.people.person import Permission
from controller.reports.items import PackHeadItem, PackItem, head_item, pack_item
from controller.reports.service import Packs
from controller.reports.template import TemplateError
from controller.sheets.writing import file_name
from controller.web.downloads import XLSX, attachment, files
from controller.web.items import Listing
from controller.web.paging import ERRORS, Limit, page_of
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs

Number = Annotated[int, Path(ge=1, lt=1 << 53)]
Other = Annotated[int, Query(ge=0, lt=1 << 53, description="an earlier pack; 0 for none")]
Behind = Annotated[str, Query(pattern="^[0-9]{0,15}$", description="`next` of the page before")]


class PackFormat(StrEnum):
    """How a pack is written."""

    JSON = "json"
    XLSX = "xlsx"


def api(program: Program) -> FeatureRouter:
    """Packs, as routes of the API; they are made by people, or by the command."""
    router = FeatureRouter(prefix="/api/v1", responses=ERRORS)
    packs = program.service(Packs)

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
            values = {name: str(value) for name, value in error.values.items()}
            raise HttpError(422, error.code, error.message, error.hint, None, **values) from error
        name = file_name("bao-cao", str(no), pack.day, end="xlsx")
        return Response(raw, media_type=XLSX, headers=attachment(name))

    return router
