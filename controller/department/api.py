"""This file tells programs of all schools: figures, lists, exceptions, the centre's tile."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from fastapi import Query, Request, Response

from controller.department.exceptions import Oddity, odd_items
from controller.department.items import (
    ExceptionItem,
    FigureItem,
    SchoolFiguresItem,
    SchoolItem,
    TileItem,
    exception_item,
    group_item,
    school_figure,
    school_item,
    type_items,
)
from controller.department.overview import KEPT_MS, department_of
from controller.department.standing import Overview, SchoolStanding, group_of
from controller.feature import Program
from controller.people.person import Permission
from controller.sheets.text import folded
from controller.web.items import Listing
from controller.web.paging import ERRORS, Code, Cursor, Limit, page_of
from controller.web.refusals import HttpError, decode_cursor, encode_cursor
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from protocol.model import iso
from protocol.words import N_

Words = Annotated[str, Query(max_length=200, description="part of a school's name or code")]


class By(StrEnum):
    """By what figures are told."""

    SCHOOL = "school"
    AREA = "area"
    TYPE = "type"


def api(program: Program) -> FeatureRouter:
    """The department's figures, as routes of the API."""
    department = program.service(department_of)
    router = FeatureRouter(prefix="/api/v1", responses=ERRORS)

    @router.get("/schools")
    @needs(Permission.DEPARTMENT, in_parts=True)
    def schools(
        request: Request, area: Code = "", q: Words = "", limit: Limit = 100, cursor: Cursor = ""
    ) -> Listing[SchoolItem]:
        """Schools by code, with their figures and how old these are."""
        (after,) = decode_cursor(cursor, str) if cursor else ("",)
        overview = department.overview(person_of(request).schools)
        standings = sorted(chosen(overview, area, q), key=lambda standing: standing.code)
        behind = [standing for standing in standings if standing.code > after][: limit + 1]
        items = [school_item(standing, overview) for standing in behind]
        return page_of(items, limit, lambda item: encode_cursor(item.code))

    @router.get("/figures")
    @needs(Permission.DEPARTMENT, in_parts=True)
    def figures(request: Request, by: By = By.AREA, area: Code = "") -> SchoolFiguresItem:
        """The share under digital record of all schools, or an area's: by area, school or type."""
        overview = department.overview(person_of(request).schools)
        if area and area not in overview.atlas.areas:
            raise HttpError(404, "area_unknown", N_("There is no such area."), N_("See by=area."))
        whole = overview.area(area) if area else overview.whole
        return SchoolFiguresItem(
            as_of=iso(overview.now_ms),
            counted=iso(overview.counted_ms),
            total=group_item(area, "", whole),
            by=by.value,
            figures=_figures(overview, by, area),
        )

    @router.get("/exceptions")
    @needs(Permission.DEPARTMENT, in_parts=True)
    def exceptions(
        request: Request,
        *,
        what: Oddity,
        school: Code = "",
        area: Code = "",
        limit: Limit = 100,
        cursor: Cursor = "",
    ) -> Listing[ExceptionItem]:
        """Items that need a person: missing, never seen, at two schools, in two books."""
        after = decode_cursor(cursor, str, str) if cursor else ("", "")
        overview = department.overview(person_of(request).schools)
        codes = _codes_of(overview, school, area)
        odds, behind = odd_items(
            department, overview, what, schools=codes, after=after, limit=limit
        )
        items = [exception_item(what.value, odd.asset, odd.schools) for odd in odds]
        return Listing(items=items, next=encode_cursor(*behind) if behind else None)

    @router.get("/tile")
    @needs(Permission.DEPARTMENT, in_parts=True)
    def tile(request: Request, response: Response) -> TileItem:
        """Twelve numbers for the operations centre, computed at most every five minutes."""
        response.headers["Cache-Control"] = f"max-age={KEPT_MS // 1000}"
        return TileItem.of(department.tile(person_of(request).schools))

    return router


def chosen(overview: Overview, area: str, text: str) -> list[SchoolStanding]:
    """The schools of an area whose name or code has the text, marks and case aside."""
    words = folded(text)
    return [
        standing
        for standing in overview.of_area(area)
        if words in folded(standing.name) or text.strip().casefold() in standing.code.casefold()
    ]


def _codes_of(overview: Overview, school: str, area: str) -> tuple[str, ...]:
    """The schools that are meant: none for all, one without a code where there is none such."""
    codes = tuple(standing.code for standing in overview.of_area(area)) if area else ()
    if school:
        heir = overview.heirs().get(school, school)
        return (heir,) if not area or heir in codes else ("",)
    return codes or ("",) if area else ()


def _figures(overview: Overview, by: By, area: str) -> list[FigureItem]:
    match by:
        case By.SCHOOL:
            return [
                school_figure(standing, group_of([standing], standing.before))
                for standing in overview.of_area(area)
            ]
        case By.TYPE:
            return type_items(overview.area(area) if area else overview.whole)
        case By.AREA:
            return [
                group_item(group_area.code, group_area.label, group)
                for group_area, group in overview.areas()
                if not area or area in overview.atlas.around(group_area.code, overview.day)
            ]
