"""This file holds the tables of schools, areas and mergers."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Table

from controller.database.schema import flags, keys, longs, metadata, texts

schools: Final = Table(
    "schools",
    metadata,
    *keys("province", "school"),
    *texts("name", "version", "boot"),
    *longs("session", "rev"),
    *flags("online"),
    *texts("feed"),
    *longs("reached"),  # how far its list of items was taken
    *longs("newest"),  # how far it goes at the school
    *flags("whole"),  # whether nothing of an older list of its stands here any more
    *texts("figures"),  # JSON
    *longs("as_of_ms"),
    *longs("first_heard_ms", "heard_ms"),
    *flags("chained"),  # whether it names the starts of its controller
    *texts("branch"),  # what its list is told apart by from another history of the same database
    *texts("day"),  # of its newest figures
    *longs("heard_rev"),  # the highest number of its list that was taken
    *longs("behind_rev"),  # of that, what the starts before the believed one had said
    *longs("owed"),  # how often it must have begun anew, before nothing is missing here
    *texts("rival"),  # the start that speaks as this school too
    *longs("rival_ms", "forked_ms"),  # when that was heard last; when another history began
)


told_numbers: Final = Table(
    "told_numbers",
    metadata,
    *keys("province", "school"),
    *keys("what"),  # a day or the Monday of a week, with its kind before it
    *texts("numbering"),  # the list in which it has its number
    *longs("number"),
)


item_steps: Final = Table(
    "item_steps",
    metadata,
    *keys("province", "school", "device_id"),
    Column("day", BigInteger, primary_key=True, autoincrement=False),  # since 1970, in UTC
    *longs("at_ms"),
    *texts("room", "state", "condition"),
    *flags("here"),
)


told_seals: Final = Table(
    "told_seals",
    metadata,
    *keys("province", "school", "agent", "key"),
    Column("week", BigInteger, primary_key=True, autoincrement=False),  # since 1970
    *longs("links", "at_ms", "heard_ms"),
    *texts("seal"),
)
