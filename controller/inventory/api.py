"""This file answers programs: the inventory, then what changed."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from msgspec.structs import replace

from controller.feature import Program
from controller.inventory.asset import AssetState
from controller.inventory.chosen import Chosen
from controller.inventory.exports.picture import ExportForm, Picture
from controller.inventory.exports.workbook import ExportError
from controller.inventory.feed import (
    AT_ONCE,
    Format,
    as_page,
    feed_of,
    written,
)
from controller.inventory.items import Inventory
from controller.people.person import Permission
from controller.register.vocabulary import Condition
from controller.web.downloads import CSV_WITH_HEAD, XLSX, attachment, files
from controller.web.items import ErrorItem
from controller.web.paging import ERRORS, Code, Cursor, Many
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from protocol.model import DeviceKind, Status
from protocol.words import N_

_WHOLE: Final = {Format(form.value): form for form in ExportForm}
_MEDIA: Final = {
    Format.CSV: CSV_WITH_HEAD,
    Format.NDJSON: "application/x-ndjson",
    Format.XLSX: XLSX,
    Format.GLPI: "application/zip",
    Format.SNIPEIT: CSV_WITH_HEAD,
}
_ANSWERS: Final = files(*_MEDIA.values()) | {410: {"model": ErrorItem}}


def api(program: Program) -> FeatureRouter:
    """The inventory, within all that the controller may tell."""
    router = FeatureRouter(prefix="/api/v1", responses=ERRORS)
    whole, name = program.service(feed_of), program.name
    areas = [feature.areas(program) for feature in program.features if feature.areas]

    @router.get("/inventory", response_model=Inventory, responses=_ANSWERS)
    @needs(Permission.SCHOOL, in_parts=True)
    def inventory(
        request: Request,
        *,
        chosen: Annotated[Chosen, Depends(choice_of)],
        area: Code = "",
        since: Cursor = "",
        limit: Many = 100,
        format: Format = Format.JSON,  # noqa: A002
    ) -> Inventory | Response:
        """The inventory, then what changed: hand `next` back as `since`, now or tomorrow.

        xlsx (one school's), glpi (ZIP) and snipeit (CSV) hold all that there is now, with no limit.
        """
        feed = whole.seen_by(person_of(request))
        if area:
            schools = frozenset[str]().union(*(schools_in(area) for schools_in in areas))
            chosen = replace(chosen, schools=schools)
        if format in _WHOLE:
            return exported(feed.picture(chosen, name), _WHOLE[format], since)
        spell = feed.begin(since)
        if limit > AT_ONCE and format is not Format.JSON:
            parts = written(feed.pour(spell, chosen, limit), format)
            return StreamingResponse(parts, media_type=_MEDIA[format])
        page = feed.page(spell, chosen, min(limit, AT_ONCE))
        if format is Format.JSON:
            return as_page(page)
        headers = {"X-LopHoc-Next": page.next, "X-LopHoc-More": str(page.more).lower()}
        body = b"".join(written([page.items], format))
        return Response(body, media_type=_MEDIA[format], headers=headers)

    return router


def exported(picture: Picture, form: ExportForm, since: str = "") -> Response:
    """The picture as a file to keep. Raises HttpError, StoreError."""
    if since:
        raise HttpError(
            422,
            "since_refused",
            N_("This format is a whole picture and has no changes."),
            N_("Leave `since` out, or take json, ndjson or csv."),
        )
    headers = attachment(picture.file_name(form))
    try:
        parts = picture.written(form)
    except ExportError as error:
        raise HttpError(422, error.code, error.message, error.hint) from error
    return StreamingResponse(parts, media_type=_MEDIA[Format(form.value)], headers=headers)


def choice_of(
    *,
    school: Code = "",
    room: Code = "",
    kind: DeviceKind | Literal[""] = "",
    type: Annotated[str, Query(max_length=200)] = "",  # noqa: A002
    status: Status | Literal[""] = "",
    state: AssetState | Literal[""] = "",
    condition: Condition | Literal[""] = "",
) -> Chosen:
    """The items that a request asks for."""
    return Chosen(
        school=school.strip(),
        room=room.strip(),
        kind=kind,
        type=type.strip(),
        status=status,
        state=state,
        condition=condition,
    )
