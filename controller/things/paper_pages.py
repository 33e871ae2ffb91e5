"""This file takes photos and documents of a line, shows them, and takes them away with an undo."""

from __future__ import annotations

from typing import Final

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from controller.feature import Program
from controller.people.person import Permission
from controller.register.store import line_numbered
from controller.things.line_pages import LineNo, LineScreens
from controller.things.paper import Paper, made_small
from controller.things.store import keep_paper, mark_paper, paper_at
from controller.web.downloads import attachment
from controller.web.forms import Upload, upload_of
from controller.web.listing import address
from controller.web.page import PageRenderer
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from protocol.errors import ActionError
from protocol.words import N_

_UNKNOWN: Final = HttpError(404, "paper_unknown", N_("There is no such paper."), "/register")


def add_papers(router: FeatureRouter, program: Program) -> None:
    """The papers of lines."""
    _add_kept(router, program)
    _add_marks(router, program)


def _add_kept(router: FeatureRouter, program: Program) -> None:
    screens, lines = program.service(PageRenderer), program.service(LineScreens)

    @router.get("/register/papers/{no}")
    @needs(Permission.SCHOOL)
    async def shown(request: Request, no: LineNo) -> Response:
        found = await run_in_threadpool(program.store.read, paper_at, program.school, no)
        if found is None or found[0].removed_ms is not None:
            return screens.error(request, _UNKNOWN)
        paper, content = found
        headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store"}
        if not paper.is_photo:
            headers |= attachment(f"giay-to-{paper.no}.pdf")
        return Response(content, media_type=paper.media, headers=headers)

    @router.post("/register/lines/{no}/papers")
    @needs(Permission.BOOK)
    async def kept(request: Request, no: LineNo) -> Response:
        try:
            upload = await upload_of(request)
            await run_in_threadpool(_keep, program, no, upload, person_of(request).account)
        except HttpError as refused:
            return await lines.one(request, no, failed=refused.message)
        except ActionError as error:
            return await lines.one(request, no, failed=error.message, values=error.values)
        return RedirectResponse(f"/register/lines/{no}#papers", 303)


def _add_marks(router: FeatureRouter, program: Program) -> None:
    screens = program.service(PageRenderer)

    def mark(no: int, removed_ms: int | None) -> Paper | None:
        with program.store.locked(program.school) as db:
            return mark_paper(db, program.school, no, removed_ms)

    @router.post("/register/papers/{no}/remove")
    @needs(Permission.BOOK)
    async def removed(request: Request, no: LineNo) -> Response:
        paper = await run_in_threadpool(mark, no, program.now_ms())
        if paper is None:
            return screens.error(request, _UNKNOWN)
        there = address(f"/register/lines/{paper.line}", paper=paper.no)
        return RedirectResponse(f"{there}#papers", 303)

    @router.post("/register/papers/{no}/restore")
    @needs(Permission.BOOK)
    async def restored(request: Request, no: LineNo) -> Response:
        paper = await run_in_threadpool(mark, no, None)
        if paper is None:
            return screens.error(request, _UNKNOWN)
        return RedirectResponse(f"/register/lines/{paper.line}#papers", 303)


def _keep(program: Program, no: int, upload: Upload, who: str) -> None:
    """Keep what was sent. Raises ActionError."""
    name, media, content = made_small(upload.name, upload.raw)
    with program.store.locked(program.school) as db:
        if line_numbered(db, program.school, no) is None:
            raise ActionError("line_unknown", N_("The book has no such line."))
        paper = Paper(
            line=no, name=name, media=media, size=len(content), who=who, at_ms=program.now_ms()
        )
        keep_paper(db, program.school, paper, content)
