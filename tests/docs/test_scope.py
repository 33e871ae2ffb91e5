"""The tool that looks for queries without a scope finds each, however it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.scope import findings, unscoped

HEAD = "import sqlalchemy as sa\nfrom sqlalchemy import select, delete as erase\n"


@pytest.mark.parametrize(
    "query",
    [
        "select(rows)",
        "select(rows).where(rows.c.province == code).limit(1)",
        "erase(rows).where(rows.c.no == 1)",
        "sa.update(rows).values(no=1)",
        "rows.select().where(rows.c.no == 1)",
        "db.execute(rows.delete())",
        "select(rows).where(of(rows, place), rows.c.no.in_(select(rows.c.no)))",
        "select(rows).where(rows.c.no.in_(select(rows.c.no).where(of(rows, place))))",
        "select(rows).where(select(1).where(of(rows, place)).exists())",
    ],
)
def test_a_query_that_names_no_scope_is_found(query: str) -> None:
    """Its own scope, in its own words: another query's does not count."""
    assert unscoped(f"{HEAD}{query}\n") == [3]


@pytest.mark.parametrize(
    "query",
    [
        "db.execute(select(rows).where(of(rows, place)).order_by(rows.c.no))",
        "select(rows).where(within(rows, scope) & (rows.c.no == 1))",
        "erase(rows).where(everywhere(rows))",
        "sa.update(rows).where(in_province(rows, code)).values(no=1)",
        "select(rows).where(of(rows, place), select(1).where(of(rows, place)).exists())",
        "values.update(more)",
        "path.exists()",
        "chosen = 'select'",
    ],
)
def test_a_query_that_names_its_scope_is_let_be(query: str) -> None:
    """And so is what only has the name of a query."""
    assert not unscoped(f"{HEAD}{query}\n")


def test_every_module_is_looked_at_but_migrations(tmp_path: Path) -> None:
    """A migration mends the rows of all places."""
    for name in ("use/store.py", "database/migrations/versions/0001.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_text(f"{HEAD}select(rows)\n")
    (only,) = findings(tmp_path)
    assert only.startswith(f"{tmp_path / 'use/store.py'}:3:")
