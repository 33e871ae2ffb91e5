"""This file holds the tables of schools, areas and mergers."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Table, Text

from controller.database.schema import flag_column, metadata, millis_column, school_key, text_column

schools: Final = Table(
    "schools",
    metadata,
    *school_key(),
    text_column("name"),
    text_column("version"),
    text_column("boot"),
    Column("session", BigInteger, nullable=False),
    Column("rev", BigInteger, nullable=False),
    flag_column("online"),
    text_column("feed"),
    Column("reached", BigInteger, nullable=False),  # how far its list of items was taken
    Column("newest", BigInteger, nullable=False),  # how far it goes at the school
    flag_column("whole"),  # whether nothing of an older list of its stands here any more
    text_column("figures"),  # JSON
    millis_column("as_of_ms"),  # when the figures were true, by the school's clock
    millis_column("first_heard_ms"),
    millis_column("heard_ms"),
)


areas: Final = Table(
    "areas",
    metadata,
    Column("province", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    text_column("name"),
    text_column("kind"),  # a word such as xã or phường
    text_column("parent"),
    text_column("since"),  # a local day, empty: from the first
    text_column("until"),  # the first day on which it is no more, empty: it stands
)


memberships: Final = Table(
    "memberships",
    metadata,
    *school_key(),
    Column("since", Text, primary_key=True),  # a local day, empty: from the first
    text_column("area"),
)


school_facts: Final = Table(
    "school_facts",
    metadata,
    *school_key(),
    text_column("name"),
    text_column("level"),
    text_column("sites"),  # JSON
)


mergers: Final = Table(
    "mergers",
    metadata,
    Column("province", Text, primary_key=True),
    Column("no", BigInteger, primary_key=True, autoincrement=False),
    text_column("what"),
    text_column("old"),
    text_column("new"),  # empty: it is retired
    text_column("since"),
    text_column("who"),
    millis_column("at_ms"),
    millis_column("undone_ms", nullable=True),
)
