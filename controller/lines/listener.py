"""This file is the lines' part in a department's ingest: it counts what was stored of schools."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection

from controller.database.changes import of_kind
from controller.department.school_record import SchoolRecord
from controller.department.schools import LineSaid
from controller.department.store import schools_of
from controller.feature import Command, Listener, Program
from controller.lines.line import DAY_MS, KEEP_MS, LineWatch, day_of
from controller.lines.store import days_since
from protocol.model import Place


class LinesListener(Listener[object]):
    """Counts in memory what was stored; the days' rows are written every ten minutes."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._watch: LineWatch | None = None
        self._kept_ms = -KEEP_MS

    def load(self, db: Connection) -> None:
        """Read how it stood; later what was counted stays, for it was of stored changes alone."""
        if self._watch:
            self._watch.keep_again()
            return
        now_ms, zone = self._program.now_ms(), self._program.zone
        province = Place(self._program.school.province)
        self._watch = LineWatch(zone, now_ms)
        days = days_since(db, province, day_of(now_ms - DAY_MS, zone))
        self._watch.know(schools_of(db, province), days, now_ms)

    def greet(self, now_ms: int) -> None:
        """While this controller had no line itself, nobody was silent."""
        if self._watch:
            self._watch.listen(now_ms)

    def follow(self, changes: Sequence[object], now_ms: int) -> Iterable[Command]:
        """Count what was stored."""
        if self._watch:
            for record in of_kind(changes, SchoolRecord):
                self._watch.hear(record, now_ms)
            for said in of_kind(changes, LineSaid):
                self._watch.note(said, now_ms)
        return ()

    def expire(self, now_ms: int) -> Sequence[object]:
        """Count silence; now and then the days that are to be kept."""
        watch = self._watch
        if not watch or not watch.tick(self._taken, now_ms):
            return ()
        if abs(now_ms - self._kept_ms) < KEEP_MS:
            return ()
        self._kept_ms = now_ms
        return watch.to_keep(now_ms)

    def _taken(self) -> Mapping[str, int]:
        return {name: peer.bytes for name, peer in self._program.traffic().items()}
