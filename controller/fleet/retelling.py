"""This file says to agents which of their events are stored, so that they tell the others again.

After a repair, a copy put back or a new beginning these are the only place that still has them.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, select

from controller.database.reading import rows_of
from controller.database.scope import within
from controller.fleet.tables import streams
from protocol.messages import EventsStored, StoredRun
from protocol.model import Place
from protocol.ranges import Stream

RUNS: Final = 400
RANGES: Final = 100


def stored_at(db: Connection, agent: Place, boot: str, now_ms: int, since_ms: int) -> EventsStored:
    """Which events of the agent are stored, the newest runs; boot: this start of the controller.

    What is left out is told once more, and taken once.
    """
    query = (
        select(streams.c.boot, streams.c.ranges)
        .where(within(streams, agent))
        .order_by(streams.c.heard_ms.desc())
        .limit(RUNS)
    )
    runs = (_run(row["boot"], row["ranges"]) for row in rows_of(db, query))
    return EventsStored(boot=boot, at_ms=now_ms, runs=tuple(runs), since_ms=since_ms)


def _run(boot: str, text: str) -> StoredRun:
    ranges = Stream.from_text(text).ranges[-RANGES:]
    return StoredRun(boot=boot, seqs=tuple((low, high) for low, high in ranges))
