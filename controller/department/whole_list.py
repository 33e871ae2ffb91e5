"""This file knows whether a school's list of equipment is known, or began anew in a new database.

What a new database lacks is unknown, not gone: the department keeps what the one before told, until
there is a book, or a person says that this is all.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from controller.database.facts import fact_of, set_fact
from controller.database.starts import BEFORE_ALL, starts_of
from controller.feature import Program
from controller.inventory.store import has_lines

_KNOWN: Final = "list_known"  # the fact: of which database; "" of none yet


def note_begun(db: Connection, program: Program) -> None:
    """At the first start with this database: it knows its list if it told one before."""
    if fact_of(db, _KNOWN) is None:
        starts = starts_of(db)
        is_new = starts[0] == BEFORE_ALL and not starts[1:-1] and not starts[-1].relay_change
        set_fact(db, _KNOWN, "" if is_new else program.store.feed_id)


def is_known(db: Connection, program: Program) -> bool:
    """Whether what the list lacks is not there."""
    known = fact_of(db, _KNOWN)
    return known in {None, program.store.feed_id} or has_lines(db, program.school)


def say_whole(db: Connection, program: Program) -> None:
    """A person says that this is all."""
    set_fact(db, _KNOWN, program.store.feed_id)
