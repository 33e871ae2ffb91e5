"""This file holds the database for one ingest: a lock that PostgreSQL lets go with its session."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from controller.database.engine import StoreError, opening_error, url_from
from controller.roles.notices import RoleError, server_line
from protocol.words import N_

if TYPE_CHECKING:
    from psycopg import Connection

_LOGGER = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 5.0
_LOCK: Final = 0x10F0C1A55  # "lophoc", "class": one number for all of its ingests


class IngestLock:
    """Who may write what agents say. lost: why it is no longer this process; None while it is."""

    def __init__(self, database: str) -> None:
        self._line = server_line(database)
        self._url = url_from(database)
        self._db: Connection | None = None
        self.lost: Exception | None = None

    def take(self) -> None:
        """Hold the database. Raises RoleError where another one does, StoreError."""
        import psycopg  # noqa: PLC0415 - a school has no such driver

        from controller.database.postgresql import LINE  # noqa: PLC0415 - as above

        self.drop()
        try:
            self._db = psycopg.connect(self._line, autocommit=True, **LINE)  # type: ignore[arg-type] # texts
        except psycopg.OperationalError as error:
            raise opening_error(self._url, error) from error
        got = self._db.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,)).fetchone()
        if got != (True,):
            self.drop()
            raise RoleError(
                "ingest_taken",
                N_("Another ingest works on this database."),
                N_("There can be one alone. Stop it first; a service takes over once it ends."),
            )

    def drop(self) -> None:
        """Let another one have it."""
        if self._db is not None:
            with suppress(Exception):  # the line may be cut
                self._db.close()
            self._db = None

    async def watch(self, stop: asyncio.Event) -> None:
        """Keep it; where another process took it while the server was away, stop this one."""
        while not stop.is_set():
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await asyncio.to_thread(self._look)
            except RoleError as error:
                self.lost = error
                stop.set()

    def _look(self) -> None:
        import psycopg  # noqa: PLC0415 - a school has no such driver

        try:
            if self._db is not None:
                self._db.execute("SELECT 1")
                return
        except psycopg.Error:
            _LOGGER.warning("the line that holds the database is cut")
            self.drop()
        with suppress(psycopg.Error, StoreError):  # the server is away: the next look tries again
            self.take()


@contextmanager
def holding_database(database: str) -> Iterator[IngestLock | None]:
    """Hold the database for this ingest; of SQLite the folder's lock does. Raises RoleError."""
    if url_from(database).get_backend_name() == "sqlite":
        yield None
        return
    lock = IngestLock(database)
    lock.take()
    try:
        yield lock
    finally:
        lock.drop()
