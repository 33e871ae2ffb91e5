"""This file reads rows by the names of their columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Select, Table, func, select

from controller.database.scope import everywhere

Value = TypeVar("Value")


def rows_of(db: Connection, query: Select[Any]) -> Sequence[Mapping[str, Any]]:
    """The rows that a query gives."""
    return cast("Sequence[Mapping[str, Any]]", db.execute(query).mappings().all())


def row_of(db: Connection, query: Select[Any]) -> Mapping[str, Any] | None:
    """The first row that a query gives, if any."""
    return cast("Mapping[str, Any] | None", db.execute(query).mappings().first())


def count_of(db: Connection, table: Table) -> int:
    """How many rows are stored, of whatever place."""
    query = select(func.count()).select_from(table).where(everywhere(table))
    return int(db.execute(query).scalar_one())


def bunches(values: Iterable[Value], size: int = 500) -> Iterator[list[Value]]:
    """The values in lists as long as one statement may name."""
    rest = iter(values)
    while some := [*islice(rest, size)]:
        yield some
