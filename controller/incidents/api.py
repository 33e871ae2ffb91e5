"""This file answers programs: incidents that are open, and those that are over."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request

from controller.feature import Program
from controller.incidents.items import IncidentItem, incident_item
from controller.incidents.service import Incidents
from controller.incidents.work import is_seen_by
from controller.people.person import Permission
from controller.web.items import Listing
from controller.web.paging import ERRORS, Cursor, Limit
from controller.web.refusals import decode_cursor, encode_cursor
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of


def api(program: Program) -> FeatureRouter:
    """Incidents, for other programs."""
    router = FeatureRouter(prefix="/api/v1", responses=ERRORS)
    service = program.service(Incidents)

    @router.get("/incidents")
    @needs(Permission.ROOMS, is_open=True, in_parts=True)
    def listed(
        request: Request,
        closed: Annotated[bool, Query()] = False,  # noqa: FBT002 - a query's own flag
        limit: Limit = 100,
        cursor: Cursor = "",
    ) -> Listing[IncidentItem]:
        """Causes of what is wrong; closed: those that are over, the newest first."""
        person = person_of(request)
        before = decode_cursor(cursor, int)[0] if cursor else None
        found = service.closed(before, "", limit + 1) if closed else service.open()
        behind = encode_cursor(found[limit - 1][0].no) if len(found) > limit else None
        is_named = person.may(Permission.BOOK)
        items = [
            incident_item(incident, handling, is_named=is_named)
            for incident, handling in found[: limit if closed else None]
            if is_seen_by(incident, person)
        ]
        return Listing(items=items, next=behind if closed else None)

    return router
