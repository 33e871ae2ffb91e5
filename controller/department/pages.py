"""This file serves the department: all schools on one page, one school, what is odd."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.parse import quote, urlencode

from fastapi import Query, Request, Response
from fastapi.responses import RedirectResponse

from controller.department.api import chosen
from controller.department.cells import shown_count
from controller.department.exceptions import Oddity, count_of, odd_items
from controller.department.overview import Department, department_of
from controller.department.standing import Need, Overview, Silence, group_of
from controller.feature import Program
from controller.people.person import Permission
from controller.reconcile.words import RAISE_WORDS, percent_words
from controller.register.vocabulary import type_word
from controller.web.page import PageRenderer
from controller.web.refusals import HttpError, decode_cursor, encode_cursor
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from protocol.model import Status
from protocol.words import N_

ROWS: Final = 50  # schools or items on one page
RIVAL_SHOWN_MS: Final = 3_600_000
FORK_SHOWN_MS: Final = 7 * 86_400_000
AREAS_SEEN: Final = 8  # the others behind a click

Code = Annotated[str, Query(max_length=64)]
Words = Annotated[str, Query(max_length=200)]
Cursor = Annotated[str, Query(max_length=512)]

# How a need looks, and what it is called.
NEEDS: Final[Mapping[Need, tuple[Status, str]]] = {
    Need.LONG_SILENT: (Status.CRITICAL, N_("silent for more than 3 weeks")),
    Need.NO_DATA: (Status.UNKNOWN, N_("no data yet")),
    Need.SILENT: (Status.WARNING, N_("silent for more than a day")),
    Need.NO_REGISTER: (Status.WARNING, N_("no equipment book")),
    Need.BELOW_TARGET: (Status.WARNING, N_("below the target")),
    Need.MISSING: (Status.WARNING, N_("items missing")),
    Need.NOTHING: (Status.OK, N_("in order")),
}
ODDITY_WORDS: Final[Mapping[Oddity, str]] = {
    Oddity.MISSING: N_("Missing"),
    Oddity.MOVED_BETWEEN: N_("In one school's book, seen at another"),
    Oddity.SAME_SERIAL: N_("Same serial in two schools' books"),
    Oddity.NEVER_SEEN: N_("Never seen"),
}


def pages(program: Program) -> FeatureRouter:
    """The pages of schools: made in threads, for there may be a thousand."""
    router = FeatureRouter()
    screens, department = program.service(PageRenderer), program.service(department_of)
    for add in (_add_schools, _add_one_school, _add_exceptions):
        add(router, screens, department)
    return router


def _add_schools(router: FeatureRouter, screens: PageRenderer, department: Department) -> None:
    @router.get("/schools")
    @needs(Permission.DEPARTMENT, is_open=True, in_parts=True)
    def schools(
        request: Request,
        area: Code = "",
        q: Words = "",
        page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    ) -> Response:
        overview = _overview(department, request)
        standings = chosen(overview, area, q)
        last = max(1, -(-len(standings) // ROWS))
        at = min(page, last)
        query = {name: value for name, value in (("area", area), ("q", q)) if value}
        return screens.page(
            request,
            "schools.html",
            told=overview,
            whole=overview.area(area) if area else overview.whole,
            areas=overview.areas(),
            areas_seen=AREAS_SEEN,
            area=overview.atlas.areas.get(area),
            area_code=area,
            q=q,
            found=standings,
            rows=standings[(at - 1) * ROWS : at * ROWS],
            at_page=at,
            last_page=last,
            before_page=urlencode(query | {"page": at - 1}) if at > 1 else "",
            next_page=urlencode(query | {"page": at + 1}) if at < last else "",
            oddities=_oddities(
                overview, tuple(standing.code for standing in standings) if area else ()
            ),
            **_helps(overview),
        )


def _add_one_school(router: FeatureRouter, screens: PageRenderer, department: Department) -> None:
    @router.get("/schools/{code:path}")
    @needs(Permission.DEPARTMENT, in_parts=True)
    def one_school(request: Request, code: str) -> Response:
        overview = _overview(department, request)
        heir = overview.heirs().get(code[:64], "")
        school = next((standing for standing in overview.schools if standing.code == heir), None)
        if school is None:
            unknown = N_("There is no such school.")
            return screens.error(request, HttpError(404, "school_unknown", unknown, "/schools"))
        if heir != code:
            return RedirectResponse(f"/schools/{quote(heir, safe='')}", 303)
        return screens.page(
            request,
            "one_school.html",
            told=overview,
            school_told=school,
            rival_shown_ms=RIVAL_SHOWN_MS,
            fork_shown_ms=FORK_SHOWN_MS,
            whole=group_of([school], school.before),
            oddities=_oddities(overview, (school.code,)),
            shown_count=shown_count,
            **_helps(overview),
        )


def _add_exceptions(router: FeatureRouter, screens: PageRenderer, department: Department) -> None:
    @router.get("/exceptions")
    @needs(Permission.DEPARTMENT, in_parts=True)
    def exceptions(
        request: Request, what: Oddity = Oddity.MISSING, school: Code = "", cursor: Cursor = ""
    ) -> Response:
        try:
            after = decode_cursor(cursor, str, str) if cursor else ("", "")
        except HttpError as refused:
            return screens.error(request, refused)
        overview = _overview(department, request)
        codes = (overview.heirs().get(school, school),) if school else ()
        odds, behind = odd_items(department, overview, what, schools=codes, after=after, limit=ROWS)
        query = {"what": what.value} | ({"school": school} if school else {})
        names = {standing.code: standing.label for standing in overview.schools}
        heirs = overview.heirs()
        return screens.page(
            request,
            "exceptions.html",
            told=overview,
            what=what,
            school_code=school,
            school_name=names.get(heirs.get(school, school), school),
            rows=odds,
            name_of=lambda code: names.get(heirs.get(code, code), code),
            oddities=_oddities(overview, codes),
            next_page=urlencode(query | {"cursor": encode_cursor(*behind)}) if behind else "",
            first_page=urlencode(query) if cursor else "",
            **_helps(overview),
        )


def _overview(department: Department, request: Request) -> Overview:
    department.look()
    return department.overview(person_of(request).schools)


def _oddities(overview: Overview, schools: tuple[str, ...]) -> list[tuple[Oddity, str, int]]:
    return [
        (oddity, word, count_of(overview, oddity, schools)) for oddity, word in ODDITY_WORDS.items()
    ]


def _helps(overview: Overview) -> dict[str, Any]:
    """What the templates say things with."""

    def area_name(code: str) -> str:
        return overview.atlas.areas[code].label if code in overview.atlas.areas else code

    return {
        "area_name": area_name,
        "need": lambda school: NEEDS[school.need],
        "never": Silence.NEVER,
        "percent_words": percent_words,
        "raise_words": RAISE_WORDS,
        "type_word": type_word,
    }
