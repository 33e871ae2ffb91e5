"""This file keeps single facts about the database, each by its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection, Table, select

from controller.database.required import Row, require
from controller.database.schema import keys, metadata, texts
from controller.database.scope import everywhere
from controller.database.writing import insert_into

facts: Final = Table("facts", metadata, *keys("name"), *texts("value"))


def fact_of(db: Connection, name: str) -> str | None:
    """The fact of this name, if it is kept."""
    query = select(facts.c.value).where(everywhere(facts), facts.c.name == name)
    return db.execute(query).scalar_one_or_none()


def set_fact(db: Connection, name: str, value: str) -> None:
    """Keep the fact in the place of what had its name."""
    statement = insert_into(db, facts).values(name=name, value=value)
    same = {"value": statement.excluded.value}
    db.execute(statement.on_conflict_do_update(index_elements=["name"], set_=same))


def require_fact(name: str, read: Callable[[str], object]) -> None:
    """The fact of this name is read so. read: raises ValueError or DecodeError otherwise."""

    def read_row(row: Row) -> object:
        return row["name"] == name and read(row["value"])

    require(facts, read_row)
