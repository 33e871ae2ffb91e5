"""This file holds what every table is made of, the same on SQLite and PostgreSQL."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Integer, MetaData, Text

metadata: Final = MetaData()

# SQLite numbers rows by itself only for INTEGER PRIMARY KEY; PostgreSQL needs 64 bits.
NUMBER: Final = BigInteger().with_variant(Integer(), "sqlite")


def keys(*names: str) -> list[Column[str]]:
    """Texts that make the key, such as whose row it is."""
    return [Column(name, Text, primary_key=True) for name in names]


def texts(*names: str, nullable: bool = False) -> list[Column[str]]:
    """Texts, perhaps empty."""
    return [Column(name, Text, nullable=nullable) for name in names]


def flags(*names: str) -> list[Column[bool]]:
    """Yes or no."""
    return [Column(name, Boolean(create_constraint=False), nullable=False) for name in names]


def numbers(*names: str, nullable: bool = False) -> list[Column[int]]:
    """Whole numbers."""
    return [Column(name, Integer, nullable=nullable) for name in names]


def longs(*names: str, nullable: bool = False) -> list[Column[int]]:
    """Whole numbers of 64 bits; those in _ms are moments, in milliseconds since 1970 (UTC)."""
    return [Column(name, BigInteger, nullable=nullable) for name in names]
