"""This file keeps the last probe: a write as small as one can be."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from controller.database.changes import of_kind
from controller.database.facts import set_fact
from controller.supervision.round_trip import Probe


def keep(db: Connection, changes: Sequence[object], now_ms: int) -> None:
    """Keep the newest probe of a batch, and when it came."""
    for probe in of_kind(changes, Probe)[-1:]:
        set_fact(db, "probe", f"{now_ms}-{probe.number}")
