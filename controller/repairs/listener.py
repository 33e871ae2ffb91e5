"""This file is repairs' part in the ingest: what a command dealt with is shown on the screens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection

from controller.database.plan_version import version_of
from controller.feature import Listener, Program
from controller.repairs.store import faults_of

RECENT_MS: Final = 86_400_000


class FaultListener(Listener[Any]):
    """Notices that a person has dealt with faults."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._version = 0

    def poll(self, db: Connection, now_ms: int) -> Sequence[object]:
        """What was dealt with of late, where anything was written since the last time."""
        version = version_of(db, self._program.school)
        if version == self._version:
            return ()
        self._version = version
        return faults_of(db, self._program.school, done_since_ms=now_ms - RECENT_MS)
