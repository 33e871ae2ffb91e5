"""This file brings a database's schema up, by Alembic; loaded only where there is work for it."""

from __future__ import annotations

from functools import cache
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from controller.database.engine import StoreError, order_by_code_point
from controller.database.revision import MIGRATIONS
from protocol.words import N_

_HEAD: Final = "head"


def bring_up(db: Connection, revision: str = _HEAD) -> None:
    """Bring the schema up to this program's; an older program refuses a newer schema.

    revision: how far, where not all the way. Raises StoreError.
    """
    current = refuse_newer(db)
    if current != _scripts().get_current_head():
        config = _config()
        config.attributes["connection"] = db
        command.upgrade(config, revision)
        order_by_code_point(db)


def refuse_newer(db: Connection) -> str | None:
    """The number of the schema; None for none yet. Raises StoreError for one of a later program."""
    current = MigrationContext.configure(db).get_current_revision()
    if current is not None and not is_known(current):
        raise newer_schema(current)
    return current


def is_known(revision: str) -> bool:
    """Whether this program has the schema of that number."""
    return any(known.revision == revision for known in _scripts().walk_revisions())


def newer_schema(revision: str) -> StoreError:
    """The error of a database that this program is too old for."""
    return StoreError(
        "store_newer",
        N_("The database was made by a newer LopHoc (schema {schema})."),
        N_("Install that version or a later one; nothing was changed."),
        schema=revision,
    )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


@cache
def _scripts() -> ScriptDirectory:
    """The migrations, each of which is a file to run: read once."""
    return ScriptDirectory.from_config(_config())
