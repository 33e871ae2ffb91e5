"""This file gives a test a database of its own, on SQLite or on PostgreSQL, and breaks it."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
import sqlalchemy
from sqlalchemy.util import LRUCache

from controller.database import engine as engines
from controller.database.engine import engine_at, url_from
from controller.database.store import Store
from tests.postgres import Cluster

KINDS = ("sqlite", "postgresql")
_REFUSE = {
    "sqlite": """
        CREATE TRIGGER disk_full BEFORE {deed} ON {table}
        BEGIN INSERT INTO "disk full" VALUES (1); END
    """,
    "postgresql": """
        CREATE OR REPLACE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'disk full' USING ERRCODE = 'disk_full'; END $$;
        CREATE TRIGGER disk_full BEFORE {deed} ON {table}
        FOR EACH ROW EXECUTE FUNCTION disk_full()
    """,
}
_ALLOW = {
    "sqlite": "DROP TRIGGER disk_full",
    "postgresql": "DROP TRIGGER disk_full ON {table}",
}


_ANOTHER = "DELETE FROM facts"  # each copy is a database of its own
_STATEMENTS: Final = 3000  # more than all of LopHoc's
_spelling: Final[dict[str, sqlalchemy.Engine]] = {}  # of each kind one, whose words all take


def share_statements() -> None:
    """Have each statement spelt out once in this process, and not at each test's database."""
    pytest.MonkeyPatch().setattr(engines, "create_engine", _engine_that_shares)


def _engine_that_shares(url: sqlalchemy.URL, **options: Any) -> sqlalchemy.Engine:
    engine = sqlalchemy.create_engine(url, **options)
    first = _spelling.get(kind := url.get_backend_name())
    if first is None or not first.dialect.server_version_info:  # it has never been connected
        engine._compiled_cache = LRUCache(_STATEMENTS)
        _spelling[kind] = engine
    else:  # what is spelt out is kept by the statement and the dialect
        engine.dialect = engine.pool._dialect = first.dialect
        engine._compiled_cache = first._compiled_cache
    return engine


class Database:
    """A database by its URL; `kind` says which of the two."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.kind = url.partition(":")[0]

    def say(self, *statements: str) -> None:
        """Change it behind the program's back."""
        engine = engine_at(url_from(self.url))
        try:
            with engine.begin() as db:
                for statement in statements:
                    db.exec_driver_sql(statement)
        finally:
            engine.dispose()

    def refuse(self, deed: str, table: str) -> None:
        """Have it refuse a deed (INSERT, DELETE) on a table's rows, as a full disk would."""
        self.say(_REFUSE[self.kind].format(deed=deed, table=table))

    def allow(self, table: str) -> None:
        """Have it take them again."""
        self.say(_ALLOW[self.kind].format(table=table))


@cache
def empty_sqlite() -> bytes:
    """A SQLite database with the newest schema and nothing in it, as a file's content."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        url = f"sqlite:///{path}"
        with Store(url):
            pass
        Database(url).say(_ANOTHER)
        return path.read_bytes()


def sqlite_in(folder: Path) -> str:
    """The URL of a new SQLite database in a folder, unless one is there already."""
    path = folder / "lophoc.db"
    if not path.exists():
        path.write_bytes(empty_sqlite())
    return f"sqlite:///{path}"


def migrated_template(cluster: Cluster) -> str:
    """The name of a database with the newest schema and nothing in it, to copy from."""
    url = cluster.fresh()
    with Store(url):
        pass
    Database(url).say(_ANOTHER)
    return url.partition("?")[0].rpartition("/")[2]
