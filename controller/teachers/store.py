"""This file keeps teachers and whether rooms ask for their PINs, as part of what a school plans.

Every function that changes something works inside a transaction that holds the plan's lock.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, delete, select

from controller.database.plan_version import bump_version
from controller.database.reading import rows_of
from controller.database.scope import codes_of, of
from controller.database.shape import Shape
from controller.database.writing import insert_into
from controller.teachers.tables import confirming, teachers
from controller.teachers.teacher import Teacher, new_teacher
from protocol.guide import name_spelling
from protocol.model import Place

TEACHERS: Final = Shape(Teacher, teachers)


def teachers_of(db: Connection, school: Place) -> list[Teacher]:
    """The school's teachers by name."""
    rows = rows_of(db, select(teachers).where(of(teachers, school)))
    return sorted(TEACHERS.records(rows), key=lambda one: (name_spelling(one.name), one.teacher))


def is_asking(db: Connection, school: Place) -> bool | None:
    """Whether rooms ask who confirms a roll; None where nobody has ever said."""
    query = select(confirming.c.asks).where(of(confirming, school))
    return db.execute(query).scalar_one_or_none()


def ask(db: Connection, school: Place, *, asks: bool) -> None:
    """Have rooms ask, or let them not."""
    changed = is_asking(db, school) is not asks
    row = insert_into(db, confirming).values({**codes_of(school), "asks": asks})
    keys = ["province", "school"]
    db.execute(row.on_conflict_do_update(index_elements=keys, set_={"asks": asks}))
    bump_version(db, school, changed=changed)


def add_names(db: Connection, school: Place, names: Iterable[str]) -> list[Teacher]:
    """Add teachers by their names, but for those that are here; returns the new ones."""
    known = {name_spelling(one.name) for one in teachers_of(db, school)}
    fresh = {key: name for name in names if (key := name_spelling(name)) and key not in known}
    added = [new_teacher(" ".join(name.split())) for name in fresh.values()]
    for teacher in added:
        keep_teacher(db, school, teacher)
    return added


def keep_teacher(db: Connection, school: Place, teacher: Teacher) -> None:
    """Keep a teacher, new or changed."""
    values = TEACHERS.values(teacher)
    row = insert_into(db, teachers).values({**codes_of(school), **values})
    keys = ["province", "school", "teacher"]
    db.execute(row.on_conflict_do_update(index_elements=keys, set_=values))
    bump_version(db, school, changed=True)


def end_teacher(db: Connection, school: Place, teacher: str) -> bool:
    """Let a teacher go, and their PIN; whether there was one."""
    gone = delete(teachers).where(of(teachers, school), teachers.c.teacher == teacher)
    return bump_version(db, school, changed=db.execute(gone).rowcount > 0)


def name_of(db: Connection, school: Place, teacher: str) -> str:
    """A teacher's name; empty for one who is gone."""
    query = select(teachers.c.name).where(of(teachers, school), teachers.c.teacher == teacher)
    return db.execute(query).scalar_one_or_none() or ""
