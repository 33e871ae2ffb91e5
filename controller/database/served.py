"""This file remembers in the controller's folder which database it works with.

Else settings that lost one line would have a school begin anew, or go on with a file of last year.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from sqlalchemy import URL, inspect
from sqlalchemy.exc import SQLAlchemyError

from controller.database.engine import StoreError, engine_at, opening_error, url_from
from controller.database.facts import fact_of, facts
from controller.database.place_note import DATABASE, SERVED
from controller.database.store import FEED, Store
from protocol.folder import OWNER_ONLY, write_whole
from protocol.shapes import from_json
from protocol.unreadable import UNREADABLE
from protocol.words import N_


class ServedDatabase(msgspec.Struct, frozen=True):
    """where: without a user or password; empty for the file in the folder. feed_id: which one."""

    where: str = ""
    feed_id: str = ""


def database_url(folder: Path, told: str) -> str:
    """The database to open: the one that is told, or a SQLite file in the folder."""
    return told or f"sqlite:///{folder / DATABASE}"


@contextmanager
def served_store(folder: Path, told: str) -> Iterator[Store]:
    """The database of a controller at work, which its folder remembers from now on.

    Raises StoreError, also where it has worked with another one; OSError.
    """
    with known_store(folder, told) as store:
        served = ServedDatabase(_where(folder, url_from(store.named)), store.feed_id)
        if served_in(folder) != served:
            write_whole(folder / SERVED, msgspec.json.encode(served), OWNER_ONLY)
        yield store


@contextmanager
def known_store(folder: Path, told: str) -> Iterator[Store]:
    """The database of the folder. Raises StoreError, also where that has worked with another."""
    refuse_other(folder, told)
    with Store(database_url(folder, told)) as store:
        yield store


def refuse_other(folder: Path, told: str) -> None:
    """Refuse a database that is not the folder's, and its own server's where that is empty now.

    One that moved is known by its id. Raises StoreError.
    """
    served, url = served_in(folder), url_from(database_url(folder, told))
    if served is None:
        return
    is_there_still = _where(folder, url) == served.where
    if is_there_still and url.get_backend_name() == "sqlite":
        return  # what became of the file the store sees by itself
    found = _feed_id_at(url)
    where = url.render_as_string(hide_password=True)
    if is_there_still and not found:
        raise StoreError(
            "store_emptied",
            N_("The database {where} is empty, and {folder} has worked with it."),
            N_("Bring a copy of it back. If it is meant to begin anew, remove the file {file}."),
            where=where,
            folder=folder.absolute(),
            file=folder.absolute() / SERVED,
        )
    if not is_there_still and found != served.feed_id:
        raise StoreError(
            "store_other",
            N_("The settings name the database {where}, and {folder} has worked with {known}."),
            N_(
                "Write the setting `database` as it was. If this one is meant, remove the file"
                " {file}."
            ),
            where=where,
            known=served.where or folder.absolute() / DATABASE,
            folder=folder.absolute(),
            file=folder.absolute() / SERVED,
        )


def served_in(folder: Path) -> ServedDatabase | None:
    """Which database the folder has worked with; None where that was never told, or is damaged."""
    try:
        return from_json((folder / SERVED).read_bytes(), ServedDatabase)
    except (OSError, *UNREADABLE):
        return None


def _where(folder: Path, url: URL) -> str:
    if url.get_backend_name() == "sqlite":
        path = Path(url.database or "").resolve()
        return "" if path == (folder / DATABASE).resolve() else f"sqlite:///{path}"
    host = url.host or str(url.query.get("host", ""))
    return f"postgresql://{host}{f':{url.port}' if url.port else ''}/{url.database or ''}"


def _feed_id_at(url: URL) -> str:
    """Which database lies there; empty where none does. Raises StoreError."""
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        return ""
    engine = engine_at(url)
    try:
        with engine.connect() as db:
            return (inspect(db).has_table(facts.name) and fact_of(db, FEED)) or ""
    except SQLAlchemyError as error:
        raise opening_error(url, error) from error
    finally:
        engine.dispose()
