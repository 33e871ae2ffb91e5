"""This file keeps a department's inspections: what was drawn and asked, and what came of it.

Every function works in a transaction of the store's: `view` to read, `locked` to write.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from sqlalchemy import Connection, func, select, update

from controller.database.changes import of_kind
from controller.database.reading import row_of, rows_of
from controller.database.scope import in_province, of
from controller.database.shape import Shape
from controller.database.writing import Writing, write
from controller.department.schools import InspectionHeard
from controller.department.store import newest_told
from controller.inspection.delivery import DAYS_AFTER_MS, Owed
from controller.inspection.inspection import (
    ArrivedAnswer,
    AskedSchool,
    Draw,
    Inspected,
    Inspection,
    heard,
    inspected,
    news,
)
from controller.inspection.sample import DrawCheck, checked, key_of, units_by_school
from controller.inspection.tables import (
    arrived_answers,
    asked_schools,
    inspection_frames,
    inspections,
)
from protocol.model import Place
from protocol.shapes import json_decoder

INSPECTIONS: Final = Shape(Inspection, inspections)
SCHOOLS: Final = Shape(AskedSchool, asked_schools)
ANSWERS: Final = Shape(ArrivedAnswer, arrived_answers)
_names: Final = json_decoder(tuple[str, ...])


def keep(db: Connection, changes: Sequence[object], now_ms: int) -> None:
    """Keep what schools said of inspections, each answer as it came; nothing is overwritten."""
    for said in newest_told(db, of_kind(changes, InspectionHeard)):
        school = asked_school(db, said.place, said.told.inspection)
        standing = {one.no: one for one in _last(answers_of(db, said.place, said.told.inspection))}
        fresh = news(said.place, said.told, standing, now_ms)
        write(db, arrived_answers, [*map(ANSWERS.row, fresh)], Writing.UPSERT)
        if school is not None:  # else this database was put back to before it asked
            write(
                db, asked_schools, [SCHOOLS.row(heard(school, said.told, now_ms))], Writing.UPSERT
            )


def begin(db: Connection, own: Place, draw: Draw) -> Inspection:
    """Keep a new inspection under the next number. own: the department's place."""
    newest = select(func.max(inspections.c.no)).where(in_province(inspections, own.province))
    numbered = msgspec.structs.replace(draw.inspection, no=(db.execute(newest).scalar() or 0) + 1)
    province = {"province": own.province}
    db.execute(inspections.insert(), province | INSPECTIONS.values(numbered))
    chosen = units_by_school(draw.sample)
    for school, units in draw.frame.items():
        row = {"school": school, "inspection": numbered.inspection}
        lists = {"units": _text(units), "drawn": _text(chosen.get(school, ()))}
        db.execute(inspection_frames.insert(), province | row | lists)
    write(db, asked_schools, [*map(SCHOOLS.row, draw.schools)], Writing.UPSERT)
    return numbered


def withdraw(db: Connection, own: Place, no: int, *, who: str, now_ms: int) -> bool:
    """Take an inspection back; False where it was, or there is none."""
    is_open = (inspections.c.no == no) & inspections.c.withdrawn_ms.is_(None)
    statement = update(inspections).where(in_province(inspections, own.province), is_open)
    return db.execute(statement.values(withdrawn_ms=now_ms, withdrawn_by=who)).rowcount > 0


def inspections_of(db: Connection, province: str) -> list[Inspection]:
    """Every inspection, the newest first."""
    query = select(inspections).where(in_province(inspections, province))
    return INSPECTIONS.records(rows_of(db, query.order_by(inspections.c.no.desc())))


def inspection_of(db: Connection, province: str, no: int) -> Inspection | None:
    """The inspection of this number; None where there is none."""
    query = select(inspections).where(in_province(inspections, province), inspections.c.no == no)
    row = row_of(db, query)
    return INSPECTIONS.record(row) if row else None


def inspected_of(db: Connection, province: str, inspection: Inspection, now_ms: int) -> Inspected:
    """The inspection as it stands now."""
    own = arrived_answers.c.inspection == inspection.inspection
    query = select(arrived_answers).where(in_province(arrived_answers, province), own)
    answers = ANSWERS.records(rows_of(db, query))
    return inspected(inspection, schools_asked(db, province, inspection), answers, now_ms)


def schools_asked(db: Connection, province: str, inspection: Inspection) -> list[AskedSchool]:
    """The schools that are asked to show something, by code."""
    own = asked_schools.c.inspection == inspection.inspection
    query = select(asked_schools).where(in_province(asked_schools, province), own)
    return SCHOOLS.records(rows_of(db, query.order_by(asked_schools.c.school)))


def asked_school(db: Connection, place: Place, inspection: str) -> AskedSchool | None:
    """What a school is asked in an inspection; None where it is not."""
    own = asked_schools.c.inspection == inspection
    row = row_of(db, select(asked_schools).where(of(asked_schools, place), own))
    return SCHOOLS.record(row) if row else None


def answers_of(db: Connection, place: Place, inspection: str) -> list[ArrivedAnswer]:
    """All that a school answered in an inspection, item by item in the order of arrival."""
    own = arrived_answers.c.inspection == inspection
    query = select(arrived_answers).where(of(arrived_answers, place), own)
    order = (arrived_answers.c.no, arrived_answers.c.arrival)
    return ANSWERS.records(rows_of(db, query.order_by(*order)))


def frame_of(db: Connection, province: str, inspection: Inspection) -> dict[str, tuple[str, ...]]:
    """The units that could be drawn, by school."""
    return {school: units for school, units, _ in _frames(db, province, inspection)}


def draw_again(db: Connection, province: str, inspection: Inspection) -> DrawCheck:
    """Draw the sample anew of the frame that was kept, and compare."""
    frames = _frames(db, province, inspection)
    keys = [key_of(school, unit) for school, units, _ in frames for unit in units]
    before = [key_of(school, unit) for school, _, drawn in frames for unit in drawn]
    size, digest = inspection.size, inspection.frame_digest
    return checked(inspection.seed, keys, size, before=before, digest=digest)


def owed_words(db: Connection, province: str, now_ms: int) -> list[Owed]:
    """Which words schools should hold: of inspections whose deadline is not long past."""
    own = inspections.c.inspection == asked_schools.c.inspection
    query = (
        select(
            asked_schools.c.school, asked_schools.c.held, asked_schools.c.arrived_ms, inspections
        )
        .join(inspections, own & (inspections.c.province == asked_schools.c.province))
        .where(
            in_province(asked_schools, province),
            inspections.c.due_ms > now_ms - DAYS_AFTER_MS,
        )
    )
    return [
        Owed(
            row["school"],
            row["inspection"],
            INSPECTIONS.record(row).number,
            row["held"],
            row["arrived_ms"],
        )
        for row in rows_of(db, query)
    ]


def _frames(
    db: Connection, province: str, inspection: Inspection
) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    own = inspection_frames.c.inspection == inspection.inspection
    query = select(inspection_frames).where(in_province(inspection_frames, province), own)
    return [
        (row["school"], _names.decode(row["units"]), _names.decode(row["drawn"]))
        for row in rows_of(db, query.order_by(inspection_frames.c.school))
    ]


def _last(answers: Iterable[ArrivedAnswer]) -> list[ArrivedAnswer]:
    """Of each item the answer that came last."""
    last = defaultdict[int, list[ArrivedAnswer]](list)
    for answer in answers:
        last[answer.no].append(answer)
    return [max(some, key=lambda one: one.arrival) for some in last.values()]


def _text(names: Iterable[str]) -> str:
    return msgspec.json.encode(list(names)).decode()
