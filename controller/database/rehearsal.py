"""This file brings a copy of a database up before the real one: failing there changes nothing.

A PostgreSQL server needs none: there all of it is one transaction.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

from sqlalchemy import URL, Connection, func, inspect, select, table
from sqlalchemy.exc import SQLAlchemyError

from controller.database.engine import StoreError, check, engine_at
from controller.database.scope import everywhere
from protocol.words import N_

REHEARSAL: Final = "rehearsal"
_BESIDE: Final = ("", "-wal", "-shm", "-journal")
_MARGIN: Final = 2  # what a migration writes beside what is there
# Which schema it is, and what is made anew at each start.
_OWN: Final = frozenset({"alembic_version"})


def rehearse(url: URL, bring_up: Callable[[Connection], None]) -> None:
    """Bring a copy of a SQLite file up, and look at it. Raises StoreError; nothing was changed."""
    if url.get_backend_name() != "sqlite" or url.database in {None, "", ":memory:"}:
        return
    path = Path(str(url.database))
    copy = path.with_name(f"{path.name}.{REHEARSAL}")
    try:
        _remove(copy)
        _need_space(path)
        _copy(path, copy)
        _try_out(url.set(database=str(copy)), bring_up)
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise StoreError(
            "store_rehearsal",
            N_("The database cannot be brought up to this version ({cause}); nothing was changed."),
            N_("Install the version before again; it goes on with the data as they are."),
            cause=str(error.__cause__ or error).partition("\n")[0],
        ) from error
    finally:
        _remove(copy)


def _try_out(url: URL, bring_up: Callable[[Connection], None]) -> None:
    engine = engine_at(url)
    try:
        with engine.begin() as db:
            before = _names(db)
            bring_up(db)
        with engine.begin() as db:
            check(db)
            for name in before & _names(db):  # each can still be read
                every = table(name)
                db.execute(select(func.count()).select_from(every).where(everywhere(every)))
    finally:
        engine.dispose()


def _names(db: Connection) -> set[str]:
    return {*inspect(db).get_table_names()} - _OWN


def _need_space(path: Path) -> None:
    size = path.stat().st_size * (1 + _MARGIN)
    if shutil.disk_usage(path.parent).free < size:
        raise StoreError(
            "store_rehearsal_space",
            N_("There is too little room to try the new version on a copy of the database."),
            N_("Free {mb} MB on the server's disk, then start again; nothing was changed."),
            mb=-(-size // 1_000_000),
        )


def _copy(path: Path, copy: Path) -> None:
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)


def _remove(copy: Path) -> None:
    for end in _BESIDE:
        copy.with_name(copy.name + end).unlink(missing_ok=True)
