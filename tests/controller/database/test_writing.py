"""Statements of many rows say what SQLAlchemy would have them say."""

from __future__ import annotations

import pytest
from sqlalchemy import Table, bindparam
from sqlalchemy.dialects import sqlite

from controller.database.shape import written_columns
from controller.database.writing import ROWS_A_STATEMENT, Writing, _statement
from controller.features import FEATURES

WRITTEN = [item for feature in FEATURES for item in feature.written.items()]


@pytest.mark.parametrize("size", ROWS_A_STATEMENT)
@pytest.mark.parametrize(("table", "how"), WRITTEN, ids=[table.name for table, _ in WRITTEN])
def test_a_statement_of_many_rows_is_sqlalchemys_own(table: Table, how: Writing, size: int) -> None:
    """The rows are spelt out by us, for it takes a second for what a start prepares."""
    text, names = _statement(table, how, size, sqlite.dialect())
    columns = written_columns(table)
    rows = [{name: bindparam(f"{name}_{row}") for name in columns} for row in range(size)]
    own = str(sqlite.insert(table).values(rows).compile(dialect=sqlite.dialect()))
    assert text.partition(" ON CONFLICT")[0] == own
    assert text.count("?") == len(names) * size == len(columns) * size
