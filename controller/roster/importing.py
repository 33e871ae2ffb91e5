"""This file brings class lists and schedules in, and takes an import back whole.

Every function works in a transaction of the store's: `view` to read, `locked` to write.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from controller.roster.import_store import imports_of, note_import, note_undone
from controller.roster.plan import Lists, Schedule
from controller.roster.store import keep_lists, keep_schedule, plan_of, put_lists_back
from controller.roster.undoing import (
    Origin,
    PlanImport,
    PlanPart,
    PlanState,
    is_as_left,
    lists_of,
    schedule_of,
)
from protocol.errors import ActionError
from protocol.model import Place
from protocol.words import N_


def import_lists(db: Connection, place: Place, lists: Lists, origin: Origin) -> bool:
    """Keep class lists from that day on, and what they changed; False where that is nothing."""
    before = plan_of(db, place)
    if not keep_lists(db, place, lists, day=origin.day):
        return False
    was, became = lists_of(before), lists_of(plan_of(db, place))
    note_import(db, place, _record(PlanPart.LISTS, origin, was, became))
    return True


def import_schedule(db: Connection, place: Place, schedule: Schedule, origin: Origin) -> bool:
    """Keep the parts of a schedule that are given, and what they changed; False for nothing."""
    before = plan_of(db, place)
    if not keep_schedule(db, place, schedule, origin.at):
        return False
    was, became = (schedule_of(plan, schedule) for plan in (before, plan_of(db, place)))
    note_import(db, place, _record(PlanPart.SCHEDULE, origin, was, became))
    return True


def undo_import(db: Connection, place: Place, no: int, now: datetime) -> PlanImport:
    """Take an import back; once more does nothing. Raises ActionError.

    now: the school's time in its zone, from whose day on the classes are again as they were.
    """
    record = next((one for one in imports_of(db, place) if one.no == no), None)
    if record is None:
        raise ActionError(
            "import_unknown", N_("There is no such import."), N_("Look at the list again.")
        )
    if record.undone_ms is not None:
        return record
    if not is_as_left(plan_of(db, place), record):
        raise ActionError(
            "import_overtaken",
            N_("What came in was changed since, so that it stays."),
            N_("Undo the newer import first, or bring the older file in again."),
        )
    if record.was.classes is not None:
        put_lists_back(db, place, record.was.classes, day=now.date().isoformat())
    if record.was.schedule is not None:
        keep_schedule(db, place, record.was.schedule, now)
    note_undone(db, place, no, round(now.timestamp() * 1000))
    return record


def _record(part: PlanPart, origin: Origin, was: PlanState, became: PlanState) -> PlanImport:
    return PlanImport(
        no=0,
        part=part,
        who=origin.who,
        at_ms=origin.at_ms,
        file=origin.file,
        was=was,
        became=became,
    )
