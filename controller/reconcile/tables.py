"""This file holds the table of the figure, day by day."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Table, Text

from controller.database.schema import metadata, school_key

figures: Final = Table(
    "figures",
    metadata,
    *school_key(),
    Column("day", Text, primary_key=True),
    Column("declared", BigInteger, nullable=False),
    Column("complete", BigInteger, nullable=False),
    Column("verified", BigInteger, nullable=False),
    Column("managed", BigInteger, nullable=False),
)
