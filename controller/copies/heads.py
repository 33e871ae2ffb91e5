"""This file reads how far rooms' logs and the corrections of marks go, for a copy's manifest.

There the heads can be read without the copy's database, and by whoever holds the key alone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, Final

from controller.copies.manifest import CopiedHead
from protocol.salvage import tables_of
from protocol.topics import CONTROLLER

TABLE: Final = "chain_heads"
_COLUMNS: Final = CopiedHead.__struct_fields__
# The highest head of each key, and where the next one that was told is lower: there a computer was
# put back, and that branch of its log goes no further.
ENDS: Final = f"""
    SELECT {", ".join(_COLUMNS)} FROM (
        SELECT *, lead(links) OVER (
            PARTITION BY province, school, agent, "key" ORDER BY received_ms, links
        ) AS next_links FROM {TABLE}
    ) AS told
    WHERE next_links IS NULL OR next_links < links
"""  # noqa: S608 - our own names


CORRECTIONS: Final = "corrections"
# The last of each school's: its hash is of all before it.
LAST_CORRECTIONS: Final = f"""
    SELECT province, school, '{CONTROLLER}', '', hash, '', number, '', received_ms, received_ms
    FROM {CORRECTIONS} AS last
    WHERE number = (
        SELECT max(number) FROM {CORRECTIONS} AS own
        WHERE own.province = last.province AND own.school = last.school
    )
"""  # noqa: S608 - our own names


def heads_in(db: sqlite3.Connection) -> tuple[CopiedHead, ...]:
    """The heads in a SQLite database, which may be one of before there were any."""
    return heads_from(db.execute(ENDS)) if TABLE in tables_of(db) else ()


def corrections_in(db: sqlite3.Connection) -> tuple[CopiedHead, ...]:
    """The ends of the schools' corrections, likewise."""
    return heads_from(db.execute(LAST_CORRECTIONS)) if CORRECTIONS in tables_of(db) else ()


def heads_from(rows: Iterable[Sequence[Any]]) -> tuple[CopiedHead, ...]:
    """The heads in the rows that these give."""
    return tuple(CopiedHead(**dict(zip(_COLUMNS, row, strict=True))) for row in rows)
