"""This file serves the papers on pupils' data: to print, and to sign."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Annotated, BinaryIO, Final

from fastapi import Query, Request, Response
from starlette.concurrency import run_in_threadpool

from controller.access.gate import gate_of
from controller.dossier.facts import facts_of
from controller.dossier.safety import safety_text
from controller.feature import Program
from controller.people.person import Permission
from controller.roster.store import classes_of
from controller.sheets.writing import file_name
from controller.web.downloads import attachment
from controller.web.page import PageRenderer
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs
from protocol.words import N_

MARKDOWN: Final = "text/markdown; charset=utf-8"
PDF: Final = "application/pdf"
Code = Annotated[str, Query(max_length=64, alias="class")]


def pages(program: Program) -> FeatureRouter:
    """The page of papers, for administrators; a register holds names, so each is noted."""
    router = FeatureRouter()
    screens, gate = program.service(PageRenderer), program.service(gate_of)
    facts = facts_of(program.config)

    @router.get("/dossier")
    @needs(Permission.MANAGE)
    async def papers(request: Request) -> Response:
        classes = await run_in_threadpool(program.store.read, classes_of, program.school)
        return screens.page(request, "dossier.html", facts=facts, classes=classes)

    @router.get("/dossier/notice.pdf")
    @needs(Permission.MANAGE)
    async def notice() -> Response:
        from controller.dossier.drawing import draw_notice  # noqa: PLC0415 - heavy, and seldom

        return await _drawn("thong-bao-du-lieu", lambda file: draw_notice(file, facts))

    @router.get("/dossier/register.pdf")
    @needs(Permission.MANAGE)
    async def register(request: Request, code: Code = "") -> Response:
        from controller.dossier.drawing import draw_register  # noqa: PLC0415 - heavy, and seldom

        classes = await run_in_threadpool(program.store.read, classes_of, program.school)
        found = [each for each in classes if not code or each.code == code]
        if not found:
            unknown = HttpError(404, "class_unknown", N_("There is no such class."), "/dossier")
            return screens.error(request, unknown)
        await run_in_threadpool(gate.note, request, "dossier register", code)
        return await _drawn("so-y-kien", lambda file: draw_register(file, facts, found))

    @router.get("/dossier/safety.md")
    @needs(Permission.MANAGE)
    async def safety() -> Response:
        headers = attachment(file_name("ho-so-an-toan", screens.today(), end="md"))
        return Response(safety_text(facts), media_type=MARKDOWN, headers=headers)

    async def _drawn(name: str, draw: Callable[[BinaryIO], None]) -> Response:
        def drawn() -> bytes:
            buffer = io.BytesIO()
            draw(buffer)
            return buffer.getvalue()

        headers = attachment(file_name(name, screens.today(), end="pdf"))
        return Response(await run_in_threadpool(drawn), media_type=PDF, headers=headers)

    return router
