"""This file says which rows are a place's: the only door to a table that holds rows of places.

Whose rows somebody may see is a place, too (see part.py), and every query holds it.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, FromClause, and_, true

from controller.database.part import Part
from protocol.model import Place

_CODES: Final = ("province", "school", "agent")


def of(table: FromClause, school: Place) -> ColumnElement[bool]:
    """The rows of this school and of no other; an empty code is a code like any other."""
    own = (table.c.province == school.province) & (table.c.school == school.school)
    return own & _of_part(table, school)


def in_province(table: FromClause, province: str) -> ColumnElement[bool]:
    """The rows of all schools of this province and of no other."""
    return table.c.province == province


def within(table: FromClause, scope: Place) -> ColumnElement[bool]:
    """The rows in a scope: an empty code means all."""
    codes = {name: getattr(scope, name) for name in _CODES if name in table.c}
    own = (table.c[name] == code for name, code in codes.items() if code)
    return and_(true(), *own, _of_part(table, scope))


def counted_in(table: FromClause, scope: Place) -> ColumnElement[bool]:
    """The rows that count for what is in a scope, whose lists they stand in; empty: for all."""
    home = table.c.counted_for
    terms: list[ColumnElement[bool]] = [true()]
    if scope.province:
        terms.append(table.c.province == scope.province)
    if scope.school:
        terms.append(home == scope.school)
    if isinstance(scope, Part):
        terms.append(home.in_(sorted(scope.schools)))
    return and_(*terms)


def everywhere(table: FromClause) -> ColumnElement[bool]:
    """Every row: for upkeep, for what is counted over all that is stored, for what has no place."""
    del table
    return true()


def codes_of(school: Place) -> dict[str, str]:
    """The codes of the school, as its rows have them."""
    return {"province": school.province, "school": school.school}


def _of_part(table: FromClause, scope: Place) -> ColumnElement[bool]:
    return table.c.school.in_(sorted(scope.schools)) if isinstance(scope, Part) else true()
