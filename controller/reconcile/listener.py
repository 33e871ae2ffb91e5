"""This file is reconciling's part in the ingest: what the book names is equipment everywhere."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from controller.database.plan_version import version_of
from controller.database.store import StoreError
from controller.feature import Listener, Program
from controller.fleet.listener import FleetListener
from controller.reconcile.store import named_in


class BookListener(Listener[Any]):
    """Tells the fleet which devices a line of the book names, at each change of the book."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._fleet = program.service(FleetListener)

    def load(self, db: Connection) -> None:
        """Read what the book names."""
        self._take(db)

    def poll(self, db: Connection, now_ms: int) -> Sequence[object]:
        """Read it again where the book, or what people decided, is otherwise."""
        if version_of(db, self._program.school) != self._fleet.book_version:
            self._take(db)
        return ()

    async def catch_up(self) -> None:
        """A person has decided: screens follow at once, rooms at the next look."""
        with contextlib.suppress(StoreError):  # what was decided is stored; the next look takes it
            await run_in_threadpool(self._program.store.read, self.poll, self._program.now_ms())
            await self._program.writing.apply(self._fleet.confirm)

    def _take(self, db: Connection) -> None:
        school = self._program.school
        self._fleet.expect(version_of(db, school), named_in(db, school))
