"""This file serves a pupil's data: found, handed out, erased; and who has proved each erasure.

The pupil's id goes in the bodies of requests alone: no address and no log holds it.
"""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool

from controller.access.gate import gate_of
from controller.feature import Program
from controller.people.person import Permission
from controller.sheets.writing import file_name
from controller.students.erasing import erase_here, still_there
from controller.students.papers import as_xlsx, mark_words
from controller.students.store import PupilData, data_of_pupil, erasures_of
from controller.students.words import SERVER_LOG, erasure_lines
from controller.web.downloads import XLSX, attachment
from controller.web.forms import fields_of
from controller.web.page import PageRenderer
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from protocol.words import N_


def pages(program: Program) -> FeatureRouter:
    """The page, for administrators; each look is noted, without the pupil."""
    router = FeatureRouter()
    screens, gate = program.service(PageRenderer), program.service(gate_of)
    store, school, data = program.store, program.school, program.config.data

    @router.get("/students")
    @needs(Permission.MANAGE)
    async def begin(request: Request) -> Response:
        return await shown(request)

    @router.post("/students")
    @needs(Permission.MANAGE)
    async def found(request: Request) -> Response:
        _, pupil = await _pupil_of(request, "students find")
        return await shown(request, pupil)

    @router.post("/students/export")
    @needs(Permission.MANAGE)
    async def exported(request: Request) -> Response:
        _, pupil = await _pupil_of(request, "students export")
        workbook = await run_in_threadpool(as_xlsx, pupil, program.zone)
        name = file_name("hoc-sinh", screens.today(), end="xlsx")
        return Response(workbook, media_type=XLSX, headers=attachment(name))

    @router.post("/students/erase")
    @needs(Permission.MANAGE)
    async def erased(request: Request) -> Response:
        fields, pupil = await _pupil_of(request, "students erase")
        if fields.get("sure") != "yes":
            return await shown(
                request, pupil, trouble=N_("Tick the box first: nothing was erased.")
            )
        done = await run_in_threadpool(
            erase_here,
            *(store, data, school, pupil.student),
            actor=person_of(request).account,
            now_ms=program.now_ms(),
        )
        left = N_("Some files of this computer still name the pupil; the command tells which.")
        note = "" if store.is_file else SERVER_LOG
        return await shown(request, trouble=left if done.left else note)

    async def _pupil_of(request: Request, what: str) -> tuple[Mapping[str, str], PupilData]:
        """The form, and whom it names; noted first. Raises HttpError."""
        await run_in_threadpool(gate.note, request, what, "")
        fields = await fields_of(request)
        student = fields.get("student", "").strip()[:64]
        if not student:
            raise HttpError(400, "student_missing", N_("Which pupil?"), N_("Give the id."))
        return fields, await run_in_threadpool(store.read, data_of_pupil, school, student)

    async def shown(
        request: Request, pupil: PupilData | None = None, *, trouble: str = ""
    ) -> Response:
        say = screens.say(request)
        erasures = await run_in_threadpool(store.read, erasures_of, school)
        lines = [(one, erasure_lines(one, still_there(one, school), say)) for one in erasures]
        return screens.page(
            request,
            "students.html",
            pupil=pupil,
            erasures=lines,
            trouble=trouble,
            mark_words=mark_words,
        )

    return router
