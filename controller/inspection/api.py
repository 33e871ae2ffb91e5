"""This file tells programs of inspections: which there are, and how each asked item stands."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Request

from controller.feature import Program
from controller.inspection.items import (
    InspectionDetailItem,
    InspectionItem,
    inspection_detail,
    inspection_item,
)
from controller.inspection.service import Inspections
from controller.people.person import Permission
from controller.web.items import Listing
from controller.web.paging import ERRORS, Limit, page_of
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of

Number = Annotated[int, Path(ge=1, lt=1 << 53)]
Behind = Annotated[str, Query(pattern="^[0-9]{0,15}$", description="`next` of the page before")]


def api(program: Program) -> FeatureRouter:
    """Inspections, as routes of the API; they are drawn by people, or by the command."""
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

    return router
