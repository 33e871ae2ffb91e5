"""This file keeps how the lines of the register fare, step by step.

Every function works in a transaction of the store's: `view` to read, `locked` to write.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Final

import msgspec
from sqlalchemy import Connection, select

from controller.database.plan_version import bump_version
from controller.database.reading import bunches, rows_of
from controller.database.scope import codes_of, of
from controller.database.shape import Shape
from controller.register.life import LineLife, Said, Step, brought, life_of, newest_of
from controller.register.merging import Kept
from controller.register.tables import conditions
from protocol.model import Place

STEPS: Final = Shape(Step, conditions)


def steps_of(
    db: Connection, place: Place, lines: Collection[int] | None = None
) -> dict[int, list[Step]]:
    """The steps of these lines (by Kept.no) or of all that have any, in their order."""
    query = select(conditions).where(of(conditions, place)).order_by(conditions.c.no)
    queries = [query]
    if lines is not None:
        queries = [query.where(conditions.c.line.in_(bunch)) for bunch in bunches(sorted(lines))]
    by_line: dict[int, list[Step]] = defaultdict(list)
    for chosen in queries:
        for step in STEPS.records(rows_of(db, chosen)):
            by_line[step.line].append(step)
    return dict(by_line)


def standing_of(db: Connection, place: Place, as_of_ms: int | None = None) -> dict[int, Step]:
    """The step that counts of each line that has one, now or then."""
    newest = {line: newest_of(steps, as_of_ms) for line, steps in steps_of(db, place).items()}
    return {line: step for line, step in newest.items() if step}


def life_in(db: Connection, place: Place, line: Kept) -> LineLife:
    """The life of one line."""
    return life_of(line, steps_of(db, place, [line.no]).get(line.no, ()))


def keep_steps(db: Connection, place: Place, steps: Iterable[Step]) -> list[Step]:
    """Keep steps in this order; returns them with their numbers."""
    numbered = []
    for step in steps:
        row = codes_of(place) | STEPS.values(step)
        number = db.execute(conditions.insert().values(row).returning(conditions.c.no)).scalar_one()
        numbered.append(msgspec.structs.replace(step, no=number))
    bump_version(db, place, changed=bool(numbered))
    return numbered


def take_back(db: Connection, place: Place, line: Kept, stamp: Said) -> Step:
    """Take the line's newest step back. Raises ActionError where there is none."""
    return keep_steps(db, place, [life_in(db, place, line).undone(*stamp)])[0]


def book_brought(
    db: Connection,
    place: Place,
    previous: Iterable[Kept],
    writes: Iterable[Kept],
    *,
    who: str,
    now_ms: int,
) -> list[Step]:
    """Keep what an import says anew of how lines fare; returns its steps."""
    before = {line.no: line for line in previous}
    other = [
        line
        for line in writes
        if line.no in before and line.data.condition != before[line.no].data.condition
    ]
    steps = steps_of(db, place, [line.no for line in other])
    return keep_steps(db, place, brought(before, other, steps, who=who, now_ms=now_ms))
