"""This file serves report packs: make one, look, compare, take its workbook, give a template."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

from fastapi import Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from controller.feature import Program
from controller.people.person import Permission
from controller.reports.map import AreaTile, mapped
from controller.reports.report import PERIOD_WORDS, REPORTS, PeriodKind, differences
from controller.reports.service import PATH, Packs
from controller.reports.template import TemplateError
from controller.sheets.writing import file_name
from controller.web.downloads import XLSX, attachment
from controller.web.forms import fields_of, upload_of
from controller.web.page import PageRenderer
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from protocol.words import N_

ROWS: Final = 50
Number = Annotated[int, Path(ge=1, lt=1 << 53)]
Other = Annotated[int, Query(ge=0, lt=1 << 53)]
Plain = Annotated[bool, Query()]


def pages(program: Program) -> FeatureRouter:
    """The pages of packs."""
    router = FeatureRouter()
    screens, packs = program.service(PageRenderer), program.service(Packs)
    _add_packs(router, screens, packs)
    _add_one(router, screens, packs)
    _add_template(router, screens, packs)
    return router


def _add_packs(router: FeatureRouter, screens: PageRenderer, packs: Packs) -> None:
    @router.get(PATH)
    @needs(Permission.DEPARTMENT)
    def every(request: Request) -> Response:
        heads, template = packs.all()
        return screens.page(
            request,
            "reports.html",
            packs=heads[:ROWS],
            form=template,
            reports=REPORTS,
            kinds=[(kind.value, PERIOD_WORDS[kind]) for kind in PeriodKind],
            kind_words=PERIOD_WORDS,
        )

    @router.post(PATH)
    @needs(Permission.DEPARTMENT)
    async def make(request: Request) -> Response:
        form, person = await fields_of(request), person_of(request)
        try:
            kind = PeriodKind(form.get("kind", ""))
        except ValueError:
            said = N_("The form did not arrive whole: try again.")
            return screens.error(request, HttpError(422, "form_invalid", said, PATH))
        no = await run_in_threadpool(packs.make, kind, person)
        return RedirectResponse(f"{PATH}/{no}", 303)


def _add_one(router: FeatureRouter, screens: PageRenderer, packs: Packs) -> None:
    @router.get(f"{PATH}/{{no}}")
    @needs(Permission.DEPARTMENT)
    def one(request: Request, no: Number, before: Other = 0) -> Response:
        def shown() -> Response:
            pack = packs.look(no)
            heads, _ = packs.all()
            earlier = packs.look(before) if before else None
            return screens.page(
                request,
                "report_pack.html",
                no=no,
                pack=pack,
                heads=[head for head in heads if head.no != no][:ROWS],
                before=before,
                earlier=earlier,
                differences=differences(earlier, pack) if earlier else [],
                map=mapped(
                    (AreaTile(area.code, area.label, area.managed_pct, "") for area in pack.areas),
                    is_share=True,
                ),
                kind_words=PERIOD_WORDS,
            )

        return _or_error(screens, request, shown)

    @router.get(f"{PATH}/{{no}}/pack.xlsx")
    @needs(Permission.DEPARTMENT)
    def workbook(request: Request, no: Number, plain: Plain = False) -> Response:  # noqa: FBT002 - a query's
        def shown() -> Response:
            raw = packs.workbook(no, is_plain=plain)
            name = file_name("bao-cao", str(no), packs.look(no).day, end="xlsx")
            return Response(raw, media_type=XLSX, headers=attachment(name))

        return _or_error(screens, request, shown)


def _add_template(router: FeatureRouter, screens: PageRenderer, packs: Packs) -> None:
    @router.post(f"{PATH}/template")
    @needs(Permission.DEPARTMENT)
    async def give(request: Request) -> Response:
        try:
            upload = await upload_of(request)
            await run_in_threadpool(packs.take_template, upload, person_of(request))
        except TemplateError as error:
            said = error.text(screens.say(request))
            return screens.error(request, HttpError(422, error.code, said, PATH))
        except HttpError as refused:
            return screens.error(request, refused)
        return RedirectResponse(PATH, 303)

    @router.post(f"{PATH}/template/drop")
    @needs(Permission.DEPARTMENT)
    async def drop() -> Response:
        await run_in_threadpool(packs.drop_template)
        return RedirectResponse(PATH, 303)


def _or_error(screens: PageRenderer, request: Request, shown: Callable[[], Response]) -> Response:
    """What is shown, or the page that says why not."""
    try:
        return shown()
    except TemplateError as error:
        said = error.text(screens.say(request))
        return screens.error(request, HttpError(422, error.code, said, PATH))
    except HttpError as refused:
        return screens.error(request, refused)
