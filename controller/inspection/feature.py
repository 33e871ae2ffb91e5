"""This file says what inspections bring, to a department that asks and a school that shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from controller.feature import Feature, Level, MenuEntry, Program, UpwardPart
from controller.inspection import store
from controller.inspection.listener import InspectionListener
from controller.inspection.part import InspectionPart
from controller.people.person import Permission
from protocol.words import N_


def _listener(program: Program) -> InspectionListener | None:
    return InspectionListener(program) if program.config.hears_schools else None


def _upward(program: Program) -> UpwardPart:
    return InspectionPart(program)


def _frame(program: Program, _language: str) -> Mapping[str, Any]:
    if not program.config.upstream:
        return {"inspection_requests": (), "has_inspection_requests": False}
    from controller.inspection.service import Requests  # noqa: PLC0415 - of pages alone

    every = program.service(Requests).all()
    return {
        "inspection_requests": [request for request in every if request.is_open],
        "has_inspection_requests": bool(every),
    }


FEATURE: Final = Feature(
    name="inspection",
    level=Level.DEPARTMENT,
    keep=store.keep,
    listener=_listener,
    upward=_upward,
    frame=_frame,
    menu=(
        MenuEntry(
            "/inspections",
            N_("Inspections"),
            (Permission.DEPARTMENT,),
        ),
        MenuEntry(
            "/inspection-requests",
            N_("Inspections"),
            (Permission.STOCKTAKE,),
            lambda frame: frame["has_inspection_requests"],
            level=Level.SCHOOL,
        ),
    ),
)
