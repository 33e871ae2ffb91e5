"""This file opens the database that a URL names: a SQLite file, or a PostgreSQL server's.

What differs between the two stands here, so that everything else is the same on both.
"""

from __future__ import annotations

import importlib.util
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, cast

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    SQLAlchemyError,
    StatementError,
)

from protocol.errors import LopHocError
from protocol.salvage import is_emptied
from protocol.sqlite_errors import is_locked
from protocol.words import N_

_SCHEMA_TIMEOUT: Final = "15min"  # a large one is brought up in minutes
_POSTGRESQL: Final = frozenset({"postgres", "postgresql", "postgresql+psycopg"})
_SCHEMA_LOCK: Final = 0x10F40C  # whoever brings the schema up holds it; any number of our own
_FEED_LOCK: Final = 0x10F40D
_LOCK_NOT_AVAILABLE: Final = "55P03"  # PostgreSQL, "Error Codes": the wait for a lock was too long

COPIES: Final = "lophoc-*.db"
_BACKUPS: Final = f"backups/{COPIES}"
_SIGNS_OF_LIFE: Final = (_BACKUPS, "office.json", "broker/jetstream")
_REPAIR_IT: Final = N_("Run: lophoc-controller repair --data {folder}")


class StoreError(LopHocError):
    """The database cannot be used; `code` says why, `hint` what to do."""


class StoreDataError(StoreError):
    """The database works, and does not take this data: trying again would change nothing."""


def url_from(text: str) -> URL:
    """The database's URL, with the driver that we use. Raises StoreError."""
    try:
        url = make_url(text)
    except (SQLAlchemyError, ValueError):
        raise _wrong_url("") from None  # their text may hold the password
    if url.drivername == "sqlite":
        return url
    if url.drivername not in _POSTGRESQL:
        raise _wrong_url(url.drivername)
    if importlib.util.find_spec("psycopg") is None:
        raise StoreError(
            "store_driver_missing",
            N_("The driver for PostgreSQL is not installed."),
            N_("Install it: pip install 'lophoc[controller,postgresql]'."),
        )
    query = dict(url.query)
    if password := query.pop("password", ""):  # where it would be shown
        url = url.set(password=str(password), query=query)
    return url.set(drivername="postgresql+psycopg")


def engine_at(url: URL) -> Engine:
    """An engine whose connections keep what they have committed; nothing is opened yet."""
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url)
        event.listen(engine, "connect", _harden_sqlite)
        return engine
    from controller.database import postgresql  # noqa: PLC0415 - a school has no such driver

    line = {name: value for name, value in postgresql.LINE.items() if name not in url.query}
    # A connection that the server has ended meanwhile is found out and replaced before it is used.
    engine = create_engine(url, connect_args=line, pool_pre_ping=True)
    event.listen(engine, "connect", postgresql.harden)
    event.listen(engine, "before_cursor_execute", postgresql.without_nul, retval=True)
    return engine


def refuse_emptied(url: URL) -> None:
    """Refuse to begin anew where a school has worked before: an empty file is damage there.

    Only SQLite makes a new database by itself. Raises StoreError.
    """
    if url.get_backend_name() != "sqlite" or url.database in {None, "", ":memory:"}:
        return
    path = Path(str(url.database))
    if path.exists() and path.stat().st_size:
        return
    signs = _SIGNS_OF_LIFE if path.exists() else (_BACKUPS,)
    if is_emptied(path) or any(any(path.parent.glob(sign)) for sign in signs):
        raise StoreError(
            "store_damaged",
            N_("The database {where} is empty, and its folder is that of a school at work."),
            _REPAIR_IT,
            where=path,
            folder=path.parent,
        )


def check(db: Connection) -> None:
    """Refuse a damaged file, and a server's database that cannot hold every letter."""
    if db.dialect.name == "sqlite":
        verdict = db.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
        return
    encoding = db.exec_driver_sql("SHOW server_encoding").scalar_one()
    if encoding != "UTF8":
        raise StoreError(
            "store_encoding",
            N_("The database holds text as {encoding}, which lacks letters."),
            N_("Make one with: createdb --encoding=UTF8 --template=template0"),
            encoding=encoding,
        )


def alone(db: Connection) -> None:
    """Wait until no other program brings the schema up, and keep them waiting till the commit."""
    if db.dialect.name == "postgresql":
        for_a_row = db.exec_driver_sql("SHOW lock_timeout").scalar_one()
        db.exec_driver_sql(f"SET LOCAL lock_timeout = '{_SCHEMA_TIMEOUT}'")
        db.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_SCHEMA_LOCK})")
        db.exec_driver_sql(f"SET LOCAL lock_timeout = '{for_a_row}'")


def one_numbers(db: Connection) -> None:
    """Wait until nobody else numbers changes of the feed, and keep them waiting till the commit.

    Else a reader could be told of a number, and never of a smaller one that is committed later.
    """
    if db.dialect.name == "postgresql":
        db.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_FEED_LOCK})")
    elif not cast("sqlite3.Connection", db.connection.dbapi_connection).in_transaction:
        db.exec_driver_sql("BEGIN IMMEDIATE")  # else sqlite3 begins only when it writes


def order_by_code_point(db: Connection) -> None:
    """Have PostgreSQL compare text as SQLite does, whatever the server's language.

    Else a page after "p10" would depend on the server, and LIKE would not use an index.
    """
    if db.dialect.name != "postgresql":
        return
    rows = db.exec_driver_sql(
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = current_schema() AND data_type = 'text'"
        " AND collation_name IS DISTINCT FROM 'C' ORDER BY table_name, ordinal_position"
    ).all()
    quote = db.dialect.identifier_preparer.quote_identifier
    for table in dict.fromkeys(name for name, _ in rows):
        columns = [quote(column) for name, column in rows if name == table]
        changes = ", ".join(f'ALTER COLUMN {column} TYPE text COLLATE "C"' for column in columns)
        db.exec_driver_sql(f"ALTER TABLE {quote(table)} {changes}")


@contextmanager
def one_moment(engine: Engine) -> Iterator[Connection]:
    """A transaction whose every query sees the database as of the first one, and that only reads.

    Who writes after reading an older moment is refused by SQLite, now and then: when others wrote.
    """
    if engine.dialect.name == "postgresql":
        looking = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with engine.execution_options(**looking).begin() as db:
            yield db
        return
    with engine.begin() as db:
        db.exec_driver_sql("BEGIN")
        line = cast("sqlite3.Connection", db.connection.driver_connection)
        line.execute("PRAGMA query_only = ON")
        try:
            yield db
        finally:
            line.execute("PRAGMA query_only = OFF")


@contextmanager
def in_our_words() -> Iterator[None]:
    """Tell the refusals of the database, or of the disk, in our own words. Raises StoreError."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise _in_our_words(error) from error


def _in_our_words(error: Exception) -> StoreError:
    cause = _first_line(error)
    if _is_of_data(error):
        return StoreDataError(
            "store_data",
            N_("The database does not take what it was given ({cause})."),
            N_("This is a fault of LopHoc's or of the sender's; please report it."),
            cause=cause,
        )
    if _went_away(error):
        return StoreError(
            "store_lost",
            N_("The database server went away ({cause})."),
            N_("Check that it runs; nothing is lost, it will be tried again."),
            cause=cause,
        )
    if _is_held(error):
        return _held_error(cause)
    return StoreError(
        "store_refused",
        N_("The database did not do its work ({cause})."),
        N_("Free some space on the disk; nothing is lost, it will be tried again."),
        cause=cause,
    )


def opening_error(url: URL, error: Exception) -> StoreError:
    """Why the database could not be opened, without its password."""
    cause = error.__cause__ or error
    where = url.render_as_string(hide_password=True)
    if url.get_backend_name() == "sqlite" and not isinstance(cause, sqlite3.OperationalError):
        return StoreError(
            "store_damaged",
            N_("The database {where} is damaged ({cause})."),
            _REPAIR_IT,
            where=where,
            cause=cause,
            folder=Path(url.database or "").parent,
        )
    if _is_held(error):
        return _held_error(_first_line(error))
    if _asked_for_password(cause):
        return StoreError(
            "store_login_refused",
            N_("The database server does not let us in at {where} ({cause})."),
            N_("Check the user, the password and the database's name in the setting `database`."),
            where=where,
            cause=_first_line(error),
        )
    return StoreError(
        "store_unreachable",
        N_("The database {where} cannot be opened ({cause})."),
        N_("Check that it runs, its address, and the folder's owner and free space."),
        where=where,
        cause=_first_line(error),
    )


def _wrong_url(driver: str) -> StoreError:
    return StoreError(
        "store_url_wrong",
        N_("The setting `database` names no database that can be used here ({driver})."),
        N_("Write postgresql://user@host/database, or leave it out for a SQLite file."),
        driver=driver or "?",
    )


def _is_of_data(error: Exception) -> bool:
    """Whether it is the values that are refused, and not the disk, the line or a lock."""
    if not isinstance(error, DBAPIError):
        return isinstance(error, StatementError)  # a value that cannot even be handed over
    unbound = isinstance(error.orig, sqlite3.InterfaceError | sqlite3.ProgrammingError)
    return unbound or isinstance(error, IntegrityError | DataError)


def _is_held(error: Exception) -> bool:
    cause = error.__cause__ or error
    return is_locked(cause) or getattr(cause, "sqlstate", None) == _LOCK_NOT_AVAILABLE


def _held_error(cause: str) -> StoreError:
    return StoreError(
        "store_held",
        N_("Another program holds the database ({cause})."),
        N_("It is tried again; if it goes on, end what else works on the file, such as a copy."),
        cause=cause,
    )


def _went_away(error: Exception) -> bool:
    """Whether the line to the server is cut, or cannot be had: then it gave no code of its own."""
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    return lost or getattr(error.__cause__, "sqlstate", "") is None


def _first_line(error: Exception) -> str:
    """What the driver says, without the values that PostgreSQL adds in lines of detail."""
    return str(error.__cause__ or error).strip().partition("\n")[0]


def _asked_for_password(cause: BaseException) -> bool:
    """Whether the server answered and wanted a password; its words are in its own language."""
    line = getattr(cause, "pgconn", None)
    if line is None or getattr(cause, "sqlstate", None):
        return False
    return bool(line.used_password or line.needs_password)


def _harden_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA busy_timeout = 5000")
