"""This file writes many rows at once, and one where it may be there already."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Dialect, Table, bindparam
from sqlalchemy.dialects import sqlite

from controller.database.shape import Row, written_columns

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

ROWS_A_STATEMENT: Final = (64, 8, 1)  # few sizes, so that few statements are prepared


class Writing(Enum):
    """What happens to a row whose key is there already: replaced, or left as it is."""

    UPSERT = 1
    INSERT_NEW = 2


def write(db: Connection, table: Table, rows: Sequence[Row], how: Writing) -> None:
    """Write rows many to a statement: the database then works while Python reads the next batch."""
    if not db.dialect.positional:
        _write_each(db, table, rows, how)
        return
    start = 0
    for size in ROWS_A_STATEMENT:
        while len(rows) - start >= size:
            text, _ = _statement(table, how, size, db.dialect)
            values = tuple(chain.from_iterable(rows[start : start + size]))
            db.exec_driver_sql(text, values)
            start += size


def _write_each(db: Connection, table: Table, rows: Sequence[Row], how: Writing) -> None:
    """Write rows by one statement that is sent again and again, its answers awaited at the end.

    Measured: psycopg reads a statement of many rows anew each time, for longer than it runs.
    """
    if rows:
        text, names = _statement(table, how, 1, db.dialect)
        db.exec_driver_sql(text, [dict(zip(names, row, strict=True)) for row in rows])


def prepare(dialect: Dialect, written: Iterable[tuple[Table, Writing]]) -> None:
    """Spell out these statements now, so that the first batches need not wait for them."""
    for table, how in written:
        for size in ROWS_A_STATEMENT if dialect.positional else (1,):
            _statement(table, how, size, dialect)


def insert_into(db: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An insert that may say what happens on a conflict, as this database spells it."""
    return _insert(db.dialect, table)


def insert_new(db: Connection, table: Table, row: Mapping[str, Any], *key: str) -> None:
    """Write a row unless one with this key is there."""
    statement = insert_into(db, table).values(dict(row))
    db.execute(statement.on_conflict_do_nothing(index_elements=list(key)))


def _statement(
    table: Table, how: Writing, size: int, dialect: Dialect
) -> tuple[str, tuple[str, ...]]:
    """The SQL that writes `size` rows, and the names of one row's parameters."""
    # Every opening has a dialect of its own; the words are the same for all of a kind.
    kind: Callable[[], Dialect] = type(dialect)
    return _spelt(table, how, size, kind)


@lru_cache(maxsize=128)
def _spelt(
    table: Table, how: Writing, size: int, kind: Callable[[], Dialect]
) -> tuple[str, tuple[str, ...]]:
    dialect = kind()
    columns = written_columns(table)
    statement = _insert(dialect, table).values([{name: bindparam(f"{name}_0") for name in columns}])
    keys = [column.name for column in table.primary_key]
    if how is Writing.UPSERT:
        rest = {name: statement.excluded[name] for name in columns if name not in keys}
        statement = statement.on_conflict_do_update(index_elements=keys, set_=rest)
    else:
        own = ["event_id"] if "event_id" in columns else keys  # what comes again bears its id
        statement = statement.on_conflict_do_nothing(index_elements=own)
    text = str(statement.compile(dialect=dialect))
    return _repeated(text, len(columns), size), tuple(f"{name}_0" for name in columns)


def _insert(dialect: Dialect, table: Table) -> sqlite.Insert | postgresql.Insert:
    if dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - a school has no such database

        return postgresql.insert(table)
    return sqlite.insert(table)


def _repeated(one: str, columns: int, size: int) -> str:
    """A statement that writes one row, made to write more: SQLAlchemy takes far longer for each."""
    row = f"({', '.join('?' * columns)})"
    return one.replace(f"VALUES {row}", f"VALUES {', '.join([row] * size)}", 1)
