"""This file lists for the office who, of all classes, is away so often that it is told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from controller.attendance.sheet import attendance_of
from controller.attendance.year import YEAR_DAYS, OftenAway, often_away, year_begin
from controller.database.store import Store
from controller.roster.members import members_of
from controller.roster.store import plan_of
from protocol.model import Place


class ClassAbsences(NamedTuple):
    """A class with somebody who is away often, most first."""

    class_code: str
    often: list[OftenAway]


def absences_of(
    store: Store, scope: Place, codes: Iterable[str], day: str, *, now: datetime
) -> list[ClassAbsences]:
    """Of these classes those with anybody away for 30 half-days or more. Raises StoreError.

    day: the last that counts, in its school year; whoever left the class by then is not listed.
    """
    begin = year_begin(store.read(plan_of, scope), day)
    found = []
    for code in codes:
        year = attendance_of(store, scope, code, begin, day, now=now, most_days=YEAR_DAYS).sheet
        here = {
            member.student for member in store.read(members_of, scope, year.class_code, day, day)
        }
        lines = tuple(line for line in year.lines if line.student in here)
        if often := often_away(year._replace(lines=lines)):
            found.append(ClassAbsences(code, often))
    return found
