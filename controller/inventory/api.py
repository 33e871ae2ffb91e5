"""This file answers programs: the inventory, then what changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Final, Literal

from fastapi import Depends, Path, Query, Request, Response
from msgspec.structs import replace
from starlette.datastructures import Headers

from controller.feature import Program
from controller.inventory.apart import order_of_picture, order_of_pull, written_apart
from controller.inventory.chosen import Chosen
from controller.inventory.exports.picture import ExportForm, Picture
from controller.inventory.exports.workbook import ExportError
from controller.inventory.feed import (
    AT_ONCE,
    Feed,
    Format,
    Spell,
    as_page,
    feed_of,
    written,
)
from controller.inventory.filters import Filters, chooser_of, filters_of
from controller.inventory.items import Inventory, InventoryItem, inventory_fields
from controller.people.person import Permission
from controller.web.downloads import CSV_WITH_HEAD, XLSX, attachment, files
from controller.web.exporting import Export, Exports, takes_packed
from controller.web.items import ErrorItem
from controller.web.packing import packed
from controller.web.paging import ERRORS, Code, Cursor, Day, Many
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from protocol.words import N_

ItemId = Annotated[str, Path(max_length=200)]
Labels = Annotated[
    Literal["en", "vi"], Query(description="snipeit: the language of its import screen")
]
_WHOLE: Final = {Format(form.value): form for form in ExportForm}
_MEDIA: Final = {
    Format.CSV: CSV_WITH_HEAD,
    Format.NDJSON: "application/x-ndjson",
    Format.XLSX: XLSX,
    Format.GLPI: "application/zip",
    Format.SNIPEIT: CSV_WITH_HEAD,
}
_ANSWERS: Final = files(*_MEDIA.values()) | {code: {"model": ErrorItem} for code in (410, 429)}


def api(program: Program) -> FeatureRouter:
    """The inventory, within all that the controller may tell."""
    router = FeatureRouter(prefix="/api/v1", responses=ERRORS)
    whole, name, exports = program.service(feed_of), program.name, program.service(Exports)
    chooser = program.service(chooser_of)

    def lives() -> dict[str, int]:
        found = (feature.lives(program) for feature in program.features if feature.lives)
        return {type_: years for by_type in found for type_, years in by_type.items()}

    @router.get("/inventory", response_model=Inventory, responses=_ANSWERS)
    @needs(Permission.SCHOOL, in_parts=True, above=Permission.DEPARTMENT)
    def inventory(
        request: Request,
        *,
        filters: Annotated[Filters, Depends(filters_of)],
        since: Cursor = "",
        limit: Many = 100,
        format: Format = Format.JSON,  # noqa: A002
        labels: Labels = "en",
        new_from: Day = "",
    ) -> Inventory | Response:
        """The inventory, then what changed: hand `next` back as `since`, now or tomorrow.

        xlsx (one school's), glpi (ZIP) and snipeit (CSV) hold all that there is now, with no limit.
        """
        person = person_of(request)
        feed = whole.seen_by(person)
        feed.bring_up()
        chosen = chooser.chosen(filters, person)
        if format in _WHOLE:
            picture = replace(
                feed.picture(chosen, name),
                vietnamese=labels == "vi",
                new_from=date.fromisoformat(new_from) if new_from else None,
                lives={} if format is not Format.SNIPEIT else lives(),
            )
            return exported(picture, _WHOLE[format], exports, since, request.headers)
        feed, chosen = feed.of_area(filters.area), replace(chosen, schools=None)
        spell = feed.begin(since, chosen)
        if limit > AT_ONCE and format is not Format.JSON:
            is_packed = takes_packed(request.headers)
            parts = exports.taking(
                lambda: _poured(feed, spell, chosen, limit, format, is_packed=is_packed)
            )
            return Export(parts, _MEDIA[format], is_packed=is_packed)
        page = feed.page(spell, chosen, min(limit, AT_ONCE))
        if format is Format.JSON:
            return as_page(page)
        headers = {"X-LopHoc-Next": page.next, "X-LopHoc-More": str(page.more).lower()}
        body = b"".join(written([page.items], format))
        return Response(body, media_type=_MEDIA[format], headers=headers)

    @router.get("/items/{item:path}")
    @needs(Permission.SCHOOL, in_parts=True, above=Permission.DEPARTMENT)
    def one_item(request: Request, item: ItemId, school: Code = "") -> InventoryItem:
        """One item by its `device_id`. school: whose it is, where several schools have that id."""
        feed = whole.seen_by(person_of(request))
        return InventoryItem(**inventory_fields(feed.item(item, school), ""))

    return router


def exported(
    picture: Picture,
    form: ExportForm,
    exports: Exports,
    since: str = "",
    asked: Headers | None = None,
) -> Response:
    """The picture as a file to keep. Raises HttpError, StoreError."""
    if since:
        raise HttpError(
            422,
            "since_refused",
            N_("This format is a whole picture and has no changes."),
            N_("Leave `since` out, or take json, ndjson or csv."),
        )
    headers = attachment(picture.file_name(form))
    is_packed = form is ExportForm.SNIPEIT and takes_packed(asked or Headers())
    try:
        parts = exports.taking(lambda: _pictured(picture, form, is_packed=is_packed))
    except ExportError as error:
        raise HttpError(422, error.code, error.message, error.hint) from error
    return Export(parts, _MEDIA[Format(form.value)], headers, is_packed=is_packed)


def _poured(
    feed: Feed, spell: Spell, chosen: Chosen, limit: int, form: Format, *, is_packed: bool
) -> Iterator[bytes]:
    """A long pull; of a server's database by a process of its own."""
    if not feed.store.is_file:
        order = order_of_pull(feed, spell, chosen, limit, form, is_packed=is_packed)
        return written_apart(order)
    parts = written(feed.pour(spell, chosen, limit), form)
    return packed(parts) if is_packed else parts


def _pictured(picture: Picture, form: ExportForm, *, is_packed: bool) -> Iterator[bytes]:
    """A whole picture; of a server's database by a process of its own. Raises ExportError."""
    if not picture.store.is_file:
        return written_apart(order_of_picture(picture, form, is_packed=is_packed))
    parts = picture.written(form)
    return packed(parts) if is_packed else parts
