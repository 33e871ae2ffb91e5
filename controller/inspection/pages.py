"""This file serves inspections: to a department's officers what was drawn, asked and answered."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import urlencode

from fastapi import Path, Query, Request, Response
from fastapi.responses import PlainTextResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool

from controller.department.choosing import area_in, school_in
from controller.feature import Program
from controller.inspection.inspection import DEFAULT_HOURS, Inspected, Inspection, ItemStanding
from controller.inspection.request_pages import add_requests
from controller.inspection.sample import UNIT_WORDS, SampleUnit, frame_text
from controller.inspection.service import PATH, DrawOrder, Inspections, order_of
from controller.inspection.words import STANDING_WORDS, evidence_word
from controller.people.person import Permission
from controller.register.vocabulary import TYPE_WORDS, type_word
from controller.sheets.names import natural
from controller.web.downloads import DOCX, XLSX, attachment
from controller.web.forms import fields_of
from controller.web.page import PageRenderer
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from protocol.words import N_

ROWS: Final = 50
_KINDS: Final = {"xlsx": XLSX, "docx": DOCX}
Number = Annotated[int, Path(ge=1, lt=1 << 53)]
Word = Annotated[str, Query(max_length=64)]
Flag = Annotated[bool, Query()]
PageNumber = Annotated[int, Query(ge=1, le=100_000)]
Answer = TypeVar("Answer")


def pages(program: Program) -> FeatureRouter:
    """The pages of inspections, of the department and of a school."""
    router = FeatureRouter()
    screens, inspections = program.service(PageRenderer), program.service(Inspections)
    _add_overview(router, screens, inspections)
    _add_one(router, screens, inspections)
    _add_draw(router, screens, inspections)
    _add_minutes(router, screens, inspections)
    add_requests(router, screens, program)
    return router


def _add_overview(router: FeatureRouter, screens: PageRenderer, inspections: Inspections) -> None:
    @router.get(PATH)
    @needs(Permission.DEPARTMENT, in_parts=True)
    def every(
        request: Request, area: Word = "", school: Word = "", page: PageNumber = 1
    ) -> Response:
        person = person_of(request)
        overview = inspections.overview(person)
        told = inspections.all(person)
        return screens.page(
            request,
            "inspections.html",
            told=told[(page - 1) * ROWS : page * ROWS],
            more=f"page={page + 1}" if len(told) > page * ROWS else "",
            schools=sorted(overview.schools, key=lambda one: natural(one.label)),
            areas=sorted((one for one, _ in overview.areas()), key=lambda one: natural(one.label)),
            area=area and area_in(overview, area),
            of_school=school and school_in(overview, school),
            units=[(unit.value, UNIT_WORDS[unit]) for unit in SampleUnit],
            types=sorted(TYPE_WORDS),
            hours=DEFAULT_HOURS,
            order=DrawOrder(),
            **_helps(inspections),
        )

    @router.post(PATH)
    @needs(Permission.DEPARTMENT, in_parts=True)
    async def begin(request: Request) -> Response:
        form, person = await fields_of(request), person_of(request)
        try:
            order = order_of(form)
            inspection = await run_in_threadpool(inspections.begin, order, person)
        except HttpError as refused:
            return screens.error(request, refused)
        return RedirectResponse(f"{PATH}/{inspection.no}", 303)


def _add_one(router: FeatureRouter, screens: PageRenderer, inspections: Inspections) -> None:
    @router.get(f"{PATH}/{{no}}")
    @needs(Permission.DEPARTMENT, in_parts=True)
    def one(
        request: Request,
        no: Number,
        school: Word = "",
        odd: Flag = False,  # noqa: FBT002 - a query's
        page: PageNumber = 1,
    ) -> Response:
        def shown() -> Response:
            told = inspections.look(no, person_of(request))
            part = told.of_school(school) if school else told
            items = part.odd if odd else part.items
            last = max(1, -(-len(items) // ROWS))
            at = min(page, last)
            query = {"school": school} | ({"odd": "true"} if odd else {})
            query = {name: value for name, value in query.items() if value}
            return screens.page(
                request,
                "inspection.html",
                told=told,
                part=part,
                school_code=school,
                odd=odd,
                rows=items[(at - 1) * ROWS : at * ROWS],
                found=len(items),
                at_page=at,
                last_page=last,
                before_page=urlencode(query | {"page": at - 1}) if at > 1 else "",
                next_page=urlencode(query | {"page": at + 1}) if at < last else "",
                **_helps(inspections),
            )

        return _or_error(screens, request, shown)

    @router.post(f"{PATH}/{{no}}/withdraw")
    @needs(Permission.DEPARTMENT, in_parts=True)
    async def withdraw(request: Request, no: Number) -> Response:
        try:
            await run_in_threadpool(inspections.withdraw, no, person_of(request))
        except HttpError as refused:
            return screens.error(request, refused)
        return RedirectResponse(f"{PATH}/{no}", 303)


def _add_draw(router: FeatureRouter, screens: PageRenderer, inspections: Inspections) -> None:
    @router.get(f"{PATH}/{{no}}/draw")
    @needs(Permission.DEPARTMENT, in_parts=True)
    def draw(request: Request, no: Number) -> Response:
        def shown() -> Response:
            inspection, check = inspections.draw_again(no, person_of(request))
            command = _verify_command(inspection)
            helps = _helps(inspections)
            values = {"inspection": inspection, "check": check, "command": command, **helps}
            return screens.page(request, "inspection_draw.html", **values)

        return _or_error(screens, request, shown)

    @router.get(f"{PATH}/{{no}}/frame.txt")
    @needs(Permission.DEPARTMENT, in_parts=True)
    def frame(request: Request, no: Number) -> Response:
        """What the sample was drawn from, a unit a line."""

        def shown() -> Response:
            keys = inspections.frame_keys(no, person_of(request))
            return PlainTextResponse(frame_text(keys), headers=attachment(f"khung-mau-{no}.txt"))

        return _or_error(screens, request, shown)


def _add_minutes(router: FeatureRouter, screens: PageRenderer, inspections: Inspections) -> None:
    @router.get(f"{PATH}/{{no}}/minutes.{{kind}}")
    @needs(Permission.DEPARTMENT, in_parts=True)
    def minutes(request: Request, no: Number, kind: str) -> Response:
        def shown() -> Response:
            if kind not in _KINDS:
                raise HttpError(404, "not_found", N_("There is nothing here."), PATH)
            raw, name = inspections.minutes(no, person_of(request), kind)
            headers = attachment(name)
            return Response(raw, media_type=_KINDS[kind], headers=headers)

        return _or_error(screens, request, shown)


def _or_error(screens: PageRenderer, request: Request, shown: Callable[[], Response]) -> Response:
    """What is shown, or the page that says why not."""
    try:
        return shown()
    except HttpError as refused:
        return screens.error(request, refused)


def _verify_command(inspection: Inspection) -> str:
    """What draws the sample again anywhere; the seed is an officer's text, and stays one word."""
    seed = shlex.quote(inspection.seed)
    verify = f"lophoc-controller inspection verify khung-mau-{inspection.no}.txt"
    return f"{verify} --seed {seed} --size {inspection.size}"


def _helps(inspections: Inspections) -> dict[str, Any]:
    """What the templates say things with."""
    return {
        "name_of": inspections.name_of,
        "standings": [*ItemStanding],
        "standing_words": STANDING_WORDS,
        "unit_words": UNIT_WORDS,
        "evidence_word": evidence_word,
        "type_word": type_word,
        "progress": _progress,
    }


def _progress(told: Inspected) -> tuple[str, str]:
    """How an inspection stands, as a status and a word."""
    if told.inspection.withdrawn_ms is not None:
        return "unknown", N_("withdrawn")
    if told.is_complete:
        return ("warning" if told.odd else "ok"), N_("all is answered")
    if told.inspection.is_over(told.now_ms):
        return "critical", N_("the deadline has passed")
    return "warning", N_("answers are awaited")
