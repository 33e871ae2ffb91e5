"""This file keeps which starts of the controller served the database, and where each went on.

A start is named by chance, outside the database: a copy that is put back knows the starts until
it was made, and where the next one went on from it, which is not where the original did.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec
from sqlalchemy import Connection

from controller.database.facts import fact_of, require_fact, set_fact

MOST: Final = 500  # starts that are remembered; what is older is told anew
_FACT: Final = "starts"


class Start(NamedTuple):
    """A start of the controller: its name, and the newest changes that the database had then.

    change: of the feed; relay_change: of the list for the department.
    """

    name: str
    change: int
    relay_change: int


BEFORE_ALL: Final = Start("", 0, 0)  # what was served before starts were remembered
_starts: Final = msgspec.json.Decoder(list[Start])
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
