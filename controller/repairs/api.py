"""This file answers programs: faults and repairs."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query, Request

from controller.feature import Program
from controller.people.person import Permission
from controller.repairs.actions import handle_fault
from controller.repairs.figures import MAX_TERM_DAYS, TERM_DAYS, term_of, told_figures
from controller.repairs.items import FaultItem, RepairFiguresItem, RepairItem
from controller.repairs.repair import told_repair
from controller.repairs.service import Repairing
from controller.repairs.store import faults_of
from controller.web.paging import ERRORS
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from protocol.words import N_


def api(program: Program) -> FeatureRouter:
    """Faults and repairs, for other programs."""
    router = FeatureRouter(prefix="/api/v1", responses=ERRORS)
    store, scope, zone = program.store, program.school, program.zone
    repairing = program.service(Repairing)

    @router.get("/faults")
    @needs(Permission.SCHOOL, in_parts=True)
    def faults(
        request: Request,
        handled: bool = False,  # noqa: FBT001, FBT002 - a query's own flag
    ) -> list[FaultItem]:
        """What teachers say is broken; handled: what was dealt with, too."""
        own = person_of(request).part_of(scope)
        found = store.read(faults_of, own, everything=handled)
        return [FaultItem.of(fault_record) for fault_record in found]

    @router.post("/faults/{event_id}/handled", status_code=204)
    @needs(Permission.BOOK)
    async def handled(event_id: Annotated[str, Path(max_length=64)]) -> None:
        """Say that a fault is dealt with; it stays in the history."""
        now_ms = program.now_ms()
        if not await program.writing.write(handle_fault, scope, event_id, now_ms):
            raise HttpError(
                404, "fault_unknown", N_("There is no such fault."), N_("See /api/v1/faults.")
            )

    @router.get("/repairs", responses={200: {"model": list[RepairItem]}})
    @needs(Permission.SCHOOL)
    def listed(
        request: Request,
        everything: Annotated[bool, Query(alias="all")] = False,  # noqa: FBT002 - a query's own flag
    ) -> list[dict[str, Any]]:
        """What is broken and being repaired; all: what is done, too.

        Names and notes are told to those who may repair.
        """
        inside = person_of(request).may(Permission.BOOK)
        entries = repairing.shown(everything=everything)
        items = [told_repair(entry.repair, zone, entry.kept, entry.maybe) for entry in entries]
        return items if inside else [_unnamed(item) for item in items]

    @router.get("/repairs/figures", responses={200: {"model": RepairFiguresItem}})
    @needs(Permission.SCHOOL)
    def figures(
        days: Annotated[int, Query(ge=1, le=MAX_TERM_DAYS)] = TERM_DAYS,
    ) -> dict[str, Any]:
        """How many repairs there were in the last days, how long they took, what worked meanwhile.

        mean_hours: from the report to the end. availability_pct: of the time in use, that in which
        items worked.
        """
        term = term_of(days, program.now_ms())
        return told_figures(repairing.figures(*term), *term)

    return router


def _unnamed(item: dict[str, Any]) -> dict[str, Any]:
    """Without who, and without what they wrote."""
    moves = [
        {name: value for name, value in move.items() if name not in {"who", "note"}}
        for move in item["moves"]
    ]
    return {**item, "reported_by": "", "note": "", "moves": moves}
