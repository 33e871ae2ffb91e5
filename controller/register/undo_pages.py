"""This file shows which books were brought in, and takes an import back by one press."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from controller.feature import Program
from controller.people.person import Permission
from controller.register import store as register
from controller.register.import_store import IMPORTS_KEPT, imports_of
from controller.register.intake import CHANGED, REMAINING, rows_told
from controller.register.life import Said
from controller.register.undoing import BookImport
from controller.web.page import PageRenderer
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from protocol.words import N_

HOME: Final = "/register/imports"
_FAILURES: Final = {"unknown": N_("There is no such import.")}

Short = Annotated[str, Query(max_length=64)]


def add_imports(router: FeatureRouter, program: Program) -> None:
    """The list of imports, and how one is taken back."""
    screens = program.service(PageRenderer)

    @router.get(HOME)
    @needs(Permission.BOOK)
    async def listed(request: Request, failed: Short = "") -> Response:
        imports = await run_in_threadpool(_imports, program)
        return screens.page(
            request,
            "imports.html",
            imports=imports,
            failed=_FAILURES.get(failed, ""),
            changed=CHANGED,
            remaining=REMAINING,
            most=IMPORTS_KEPT,
        )

    @router.post(HOME + "/{no}/undo")
    @needs(Permission.BOOK)
    async def undo(request: Request, no: int) -> Response:
        who = person_of(request).account
        record = await run_in_threadpool(_undo, program, no, who)
        return RedirectResponse(HOME if record else f"{HOME}?failed=unknown", 303)


def _imports(program: Program) -> list[tuple[BookImport, str]]:
    """Each import with the lines that undoing it left, by their numbers in the book."""
    with program.store.view() as db:
        lines = register.lines_of(db, program.school)
        return [(record, rows_told(record, lines)) for record in imports_of(db, program.school)]


def _undo(program: Program, no: int, who: str) -> BookImport | None:
    with program.store.locked(program.school) as db:
        return register.undo_import(db, program.school, no, Said(who, program.now_ms()))
