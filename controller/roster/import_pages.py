"""This file shows what was brought in of class lists and schedules, and undoes it by one press."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from controller.feature import Program
from controller.people.person import Permission
from controller.roster.import_store import IMPORTS_KEPT, imports_of
from controller.roster.importing import undo_import
from controller.roster.undoing import PlanImport, PlanPart
from controller.web.page import PageRenderer
from controller.web.router import FeatureRouter
from controller.web.rules import needs
from protocol.errors import ActionError
from protocol.model import instant
from protocol.words import N_

HOME: Final = "/lists/imports"
PART_WORDS: Final = {
    PlanPart.LISTS: N_("Class lists"),
    PlanPart.SCHEDULE: N_("Bells, terms, timetable"),
}
_FAILURES: Final = {
    "import_unknown": N_("There is no such import."),
    "import_overtaken": N_(
        "What came in was changed since, so that it stays. Undo the newer import first, or bring"
        " the older file in again."
    ),
}


def add_imports(router: FeatureRouter, program: Program) -> None:
    """The list of imports, and how one is taken back."""
    screens = program.service(PageRenderer)

    @router.get(HOME)
    @needs(Permission.MANAGE)
    async def listed(
        request: Request, failed: Annotated[str, Query(max_length=64)] = ""
    ) -> Response:
        imports = await run_in_threadpool(program.store.read, imports_of, program.school)
        return screens.page(
            request,
            "plan_imports.html",
            imports=imports,
            failed=_FAILURES.get(failed, ""),
            part_words=PART_WORDS,
            most=IMPORTS_KEPT,
        )

    @router.post(HOME + "/{no}/undo")
    @needs(Permission.MANAGE)
    async def undo(no: Annotated[int, Path(ge=1, lt=1 << 31)]) -> Response:
        try:
            await run_in_threadpool(_undo, program, no)
        except ActionError as error:
            return RedirectResponse(f"{HOME}?failed={error.code}", 303)
        return RedirectResponse(HOME, 303)


def _undo(program: Program, no: int) -> PlanImport:
    with program.store.locked(program.school) as db:
        now = instant(program.now_ms()).astimezone(program.zone)
        return undo_import(db, program.school, no, now)
