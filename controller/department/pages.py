"""This file serves the department: all schools on one page, one school, what is odd."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote

import msgspec
from fastapi import Depends, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from controller.department.cells import shown_count
from controller.department.choosing import SchoolChooser, schools_of
from controller.department.clocks import clock_words
from controller.department.columns import NEEDS, odd_columns, school_columns
from controller.department.exceptions import OF_STATE, Oddity, count_of
from controller.department.links import to_items, to_odd, to_schools
from controller.department.school_record import SchoolRecord
from controller.department.servers import KnownServer, Servers, servers_of
from controller.department.standing import Overview, SchoolStanding, Silence, group_of, live_of
from controller.department.which import WHICH_WORDS, Which, holds
from controller.department.whole_list import say_whole
from controller.feature import Level, Program
from controller.inventory.filters import Filters, filters_of, item_filters_of
from controller.inventory.rested import rest_words
from controller.people.person import Permission
from controller.reconcile.words import RAISE_WORDS, percent_words
from controller.register.vocabulary import type_word
from controller.sheets.table import TableFormat
from controller.web.listing import (
    Asked,
    File,
    ListPage,
    PageNo,
    Sort,
    TableFile,
    in_order,
    listed,
    written,
)
from controller.web.page import PageRenderer
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from controller.web.words import Words
from protocol.words import N_

RIVAL_SHOWN_MS: Final = 3_600_000
FORK_SHOWN_MS: Final = 7 * 86_400_000
AREAS_SEEN: Final = 8  # the others behind a click

AskedFilters = Annotated[Filters, Depends(filters_of)]
ItemFilters = Annotated[Filters, Depends(item_filters_of)]

ODDITY_WORDS: Final[Mapping[Oddity, str]] = {
    Oddity.MISSING: N_("Missing"),
    Oddity.MOVED_BETWEEN: N_("In one school's book, seen at another"),
    Oddity.SAME_SERIAL: N_("Same serial in two schools' books"),
    Oddity.LIVE_IN_TWO: N_("One serial, alive in two schools at once"),
    Oddity.NEVER_SEEN: N_("Never seen"),
}


def pages(program: Program) -> FeatureRouter:
    """The pages of schools: made in threads, for there may be a thousand."""
    router = FeatureRouter()
    screens, chooser = program.service(PageRenderer), program.service(schools_of)
    _add_schools(router, screens, chooser)
    _add_one_school(router, screens, chooser, program.service(servers_of))
    _add_exceptions(router, program)
    _add_whole_list(router, program)
    return router


def _add_whole_list(router: FeatureRouter, program: Program) -> None:
    @router.post("/register/whole")
    @needs(Permission.BOOK, level=Level.SCHOOL)
    async def whole() -> Response:
        await run_in_threadpool(program.store.write, say_whole, program)
        return RedirectResponse("/register", 303)


def _add_schools(router: FeatureRouter, screens: PageRenderer, chooser: SchoolChooser) -> None:
    @router.get("/schools")
    @needs(Permission.DEPARTMENT, is_open=True, in_parts=True)
    def schools(
        request: Request,
        *,
        filters: AskedFilters,
        which: Which | Literal[""] = "",
        sort: Sort = "",
        page: PageNo = 1,
        format: File = "",  # noqa: A002
    ) -> Response:
        words, ask = screens.words(request), msgspec.structs.replace(filters, q="").query
        try:
            selection = chooser.schools(filters, person_of(request))
            overview = selection.overview
            found = [one for one in selection.standings if not which or holds(which, one)]
            query = filters.query | ({"which": which.value} if which else {})
            asked, columns = Asked("/schools", query, sort, page), school_columns(overview, ask)
            view = listed(found, asked, columns, words, school=lambda school: school.code)
            if format:
                rows = in_order(found, asked, columns, words)
                return _schools_file(format, view, rows, overview, words)
        except HttpError as refused:
            return screens.error(request, refused)
        return screens.page(
            request,
            "schools.html",
            told=overview,
            filters=filters,
            whole=selection.whole,
            areas=selection.areas(),
            areas_seen=AREAS_SEEN,
            area=overview.atlas.areas.get(overview.area_now(filters.area)),
            area_code=overview.area_now(filters.area),
            q=filters.q,
            which=which,
            whiches=WHICH_WORDS,
            view=view,
            sums=group_of(found),
            ask=ask,
            oddities=_oddities(overview, selection.codes),
            **_helps(overview),
        )


def _schools_file(
    form: TableFormat,
    view: ListPage[SchoolStanding],
    rows: Sequence[SchoolStanding],
    overview: Overview,
    words: Words,
) -> Response:
    """The list as a file. Raises HttpError."""
    counted = words.say(N_("Counted at {when}."), when=words.when(overview.counted_ms))
    rests = rest_words(group_of(rows).rest, words.say)
    which = view.asked.query.get("which")
    choice = [words.say(WHICH_WORDS[Which(which)])] if which else []
    file = TableFile(
        "truong", overview.day, (words.say(N_("Schools")), *choice, counted, *filter(None, [rests]))
    )
    return written(form, file, view.columns, rows, words)


def _add_one_school(
    router: FeatureRouter, screens: PageRenderer, chooser: SchoolChooser, servers: Servers
) -> None:
    @router.get("/schools/{code:path}")
    @needs(Permission.DEPARTMENT, in_parts=True)
    def one_school(request: Request, code: str, filters: ItemFilters) -> Response:
        try:
            own = msgspec.structs.replace(filters, school=code)
            selection = chooser.one(own, person_of(request))
        except HttpError as refused:
            return screens.error(request, refused)
        overview, school = selection.overview, selection.standings[0]
        if school.code != code:
            here = f"/schools/{quote(school.code, safe='')}"
            return RedirectResponse(filters.address(here), 303)
        return screens.page(
            request,
            "one_school.html",
            told=overview,
            filters=own,
            ask=own.query,
            need=NEEDS[school.need],
            clock=clock_words(school.off_ms, screens.words(request).say),
            school_told=school,
            rival_shown_ms=RIVAL_SHOWN_MS,
            fork_shown_ms=FORK_SHOWN_MS,
            servers=_servers(servers, school.record),
            whole=selection.whole,
            oddities=_oddities(overview, (school.code,)),
            live=live_of((school,), sys.maxsize, overview.now_ms),
            shown_count=shown_count,
            **_helps(overview),
        )


def _add_exceptions(router: FeatureRouter, program: Program) -> None:
    screens, chooser = program.service(PageRenderer), program.service(schools_of)

    @router.get("/exceptions")
    @needs(Permission.DEPARTMENT, in_parts=True)
    def exceptions(
        request: Request,
        *,
        filters: AskedFilters,
        what: Oddity = Oddity.MISSING,
        sort: Sort = "",
        page: PageNo = 1,
        format: File = "",  # noqa: A002
    ) -> Response:
        if what in OF_STATE:
            return RedirectResponse(to_items(filters.query, has=what.value), 303)
        words = screens.words(request)
        columns = odd_columns(program.school_name)
        marks = {"school": lambda odd: odd.asset.home, "item": lambda odd: odd.asset.device_id}
        try:
            selection = chooser.items(filters, person_of(request))
            odds, _ = chooser.odd(selection, what, after=("", ""), limit=sys.maxsize)
            asked = Asked("/exceptions", {"what": what.value, **filters.query}, sort, page)
            view = listed(odds, asked, columns, words, **marks)
            if format:
                title = words.say(N_("To be cleared up")), words.say(ODDITY_WORDS[what])
                file = TableFile("trung-so-se-ri", selection.overview.day, title)
                return written(format, file, columns, in_order(odds, asked, columns, words), words)
        except HttpError as refused:
            return screens.error(request, refused)
        return screens.page(
            request,
            "exceptions.html",
            told=selection.overview,
            filters=filters,
            what=what,
            word=ODDITY_WORDS[what],
            school_code=filters.school,
            school_name=program.school_name(filters.school),
            view=view,
            serials=count_of(selection.overview, what, selection.codes),
            oddities=_oddities(selection.overview, selection.codes),
            ask=filters.query,
            **_helps(selection.overview),
        )


def _servers(servers: Servers, record: SchoolRecord | None) -> list[KnownServer]:
    """The server that is believed, then the other one, as far as they told of themselves."""
    boots = (record.boot, record.rival) if record and record.rival else ()
    found = (servers.of(record.code, boot) for boot in boots if record)
    return [server for server in found if server]


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
        "never": Silence.NEVER,
        "percent_words": percent_words,
        "raise_words": RAISE_WORDS,
        "type_word": type_word,
        "to_items": to_items,
        "to_odd": to_odd,
        "to_schools": to_schools,
    }
