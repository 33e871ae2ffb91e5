"""This file reads a SQLite database's pages as of one moment, while others write on.

Everything committed is brought into the file first, while nobody may write; a reader that begins
then needs nothing of the log, and while it reads nobody may change the file: others write to the
log. So nothing is copied in order to be read. https://www.sqlite.org/walformat.html#locks

Call it in a process of its own: a file that is closed here loses the locks of all its handles.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from controller.copies.errors import CopyError
from controller.copies.heads import corrections_in, heads_in
from controller.copies.manifest import CopiedHead
from protocol.salvage import tables_of
from protocol.words import N_

_TRIES: Final = 100
_BETWEEN_S: Final = 0.1
_BUFFER: Final = 1 << 20


class Snapshot:
    """The pages of one moment, and how many rows each table has in it."""

    def __init__(self, file: BinaryIO, reader: sqlite3.Connection) -> None:
        self._file = file
        self._reader = reader
        self.page_bytes = int(reader.execute("PRAGMA page_size").fetchone()[0])
        self.count = int(reader.execute("PRAGMA page_count").fetchone()[0])

    @property
    def size(self) -> int:
        """How long the database is, in bytes."""
        return self.count * self.page_bytes

    def pages(self, numbers: Sequence[int] | None = None) -> Iterator[bytes]:
        """The pages of these numbers, from 0; without numbers all of them."""
        self._file.seek(0)
        for number in range(self.count) if numbers is None else numbers:
            if numbers is not None:
                self._file.seek(number * self.page_bytes)
            yield self._file.read(self.page_bytes)

    def rows(self) -> dict[str, int]:
        """How many rows each table has."""
        return rows_of(self._reader)

    def heads(self) -> tuple[CopiedHead, ...]:
        """How far the rooms' attendance logs go in it."""
        return heads_in(self._reader)

    def corrections(self) -> tuple[CopiedHead, ...]:
        """How far the corrections of marks go in it."""
        return corrections_in(self._reader)


def rows_of(database: sqlite3.Connection) -> dict[str, int]:
    """How many rows each table has."""
    return {
        table: int(database.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0])  # noqa: S608
        for table in tables_of(database)
    }


def is_sqlite(path: Path) -> bool:
    """Whether the file is a SQLite database."""
    with path.open("rb") as file:
        return file.read(16) == b"SQLite format 3\0"


@contextmanager
def snapshot(path: Path) -> Iterator[Snapshot]:
    """The database as of now. Raises CopyError, OSError or sqlite3.Error."""
    with (
        path.open("rb", buffering=_BUFFER) as file,
        closing(_connected(path)) as writer,
        closing(_connected(path)) as reader,
    ):
        for _ in range(_TRIES):
            if _begun(writer, reader):
                yield Snapshot(file, reader)
                return
            time.sleep(_BETWEEN_S)
    raise CopyError(
        "database_busy",
        N_("The database {path} did not come to rest for a copy."),
        N_("It is tried again by itself."),
        path=path.name,
    )


def _begun(writer: sqlite3.Connection, reader: sqlite3.Connection) -> bool:
    """Have the reader begin while all that is committed stands in the file; whether it does."""
    writer.execute("BEGIN IMMEDIATE")
    try:
        busy, logged, moved = reader.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        if busy or logged != moved:
            return False
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        return True
    finally:
        writer.execute("ROLLBACK")


def _connected(path: Path) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode=rw"
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=10.0)
