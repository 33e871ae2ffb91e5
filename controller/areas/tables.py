"""This file holds the tables of areas, of who belongs to them, and of mergers."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Table

from controller.database.schema import keys, longs, metadata, texts

areas: Final = Table(
    "areas",
    metadata,
    *keys("province", "code"),
    *texts("name"),
    *texts("kind"),  # a word such as xã or phường
    *texts("parent"),
    *texts("since"),  # a local day, empty: from the first
    *texts("until"),  # the first day on which it is no more, empty: it stands
)


memberships: Final = Table(
    "memberships",
    metadata,
    *keys("province", "school"),
    *keys("since"),  # a local day, empty: from the first
    *texts("area"),
)


school_facts: Final = Table(
    "school_facts",
    metadata,
    *keys("province", "school"),
    *texts("name", "level", "sites"),  # JSON: sites
)


mergers: Final = Table(
    "mergers",
    metadata,
    *keys("province"),
    Column("no", BigInteger, primary_key=True, autoincrement=False),
    *texts("what", "old"),
    *texts("new"),  # empty: it is retired
    *texts("since", "who"),
    *longs("at_ms"),
    *longs("undone_ms", nullable=True),
)
