"""This file tells programs of all schools: figures, lists, exceptions, the centre's tile."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from fastapi import Depends, Path, Request, Response

from controller.department.choosing import Selection, school_in, schools_of
from controller.department.exceptions import Oddity
from controller.department.items import (
    AreaItem,
    ExceptionItem,
    FigureItem,
    SchoolFiguresItem,
    SchoolItem,
    TileItem,
    area_item,
    exception_item,
    group_item,
    school_figure,
    school_item,
    type_items,
)
from controller.department.overview import KEPT_MS, department_of
from controller.department.standing import group_of
from controller.department.tile import tile_of
from controller.feature import Program
from controller.inventory.filters import Filters, filters_of
from controller.people.person import Permission
from controller.web.items import Listing
from controller.web.paging import ERRORS, Cursor, Limit, page_of
from controller.web.refusals import decode_cursor, encode_cursor, language_asked
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from protocol.model import iso
from protocol.words import Translate

Asked = Annotated[Filters, Depends(filters_of)]
SchoolCode = Annotated[str, Path(max_length=64)]


class By(StrEnum):
    """By what figures are told."""

    SCHOOL = "school"
    AREA = "area"
    TYPE = "type"


def api(program: Program) -> FeatureRouter:
    """The department's figures, as routes of the API."""
    department, chooser = program.service(department_of), program.service(schools_of)
    router = FeatureRouter(prefix="/api/v1", responses=ERRORS)

    def said(request: Request) -> Translate:
        return program.translate_to(language_asked(request, program.default_language))

    @router.get("/schools")
    @needs(Permission.DEPARTMENT, in_parts=True)
    def schools(
        request: Request, asked: Asked, limit: Limit = 100, cursor: Cursor = ""
    ) -> Listing[SchoolItem]:
        """Schools by code, with their figures and how old these are; q: part of a name or code.

        The other filters choose what is counted of each.
        """
        (after,) = decode_cursor(cursor, str) if cursor else ("",)
        selection = chooser.schools(asked, person_of(request))
        overview = selection.overview
        standings = sorted(selection.standings, key=lambda standing: standing.code)
        behind = [standing for standing in standings if standing.code > after][: limit + 1]
        items = [school_item(standing, overview, said(request)) for standing in behind]
        return page_of(items, limit, lambda item: encode_cursor(item.code))

    @router.get("/schools/{code}")
    @needs(Permission.DEPARTMENT, in_parts=True)
    def school(request: Request, code: SchoolCode) -> SchoolItem:
        """One school, also by the code of one that merged into it."""
        overview = department.overview(person_of(request).schools)
        heir = school_in(overview, code)
        standing = next(school for school in overview.schools if school.code == heir)
        return school_item(standing, overview, said(request))

    @router.get("/areas")
    @needs(Permission.DEPARTMENT, in_parts=True)
    def areas(request: Request, limit: Limit = 1000, cursor: Cursor = "") -> Listing[AreaItem]:
        """The areas of today by code, with the schools in them and in those inside them."""
        (after,) = decode_cursor(cursor, str) if cursor else ("",)
        overview = department.overview(person_of(request).schools)
        by_code = sorted((area for area, _ in overview.areas()), key=lambda area: area.code)
        behind = [area for area in by_code if area.code > after][: limit + 1]
        items = [area_item(area, overview) for area in behind]
        return page_of(items, limit, lambda item: encode_cursor(item.code))

    @router.get("/figures")
    @needs(Permission.DEPARTMENT, in_parts=True)
    def figures(request: Request, asked: Asked, by: By = By.AREA) -> SchoolFiguresItem:
        """The share under digital record of what is chosen: by area, school or type."""
        selection = chooser.items(asked, person_of(request))
        overview = selection.overview
        return SchoolFiguresItem(
            as_of=iso(overview.now_ms),
            counted=iso(overview.counted_ms),
            total=group_item(asked.school or asked.area, "", selection.whole),
            by=by.value,
            figures=_figures(selection, by),
        )

    @router.get("/exceptions")
    @needs(Permission.DEPARTMENT, in_parts=True)
    def exceptions(
        request: Request,
        *,
        what: Oddity,
        asked: Asked,
        limit: Limit = 100,
        cursor: Cursor = "",
    ) -> Listing[ExceptionItem]:
        """Items that need a person: missing, never seen, at two schools, in two books."""
        after = decode_cursor(cursor, str, str) if cursor else ("", "")
        selection = chooser.items(asked, person_of(request))
        odds, behind = chooser.odd(selection, what, after=after, limit=limit)
        items = [exception_item(what.value, odd.asset, odd.schools) for odd in odds]
        return Listing(items=items, next=encode_cursor(*behind) if behind else None)

    @router.get("/tile")
    @needs(Permission.DEPARTMENT, in_parts=True)
    def tile(request: Request, response: Response, asked: Asked) -> TileItem:
        """Twelve numbers for the operations centre, computed at most every five minutes.

        Of a school or an area, or of some items alone, they are counted now.
        """
        person = person_of(request)
        if asked.query:
            selection = chooser.items(asked, person)
            codes = frozenset(code for one in selection.standings for code in one.members)
            return TileItem.of(tile_of(selection.overview.part(codes), program.zone))
        response.headers["Cache-Control"] = f"max-age={KEPT_MS // 1000}"
        return TileItem.of(department.tile(person.schools))

    return router


def _figures(selection: Selection, by: By) -> list[FigureItem]:
    match by:
        case By.SCHOOL:
            return [
                school_figure(standing, group_of([standing], standing.before))
                for standing in selection.standings
            ]
        case By.TYPE:
            return type_items(selection.whole)
        case By.AREA:
            return [group_item(area.code, area.label, group) for area, group in selection.areas()]
