"""This file reads all that attendance is held against, in one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from msgspec import DecodeError
from sqlalchemy import Connection, Table, inspect, select, text

from controller.attendance.store import CORRECTIONS, MARKS, PROOFS, ROLLS, stored_lessons_of
from controller.attendance.store import erasures as erasure_count
from controller.attendance.tables import corrections, marks, rolls
from controller.database.forgetting import PUPILS, forgotten_before
from controller.database.reading import count_of, rows_of
from controller.database.scope import within
from controller.database.shape import Shape
from controller.evidence.findings import Finding, Flaw
from controller.evidence.told import heads_of
from controller.evidence.tombstones import AskedErasure
from controller.evidence.verdict import Evidence
from controller.fleet.noted_end import noted_end
from controller.students.tables import erasing_agents, erasures
from protocol.model import Place

_EVER: Final = ("", "9999-12-31")
_GIVEN: Final = "sqlite_sequence"
_LOGS: Final[Mapping[str, Table]] = {table.name: table for table in (marks, rolls, corrections)}
Record = TypeVar("Record")


def evidence_of(db: Connection, scope: Place) -> Evidence:
    """All of the attendance log and what lies beside it."""
    asked = _asked(db, scope)
    shapes: tuple[Shape[Any], ...] = (ROLLS, MARKS, PROOFS)
    read = [_read(db, shape, scope) for shape in shapes]
    corrected, unreadable = _read(db, CORRECTIONS, scope)
    return Evidence(
        log=[record for records, _ in read for record in records],
        corrections=corrected,
        unreadable=[*unreadable, *(finding for _, findings in read for finding in findings)],
        lessons=stored_lessons_of(db, scope, *_EVER),
        asked=asked,
        has_older_erasures=erasure_count(db) > sum(erasure.records > 0 for erasure in asked),
        forgotten_before_ms=forgotten_before(db, PUPILS),
        heads=[*heads_of(db, scope), *noted_end(db, scope)],
        emptied=tuple(table for table in _LOGS if _is_emptied(db, table)),
    )


def _read(db: Connection, shape: Shape[Record], scope: Place) -> tuple[list[Record], list[Finding]]:
    """The records of a table, and its rows that hold what no record can."""
    records: list[Record] = []
    unreadable: list[Finding] = []
    query = select(shape.table).where(within(shape.table, scope)).order_by(shape.table.c.no)
    for row in rows_of(db, query):
        try:
            records.append(shape.record(row))
        except (ValueError, DecodeError):
            names = ("event_id", "room", "lesson", "day")
            event_id, room, lesson, day = (str(row.get(name) or "") for name in names)
            finding = Finding(row["agent"], Flaw.UNREADABLE, event_id, room, lesson, day)
            unreadable.append(finding)
    return records, unreadable


def _asked(db: Connection, scope: Place) -> tuple[AskedErasure, ...]:
    agents = defaultdict[str, set[str]](set)
    for row in rows_of(db, select(erasing_agents).where(within(erasing_agents, scope))):
        agents[row["erasure"]].add(row["agent"])
    return tuple(
        AskedErasure(
            row["erasure"],
            row["at_ms"],
            frozenset(agents[row["erasure"]]),
            is_closed=row["done_ms"] is not None,
            records=row["records"],
        )
        for row in rows_of(db, select(erasures).where(within(erasures, scope)))
    )


def _is_emptied(db: Connection, table: str) -> bool:
    """Whether rows of it were numbered once, and none is there; only SQLite remembers that."""
    if db.dialect.name != "sqlite" or not inspect(db).has_table(_GIVEN):
        return False
    given = db.execute(text(f"SELECT seq FROM {_GIVEN} WHERE name = :name"), {"name": table})  # noqa: S608 - our own name
    return bool(given.scalar()) and not count_of(db, _LOGS[table])
