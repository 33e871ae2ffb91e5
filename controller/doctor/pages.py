"""This file shows what the doctor found, the worst first; and what may be sent to who helps."""

from __future__ import annotations

from typing import Final

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from controller.doctor.service import Doctor
from controller.feature import Program
from controller.people.person import Permission
from controller.sheets.writing import file_name
from controller.web.downloads import attachment
from controller.web.page import PageRenderer
from controller.web.router import FeatureRouter
from controller.web.rules import needs
from protocol.doctor import CHECK_WORDS, GROUP_WORDS, groups, summary

_JSON: Final = "application/json"


def pages(program: Program) -> FeatureRouter:
    """The page, for administrators: it names files and addresses of the server."""
    router = FeatureRouter()
    screens, doctor = program.service(PageRenderer), program.service(Doctor)

    @router.get("/doctor")
    @needs(Permission.MANAGE)
    async def found(request: Request) -> Response:
        examination, say = await doctor.latest(), screens.say(request)
        return screens.page(
            request,
            "doctor.html",
            at_ms=examination.at_ms,
            groups=groups(examination.diagnoses),
            summary=summary(examination.diagnoses, say),
            group_words=GROUP_WORDS,
            check_words=CHECK_WORDS,
            say=say,
        )

    @router.post("/doctor")
    @needs(Permission.MANAGE)
    async def again() -> Response:
        await doctor.examine()
        return RedirectResponse("/doctor", 303)

    @router.get("/doctor/bundle.json")
    @needs(Permission.MANAGE)
    async def saved() -> Response:
        text = (await doctor.latest()).bundle()
        name = file_name("lophoc-doctor", screens.today(), end="json")
        return Response(text, media_type=_JSON, headers=attachment(name))

    return router
