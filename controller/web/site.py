"""This file puts the features' pages and API together into one ASGI application."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence

from fastapi import APIRouter, Depends, FastAPI
from fastapi.responses import HTMLResponse
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles

from controller.feature import Program, packages_with
from controller.web.guard import HeadAsGet, WebGuard
from controller.web.refusals import answer_refusals
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
    )
    app.add_middleware(GZipMiddleware, minimum_size=1024)
    app.add_middleware(HeadAsGet)
    app.add_middleware(WebGuard, allowed_hosts=allowed_hosts)  # added last, so it stands in front
    answer_refusals(app, program.default_language, program.translate_to)
    for feature in program.features:
        if api := feature.router(program, "api"):
            app.include_router(api)
    app.include_router(_pages(program))
    static: list[str | tuple[str, str]] = [
        (package, "static") for package in packages_with(program, "static")
    ]
    app.mount("/static", StaticFiles(packages=static))
    return app


def _pages(program: Program) -> APIRouter:
    looks = [feature.look(program) for feature in program.features if feature.look]
    router = APIRouter(
        include_in_schema=False,
        default_response_class=HTMLResponse,
        dependencies=[Depends(look) for look in looks],
    )
    for feature in program.features:
        if pages := feature.router(program, "pages"):
            router.include_router(pages)
    return router
