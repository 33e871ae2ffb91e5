"""This file keeps what imports of class lists and schedules changed, the newest few of them.

Every function works in a transaction of the store's: `view` to read, `locked` to write.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace
from sqlalchemy import Connection, delete, select, update

from controller.database.reading import rows_of
from controller.database.scope import codes_of, of
from controller.database.shape import Shape
from controller.roster.tables import plan_imports
from controller.roster.undoing import PlanImport, without
from protocol.model import Place

IMPORTS_KEPT: Final = 10  # each holds the school's lists twice
IMPORTS: Final = Shape(PlanImport, plan_imports)


def imports_of(db: Connection, place: Place) -> list[PlanImport]:
    """Every import that changed something, the newest first."""
    query = select(plan_imports).where(of(plan_imports, place))
    return IMPORTS.records(rows_of(db, query.order_by(plan_imports.c.no.desc())))


def note_import(db: Connection, place: Place, record: PlanImport) -> None:
    """Keep an import under the next number, and let the oldest go. record.no is not looked at."""
    known = [one.no for one in imports_of(db, place)]
    no = max(known, default=0) + 1
    db.execute(plan_imports.insert(), codes_of(place) | IMPORTS.values(replace(record, no=no)))
    oldest = plan_imports.c.no <= no - IMPORTS_KEPT
    db.execute(delete(plan_imports).where(of(plan_imports, place), oldest))


def note_undone(db: Connection, place: Place, no: int, now_ms: int) -> None:
    """An import was taken back."""
    statement = update(plan_imports).where(of(plan_imports, place), plan_imports.c.no == no)
    db.execute(statement.values(undone_ms=now_ms))


def forget_in_imports(db: Connection, place: Place, student: str) -> int:
    """Erase a pupil from what imports changed; returns how many held the pupil."""
    held = 0
    for record in imports_of(db, place):
        if (cleared := without(record, student)) != record:
            values = IMPORTS.values(cleared)
            statement = update(plan_imports).where(
                of(plan_imports, place), plan_imports.c.no == record.no
            )
            db.execute(statement.values(was=values["was"], became=values["became"]))
            held += 1
    return held
