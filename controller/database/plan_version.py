"""This file numbers the changes that people make to a school's data, one person at a time.

A running controller notices by the number that a command or a page has changed something.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, Table, delete, select, update

from controller.database.schema import keys, longs, metadata, numbers
from controller.database.scope import codes_of, of
from controller.database.writing import insert_into
from protocol.model import Place
from protocol.plan import DEFAULT_GRACE_MIN

plans: Final = Table(
    "plans",
    metadata,
    *keys("province", "school"),
    *longs("version"),  # grows with every change of the school's plan
    *numbers("grace_min"),
)


def lock_plan(db: Connection, school: Place) -> int:
    """Begin to change the school's data: until the transaction ends nobody else does.

    Returns the plan's version.
    """
    row = {**codes_of(school), "version": 0, "grace_min": DEFAULT_GRACE_MIN}
    statement = insert_into(db, plans).values(row)
    keys = ["province", "school"]
    same = {"version": plans.c.version}
    db.execute(statement.on_conflict_do_update(index_elements=keys, set_=same))
    return version_of(db, school)


def version_of(db: Connection, school: Place) -> int:
    """The plan's version; 0 where the school has planned nothing."""
    query = select(plans.c.version).where(of(plans, school))
    return db.execute(query).scalar_one_or_none() or 0


def bump_version(db: Connection, school: Place, *, changed: bool) -> bool:
    """Let a running controller notice that the plan is another; returns `changed`.

    Also of a school that has planned nothing before: version 0 is handed out to nobody.
    """
    if changed:
        lock_plan(db, school)
        grown = update(plans).where(of(plans, school)).values(version=plans.c.version + 1)
        db.execute(grown)
    return changed


def adopt(db: Connection, school: Place, tables: Iterable[Table]) -> None:
    """Take over what was given before the school's code was known; only by a school without any.

    tables: those that hold what people give.
    """
    if school == Place() or version_of(db, school) or not version_of(db, Place()):
        return
    db.execute(delete(plans).where(of(plans, school)))
    for table in (plans, *tables):
        db.execute(update(table).where(of(table, Place())).values(**codes_of(school)))
