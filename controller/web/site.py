"""This file puts the features' pages and API together into one ASGI application."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.middleware.gzip import GZipMiddleware

from controller.feature import Feature, Level, Program, packages_with
from controller.web.asked import check_names
from controller.web.certificate import screen_tls_of
from controller.web.description import complete
from controller.web.exporting import Exports
from controller.web.guard import HeadAsGet, WebGuard
from controller.web.noting import Noting
from controller.web.page import PageRenderer
from controller.web.presses import SETTLE_S, Presses
from controller.web.refusals import (
    ElsewhereError,
    HttpError,
    PageRefusedError,
    answer_refusals,
)
from controller.web.rules import check_rules, public, rule_of
from controller.web.scripts import Scripts
from controller.web.seen import MarkedAnswers, check_mark
from controller.web.tagged import Tagged
from protocol import __version__
from protocol.words import N_

_ELSEWHERE: Final[Mapping[Level, tuple[str, str]]] = {
    Level.SCHOOL: (
        N_("Only a school has this page; this is the department."),
        N_("Ask the school itself, or see what it has told under Schools."),
    ),
    Level.DEPARTMENT: (
        N_("Only the department has this page; this is a school."),
        N_("Ask the department."),
    ),
}


def create_web(
    program: Program, allowed_hosts: Sequence[str], *, settle_s: float = SETTLE_S
) -> FastAPI:
    """The controller's face: what its features answer, behind the guard.

    settle_s: for how long after its answer a button that is pressed again does nothing more.
    """

    @contextlib.asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        for feature in program.features:
            if feature.begin:
                await feature.begin(program)
        yield

    app = FastAPI(
        title="LopHoc",
        version=__version__,
        lifespan=life,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        dependencies=[
            *(Depends(feature.admit(program)) for feature in program.features if feature.admit),
            Depends(check_names),
            Depends(check_mark(program.store)),
            Depends(program.service(Exports).hold),
        ],
    )
    notes = [feature.note(program) for feature in program.features if feature.note]
    app.add_middleware(Noting, notes=notes)
    app.add_middleware(Presses, settle_s=settle_s)
    app.add_middleware(MarkedAnswers, store=program.store)
    app.add_middleware(Tagged)
    app.add_middleware(GZipMiddleware, minimum_size=1024)
    app.add_middleware(HeadAsGet)
    tls = program.service(screen_tls_of)
    app.add_middleware(  # added last, so it stands in front
        WebGuard,
        allowed_hosts=allowed_hosts,
        own_names=lambda: tls.names,
        default_language=program.default_language,
        translate_to=program.translate_to,
    )
    show = program.service(PageRenderer).error
    recognise = [feature.recognise(program) for feature in program.features if feature.recognise]
    answer_refusals(app, program.default_language, program.translate_to, show, recognise)
    app.add_exception_handler(ElsewhereError, _lead)
    for feature in program.features:
        if api := feature.router(program, "api"):
            api.build_in(app.router, _gate(program, feature, HttpError))
    _include_pages(app, program)
    static: list[str | tuple[str, str]] = [
        (package, "static") for package in packages_with(program, "static")
    ]
    app.mount("/static", public(Scripts(packages=static)))
    _add_description(app)
    check_rules(app.routes)
    complete(app)
    return app


async def _lead(_: Request, error: Any) -> Response:
    """To another page of ours."""
    return RedirectResponse(error.path, 303)


def _add_description(app: FastAPI) -> None:
    """An address by the rules of all others; FastAPI's own takes whatever is asked of it."""

    @app.get("/openapi.json", response_class=JSONResponse)
    @public
    def description() -> Response:
        """What programs may ask, as OpenAPI: the same everywhere, it tells of no school."""
        return JSONResponse(app.openapi())


def _include_pages(app: FastAPI, program: Program) -> None:
    looks = [Depends(feature.look(program)) for feature in program.features if feature.look]
    for feature in program.features:
        if pages := feature.router(program, "pages"):
            gate = _gate(program, feature, PageRefusedError)
            pages.build_in(app.router, [*gate, *looks], in_schema=False)


def _gate(program: Program, feature: Feature, refusal: type[HttpError]) -> list[Any]:
    """What keeps a feature's addresses to the level that it is for, for whoever may ask there."""

    def gate(request: Request) -> None:
        rule = rule_of(request.scope.get("endpoint"))
        level = (rule and rule.level) or feature.level
        if level and level not in program.levels():
            raise refusal(404, "not_here", *_ELSEWHERE[level])

    return [Depends(gate)] if feature.level else []
