"""This file counts the numbers that rows were given: what names a row goes no further than that.

It never falls while one database goes on; a copy that is put back gives the same numbers anew.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from sqlalchemy import (
    Column,
    CompoundSelect,
    Connection,
    Table,
    func,
    select,
    text,
    union_all,
)

from controller.database.schema import metadata
from controller.database.scope import everywhere

_NUMBER: Final = "no"
# Not the newest rows' numbers: of a row that was let go nothing would be known.
_GIVEN: Final = {
    "sqlite": "SELECT coalesce(sum(seq), 0) FROM sqlite_sequence",
    "postgresql": (
        "SELECT coalesce(sum(last_value), 0) FROM pg_sequences WHERE schemaname = current_schema()"
    ),
}


def numbers_given(db: Connection) -> int:
    """How far all numbers of rows go together: those of the database, and those of ours."""
    given = db.execute(text(_GIVEN[db.dialect.name])).scalar_one()
    own: list[int] = [*db.execute(_newest(len(metadata.tables))).scalars()]
    return int(given) + sum(own)


def numbers_of(table: Table) -> Column[Any] | None:
    """The numbers that we give a table's rows ourselves; None where the database does, or none."""
    number = table.columns.get(_NUMBER)
    if number is None or table.autoincrement_column is not None:
        return None
    others = {column.type.python_type for column in table.primary_key if column is not number}
    return None if int in others else number  # such rows are parts of a numbered one


@cache
def _newest(_: int) -> CompoundSelect[Any]:
    """The highest number of each table that we number, spelt once. _: of how many tables."""
    return union_all(
        *(
            select(func.coalesce(func.max(number), 0)).where(everywhere(table))
            for table in metadata.sorted_tables
            if (number := numbers_of(table)) is not None
        )
    )
