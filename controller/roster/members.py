"""This file keeps who was in which class, from when until when, under which number of its book.

A day's sheet shows the pupils of that day: a new list changes what comes, never what was.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec
from sqlalchemy import Connection, delete, or_, select, update

from controller.database.scope import codes_of, of
from controller.database.shape import Shape
from controller.roster.plan import SchoolClass
from controller.roster.tables import class_members
from protocol.model import Place


class ClassMember(msgspec.Struct, frozen=True, kw_only=True):
    """A pupil in a class. number: in the class's book. name: empty where the school keeps none.

    since, until: local days, that of until not among them. since is empty where the class was
    there before this was kept, until is None while the pupil is in the class.
    """

    class_code: str
    student: str
    number: int
    name: str = ""
    since: str = ""
    until: str | None = None


MEMBERS: Final = Shape(ClassMember, class_members, {"name": lambda one: one.name or None})


def members_of(
    db: Connection, place: Place, class_code: str, first: str, last: str
) -> tuple[ClassMember, ...]:
    """Who was in a class on any of these days, both among them, by the last number each had."""
    latest = {one.student: one for one in memberships_of(db, place, class_code, first, last)}
    return tuple(sorted(latest.values(), key=lambda one: (one.number, one.since, one.student)))


def memberships_of(
    db: Connection, place: Place, class_code: str, first: str, last: str
) -> list[ClassMember]:
    """The same in the order of time: who left and came back, or got another number, has several."""
    was_there = (
        class_members.c.since <= last,
        or_(class_members.c.until.is_(None), class_members.c.until > first),
    )
    mine = class_members.c.class_code == class_code
    query = select(class_members).where(of(class_members, place), mine, *was_there)
    query = query.order_by(class_members.c.since)
    return MEMBERS.records(map(dict, db.execute(query).mappings()))


def classes_of_pupil(db: Connection, place: Place, student: str) -> list[ClassMember]:
    """Every class that the pupil was in, in the order of time."""
    mine = class_members.c.student == student
    query = select(class_members).where(of(class_members, place), mine)
    query = query.order_by(class_members.c.since)
    return MEMBERS.records(map(dict, db.execute(query).mappings()))


def note_members(
    db: Connection,
    place: Place,
    before: Iterable[SchoolClass],
    after: Iterable[SchoolClass],
    *,
    day: str,
    now_ms: int,
) -> None:
    """End and begin memberships, so that from this day on they are the classes' new lists.

    What began on this very day was never on a sheet, and leaves no trace.
    """
    held, fresh = _pairs(before), _pairs(after)
    for gone in held - fresh:
        own = (
            class_members.c.class_code == gone.class_code,
            class_members.c.student == gone.student,
            class_members.c.until.is_(None),
        )
        new = class_members.c.since >= day
        db.execute(delete(class_members).where(of(class_members, place), new, *own))
        ended = update(class_members).where(of(class_members, place), *own)
        db.execute(ended.values(until=day, ended_ms=now_ms))
    codes = codes_of(place) | {"ended_ms": None}
    if rows := [
        codes | MEMBERS.values(msgspec.structs.replace(one, since=day)) for one in fresh - held
    ]:
        db.execute(class_members.insert(), rows)


def _pairs(classes: Iterable[SchoolClass]) -> set[ClassMember]:
    """Each pupil in a class, with neither day."""
    return {
        ClassMember(
            class_code=school_class.code,
            student=pupil.student,
            number=pupil.number,
            name=pupil.name,
        )
        for school_class in classes
        for pupil in school_class.pupils
    }
