"""This file opens the controller's database: a moment's view to read, one transaction to write.

What a commit has taken survives a power cut, on SQLite and on PostgreSQL.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Concatenate, Final, ParamSpec, Self, TypeVar

from sqlalchemy import URL, Connection, Engine, inspect
from sqlalchemy.exc import SQLAlchemyError

from controller.database.engine import (
    StoreError,
    alone,
    check,
    engine_at,
    in_our_words,
    one_moment,
    opening_error,
    refuse_emptied,
    url_from,
)
from controller.database.facts import fact_of, set_fact
from controller.database.plan_version import lock_plan
from controller.database.revision import is_newest
from protocol.folder import OWNER_ONLY, whole_file
from protocol.model import Place
from protocol.words import N_

__all__ = ["FEED", "Store", "StoreError"]

FEED: Final = "feed_id"  # the fact which database this is

Given = ParamSpec("Given")
Answer = TypeVar("Answer")


class Store:
    """Reads from any thread, writes from one at a time."""

    def __init__(self, url: str) -> None:
        self._named = url
        self._engine: Engine | None = None
        self.feed_id = ""

    def __enter__(self) -> Self:
        """Open, check and migrate the database. Raises StoreError."""
        url = url_from(self._named)
        try:
            refuse_emptied(url)
            self._engine = engine_at(url)
            with self._engine.begin() as db:
                check(db)
                alone(db)
                _bring_up(db, url)
                self.feed_id = _feed_id(db)
        except (SQLAlchemyError, sqlite3.Error) as error:
            self.__exit__()
            raise opening_error(url, error) from error
        except StoreError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    @contextmanager
    def view(self) -> Iterator[Connection]:
        """One moment's view, for functions that read. Raises StoreError."""
        with in_our_words(), one_moment(self._open_engine) as db:
            yield db

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """All or nothing, for functions that write. Raises StoreError; then nothing is kept."""
        with in_our_words(), self._open_engine.begin() as db:
            yield db

    @contextmanager
    def locked(self, school: Place) -> Iterator[Connection]:
        """A transaction in which nobody else changes the school's data. Raises StoreError."""
        with self.transaction() as db:
            lock_plan(db, school)
            yield db

    def read(
        self,
        query: Callable[Concatenate[Connection, Given], Answer],
        *args: Given.args,
        **options: Given.kwargs,
    ) -> Answer:
        """What a reading function answers, in a view of its own. Raises StoreError."""
        with self.view() as db:
            return query(db, *args, **options)

    def write(
        self,
        action: Callable[Concatenate[Connection, Given], Answer],
        *args: Given.args,
        **options: Given.kwargs,
    ) -> Answer:
        """What a writing function answers, in a transaction of its own. Raises StoreError."""
        with self.transaction() as db:
            return action(db, *args, **options)

    @property
    def named(self) -> str:
        """The URL by which another process opens it; it may hold a password."""
        return self._named

    @property
    def is_file(self) -> bool:
        """Whether it is SQLite's, which is copied as a file; a server has copies of its own."""
        return self._open_engine.dialect.name == "sqlite"

    def back_up(self, target: Path) -> None:
        """Write a sound copy of a SQLite database; PostgreSQL has pg_dump. Raises StoreError."""
        if not self.is_file:
            return
        engine = self._open_engine.execution_options(isolation_level="AUTOCOMMIT")
        with in_our_words(), engine.connect() as db, whole_file(target, OWNER_ONLY) as file:
            db.exec_driver_sql("VACUUM INTO ?", (file.name,))

    def scrub(self) -> None:
        """Leave nothing in the files of what was deleted or overwritten. Raises StoreError.

        A PostgreSQL server's log of changes is overwritten in its turn: that is its
        administrator's to hasten.
        """
        engine = self._open_engine.execution_options(isolation_level="AUTOCOMMIT")
        with in_our_words(), engine.connect() as db:
            if self.is_file:
                db.exec_driver_sql("VACUUM")
                db.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                return
            db.exec_driver_sql("ANALYZE")  # its statistics hold the most frequent values, ids too
            db.exec_driver_sql("VACUUM (FULL)")

    @property
    def _open_engine(self) -> Engine:
        if self._engine is None:
            raise StoreError("store_closed", N_("The database is not open."))
        return self._engine


def _bring_up(db: Connection, url: URL) -> None:
    """On a copy first, where there is something to lose."""
    if is_newest(db):
        return
    from controller.database.migrating import bring_up, refuse_newer  # noqa: PLC0415 - heavy, and seldom
    from controller.database.rehearsal import rehearse  # noqa: PLC0415 - likewise

    if inspect(db).get_table_names():
        refuse_newer(db)
        rehearse(url, bring_up)
    bring_up(db)


def _feed_id(db: Connection) -> str:
    """Which database this is, as those who pull its changes know it; made once."""
    feed_id = fact_of(db, FEED)
    if feed_id is None:
        feed_id = uuid.uuid4().hex
        set_fact(db, FEED, feed_id)
    return feed_id
