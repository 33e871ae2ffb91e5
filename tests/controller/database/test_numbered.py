"""A page of one history names no row of another that a copy began, whatever table it is in."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, inspect, make_url

from controller.database.numbered import numbers_given
from controller.database.schema import metadata
from controller.database.starts import Start, is_mark_of, mark_of, note_start
from controller.database.store import Store
from tests.databases import KINDS, sqlite_in
from tests.tiers import wide

# Answers to items of an inspection: their numbers are those of the items, which are drawn once.
_PARTS = {"arrived_answers", "inspection_words"}
_DUMMIES: dict[type, Any] = {int: 1, str: "", bytes: b"", bool: False, dt.date: dt.date.min}


class Copied:
    """A database that is copied and put back. kind: SQLite or PostgreSQL."""

    def __init__(self, kind: str, folder: Path, request: pytest.FixtureRequest) -> None:
        self._cluster: Any = None
        if kind == "sqlite":
            self.url = sqlite_in(folder)
        else:
            self._cluster = request.getfixturevalue("cluster")
            self.url = self._cluster.fresh(request.getfixturevalue("template"))
        self._urls = [self.url]

    def copy(self) -> str | bytes:
        """What it is now; nobody has it open."""
        if self._cluster:
            self._urls.append(self._cluster.fresh(make_url(self.url).database))
            return self._urls[-1]
        return Path(make_url(self.url).database or "").read_bytes()

    def put_back(self, copy: str | bytes) -> None:
        """Have it be that again; a copy is put back once."""
        if isinstance(copy, str):
            self.url = copy
        else:
            Path(make_url(self.url).database or "").write_bytes(copy)

    def drop(self) -> None:
        """Leave nothing on the server."""
        for url in self._urls if self._cluster else ():
            self._cluster.drop(url)

    def start(self, name: str) -> None:
        """Serve it anew."""
        with Store(self.url) as store:
            store.write(lambda db: note_start(db, Start(name, 0, 0, numbers_given(db))))

    def mark(self) -> str:
        """What a page carries now."""
        with Store(self.url) as store:
            return store.read(mark_of)

    def takes(self, mark: str) -> bool:
        """Whether a page of this mark may do something."""
        with Store(self.url) as store:
            return store.read(is_mark_of, mark)

    def add(self, table: str) -> None:
        """Give a row of a table the next number, as a deed does."""
        with Store(self.url) as store, store.transaction() as db:
            newest = db.exec_driver_sql(f"SELECT max(no) FROM {table}").scalar()  # noqa: S608 - a table of ours
            known = metadata.tables[table]
            is_given = known.autoincrement_column is not None
            row = {
                column.name: f"{newest}" if column.type.python_type is str else _dummy(column)
                for column in known.columns
                if not column.nullable and column.name != "no"
            }
            db.execute(known.insert(), row if is_given else row | {"no": (newest or 0) + 1})

    def empty(self, table: str) -> None:
        """Let its rows go."""
        with Store(self.url) as store, store.transaction() as db:
            db.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608 - a table of ours


def _dummy(column: Column[Any]) -> Any:
    return _DUMMIES[column.type.python_type]


@pytest.fixture(params=[KINDS[0], *wide(*KINDS[1:])])
def copied(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """A database that can be put back."""
    made = Copied(request.param, tmp_path, request)
    yield made
    made.drop()


def _numbered(url: str) -> list[str]:
    """The tables whose rows have a number, as the database itself tells."""
    with Store(url) as store, store.view() as db:
        told = inspect(db)
        return sorted(
            name
            for name in told.get_table_names()
            if name not in _PARTS and any(one["name"] == "no" for one in told.get_columns(name))
        )


def test_a_page_of_a_history_that_was_put_back_names_no_row_of_any_table(copied: Copied) -> None:
    """A page from behind the copy is refused; one from before it is not, nor after a restart."""
    copied.start("first")
    tables = _numbered(copied.url)
    assert len(tables) > 20, tables
    for at, table in enumerate(tables):
        copied.add(table)
        before = copied.mark()
        kept = copied.copy()
        copied.add(table)
        behind = copied.mark()
        assert copied.takes(before), table
        assert copied.takes(behind), table
        copied.start(f"again-{at}")
        assert copied.takes(behind), f"{table}: a restart breaks an open page"
        later = copied.mark()
        copied.put_back(kept)
        copied.start(f"back-{at}")
        copied.add(table)  # under the number of what is gone
        copied.add(table)
        assert not copied.takes(behind), table
        assert not copied.takes(later), table
        assert copied.takes(before), table
        assert copied.takes(copied.mark()), table


def test_a_row_that_was_let_go_does_not_break_an_open_page(copied: Copied) -> None:
    """A message let out of quarantine, then a restart: the pages of before are still good."""
    copied.start("first")
    copied.add("quarantine")
    mark = copied.mark()
    copied.empty("quarantine")
    copied.start("second")
    assert copied.takes(mark)


@pytest.mark.parametrize(
    "mark", ["", ".", "first", "first.", "first.-1", "first.x", "other.0", "first.²"]
)
def test_what_is_no_mark_is_of_no_history(tmp_path: Path, mark: str) -> None:
    """A mark that nobody gave is refused, and breaks nothing."""
    with Store(sqlite_in(tmp_path)) as store:
        store.write(note_start, Start("first", 0, 0, 0))
        assert not store.read(is_mark_of, mark)
        assert store.read(is_mark_of, "first.0")
