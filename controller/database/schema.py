"""This file holds what every table is made of, the same on SQLite and PostgreSQL."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Integer, MetaData, Text

metadata: Final = MetaData()

# SQLite numbers rows by itself only for INTEGER PRIMARY KEY; PostgreSQL needs 64 bits.
NUMBER: Final = BigInteger().with_variant(Integer(), "sqlite")


def place_columns() -> tuple[Column[str], Column[str]]:
    """The columns of whose row it is."""
    return Column("province", Text, nullable=False), Column("school", Text, nullable=False)


def school_key() -> tuple[Column[str], Column[str]]:
    """The same as the first columns of the key."""
    return Column("province", Text, primary_key=True), Column("school", Text, primary_key=True)


def text_column(name: str) -> Column[str]:
    """A text, perhaps empty."""
    return Column(name, Text, nullable=False)


def flag_column(name: str) -> Column[bool]:
    """Yes or no."""
    return Column(name, Boolean(create_constraint=False), nullable=False)


def millis_column(name: str, *, nullable: bool = False) -> Column[int]:
    """A moment, in milliseconds since 1970 (UTC)."""
    return Column(name, BigInteger, nullable=nullable)
