"""This file keeps areas, which schools belong to them, and who merged into whom.

Every function works in a transaction of the store's: `view` to read, `locked` to write.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

from msgspec.structs import asdict, replace
from sqlalchemy import Connection, Table, delete, func, select, update

from controller.areas.areas import Area, Atlas, Membership, Merger, MergerKind, SchoolFacts
from controller.areas.tables import areas, memberships, mergers, school_facts
from controller.database.part import Part
from controller.database.reading import rows_of
from controller.database.scope import in_province
from controller.database.shape import Shape
from protocol.model import Place

Coded = TypeVar("Coded", Area, SchoolFacts)
AREAS: Final = Shape(Area, areas)
MEMBERSHIPS: Final = Shape(Membership, memberships)
FACTS: Final = Shape(SchoolFacts, school_facts)
MERGERS: Final = Shape(Merger, mergers)


def atlas_of(db: Connection, province: str) -> Atlas:
    """All that is known of the province's areas and mergers."""
    return Atlas(
        AREAS.records(_rows(db, areas, province)),
        MEMBERSHIPS.records(_rows(db, memberships, province)),
        mergers_of(db, province),
    )


def facts_of(db: Connection, province: str) -> Mapping[str, SchoolFacts]:
    """What the department knows of schools, by code."""
    return {
        row["school"]: FACTS.record(row, code=row["school"])
        for row in _rows(db, school_facts, province)
    }


def mergers_of(db: Connection, province: str) -> list[Merger]:
    """Every merger, also those that were taken back, by number."""
    rows = sorted(_rows(db, mergers, province), key=lambda row: row["no"])
    return MERGERS.records(rows)


def lists_for(db: Connection, scope: Place) -> Place:
    """The scope with every school that ever merged into one of its own; all where it is all.

    What of their rows counts for whom is still to be asked.
    """
    codes = {*scope.schools} if isinstance(scope, Part) else {scope.school}
    if not scope.school and not isinstance(scope, Part):
        return scope
    before = set[str]()
    pairs = [
        (merger.old, merger.new)
        for merger in mergers_of(db, scope.province)
        if merger.what is MergerKind.SCHOOL
    ]
    while before != codes:
        before = {*codes}
        codes |= {old for old, new in pairs if new in codes}
    if codes == {scope.school}:
        return scope
    return Part(province=scope.province, agent=scope.agent, schools=frozenset(codes))


def counts_for_itself(db: Connection, school: Place, day: str) -> bool:
    """Whether a school had not merged or was retired by that day.

    Of one that had, its own figure counts items twice: the department notes what is left of it.
    """
    atlas = Atlas(mergers=mergers_of(db, school.province))
    return atlas.heir_of(school.school, day) == school.school


def keep_areas(db: Connection, province: str, records: Iterable[Area]) -> int:
    """Keep areas, each in the place of what had its code; returns how many are other than before.

    What a file says nothing of stays as it was.
    """
    before = {area.code: area for area in AREAS.records(_rows(db, areas, province))}
    return _keep(db, province, AREAS, records, key="code", before=before)


def keep_facts(db: Connection, province: str, records: Iterable[SchoolFacts]) -> int:
    """The same for what is known of schools."""
    before = dict(facts_of(db, province))
    return _keep(db, province, FACTS, records, key="school", before=before)


def keep_memberships(
    db: Connection, province: str, records: Iterable[Membership], today: str
) -> int:
    """Keep which areas schools belong to; returns how many are other than before.

    since "": from the first for a school that was in no area, from today for one that moves.
    """
    by_school: dict[str, dict[str, str]] = {}
    for row in _rows(db, memberships, province):
        by_school.setdefault(row["school"], {})[row["since"]] = row["area"]
    changed = 0
    for membership in records:
        by_day = by_school.setdefault(membership.school, {})
        since = membership.since or (today if by_day else "")
        # What is said of a day to come holds, though another day may come between.
        known = [day for day in by_day if day == since or (day <= since <= today)]
        if known and by_day[max(known)] == membership.area:
            continue
        key = {"school": membership.school, "since": since}
        _put(db, memberships, province, key, {"area": membership.area})
        by_day[since] = membership.area
        changed += 1
    return changed


def keep_merger(db: Connection, province: str, merger: Merger) -> Merger:
    """Keep a merger under the next number. Raises AreaError if it cannot be."""
    atlas_of(db, province).check(merger)
    newest = select(func.max(mergers.c.no)).where(in_province(mergers, province))
    numbered = replace(merger, no=(db.execute(newest).scalar() or 0) + 1)
    db.execute(mergers.insert(), {"province": province} | MERGERS.values(numbered))
    return numbered


def undo_merger(db: Connection, province: str, what: MergerKind, no: int, now_ms: int) -> bool:
    """Take a merger back; False where none stands."""
    statement = update(mergers).where(
        in_province(mergers, province),
        mergers.c.no == no,
        mergers.c.undone_ms.is_(None),
        mergers.c.what == what.value,
    )
    return db.execute(statement.values(undone_ms=now_ms)).rowcount > 0


def _keep(
    db: Connection,
    province: str,
    shape: Shape[Coded],
    records: Iterable[Coded],
    *,
    key: str,
    before: dict[str, Coded],
) -> int:
    """Keep records, each in the place of what had its code; empty fields stay as they were."""
    changed = 0
    for record in records:
        old = before.get(record.code)
        fields = {name: value for name, value in asdict(record).items() if value}
        fresh = record if old is None else replace(old, **fields)
        if fresh != old:
            _put(db, shape.table, province, {key: record.code}, shape.values(fresh))
            before[record.code] = fresh
            changed += 1
    return changed


def _put(
    db: Connection, table: Table, province: str, key: Mapping[str, str], row: Mapping[str, Any]
) -> None:
    same = [table.c[name] == value for name, value in key.items()]
    db.execute(delete(table).where(in_province(table, province), *same))
    db.execute(table.insert(), {"province": province} | dict(key) | dict(row))


def _rows(db: Connection, table: Table, province: str) -> Sequence[Mapping[str, Any]]:
    return rows_of(db, select(table).where(in_province(table, province)))
