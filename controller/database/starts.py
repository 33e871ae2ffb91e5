"""This file keeps which starts of the controller served the database, and where each went on.

A start is named by chance, outside the database: a copy that is put back knows the starts until
it was made, and where the next one went on from it, which is not where the original did.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec
from sqlalchemy import Connection

from controller.database.facts import fact_of, require_fact, set_fact
from controller.database.numbered import numbers_given
from protocol.shapes import json_decoder

MOST: Final = 500  # starts that are remembered; what is older is told anew
_FACT: Final = "starts"
_DIGITS: Final = 19  # of the longest number that a database keeps


class Start(NamedTuple):
    """A start of the controller: its name, and the newest changes that the database had then.

    change: of the feed; relay_change: of the list for the department. numbers: as `numbers_given`.
    """

    name: str
    change: int
    relay_change: int
    numbers: int = 0


BEFORE_ALL: Final = Start("", 0, 0)  # what was served before starts were remembered
_starts: Final = json_decoder(list[Start])
require_fact(_FACT, _starts.decode)


def starts_of(db: Connection) -> list[Start]:
    """The starts that served this database, oldest first; at least one."""
    starts = _starts.decode(fact_of(db, _FACT) or "[]")
    return starts if len(starts) >= MOST else [BEFORE_ALL, *starts]


def note_start(db: Connection, start: Start) -> None:
    """Remember that this start serves the database from now on."""
    starts = [*starts_of(db), start]
    set_fact(db, _FACT, msgspec.json.encode(starts[1:][-MOST:]).decode())


def is_of_history(starts: list[Start], name: str, change: int) -> bool:
    """Whether the change that was told in this start is in the history of this database."""
    names = [start.name for start in starts]
    if name not in names:
        return False
    later = starts[names.index(name) + 1 :]
    return not later or change <= later[0].change


def mark_of(db: Connection) -> str:
    """What a page carries of its history: the newest start, and how far numbers go."""
    return f"{starts_of(db)[-1].name}.{numbers_given(db)}"


def is_mark_of(db: Connection, mark: str) -> bool:
    """Whether what a page of this mark named by a number still has that number here."""
    name, _, told = mark.rpartition(".")
    starts = starts_of(db)
    at = next((place for place, start in enumerate(starts) if start.name == name), None)
    if at is None or not (told.isascii() and told.isdecimal() and len(told) <= _DIGITS):
        return False
    reached = starts[at + 1].numbers if at + 1 < len(starts) else numbers_given(db)
    return int(told) <= reached
