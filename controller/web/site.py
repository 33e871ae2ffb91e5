"""This file puts the features' pages and API together into one ASGI application."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Route
from starlette.staticfiles import StaticFiles

from controller.feature import Program, packages_with
from controller.web.certificate import screen_tls_of
from controller.web.guard import HeadAsGet, WebGuard
from controller.web.noting import Noting
from controller.web.page import PageRenderer
from controller.web.refusals import ElsewhereError, PageRefusedError, answer_refusals
from controller.web.rules import check_rules, public
from protocol import __version__


def create_web(program: Program, allowed_hosts: Sequence[str]) -> FastAPI:
    """The controller's face: what its features answer, behind the guard."""

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
        docs_url=None,
        redoc_url=None,
        dependencies=[
            Depends(feature.admit(program)) for feature in program.features if feature.admit
        ],
    )
    notes = [feature.note(program) for feature in program.features if feature.note]
    app.add_middleware(Noting, notes=notes)
    app.add_middleware(GZipMiddleware, minimum_size=1024)
    app.add_middleware(HeadAsGet)
    tls = program.service(screen_tls_of)
    app.add_middleware(  # added last, so it stands in front
        WebGuard, allowed_hosts=allowed_hosts, own_names=lambda: tls.names
    )
    answer_refusals(app, program.default_language, program.translate_to)
    _answer_on_pages(app, program)
    for feature in program.features:
        if api := feature.router(program, "api"):
            api.build_in(app.router)
    _include_pages(app, program)
    static: list[str | tuple[str, str]] = [
        (package, "static") for package in packages_with(program, "static")
    ]
    app.mount("/static", public(StaticFiles(packages=static)))
    _open_description(app)
    check_rules(app.routes)
    return app


def _answer_on_pages(app: FastAPI, program: Program) -> None:
    """Have pages say what is refused, and lead to another page, as a person expects of them."""
    screens = program.service(PageRenderer)

    async def refuse(request: Request, error: Any) -> Response:
        return screens.error(request, error)

    async def lead(_: Request, error: Any) -> Response:
        return RedirectResponse(error.path, 303)

    app.add_exception_handler(PageRefusedError, refuse)
    app.add_exception_handler(ElsewhereError, lead)


def _open_description(app: FastAPI) -> None:
    """The API's description is the same everywhere and tells of no school."""
    for route in app.routes:
        if isinstance(route, Route) and route.path == app.openapi_url:
            public(route.endpoint)


def _include_pages(app: FastAPI, program: Program) -> None:
    looks = [Depends(feature.look(program)) for feature in program.features if feature.look]
    for feature in program.features:
        if pages := feature.router(program, "pages"):
            pages.build_in(app.router, looks, in_schema=False)
