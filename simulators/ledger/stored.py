"""This file reads what a controller has stored, out of its SQLite file, by itself."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final, NamedTuple

from protocol.clock import wall_ms

DATABASE: Final = "lophoc.db"
_MARK: Final = ("student", "status", "method", "class_code")
_USE: Final = ("week", "device_id", "room", "on_min", "used_min", "planned_min", "known_min")
_WAIT_S: Final = 30.0
_PLAY_MS: Final = 86_400_000  # no play lasts as long


class StoredRow(NamedTuple):
    """One row of the log: whose, under which id, of which kind, and what it says."""

    agent: str
    id: str
    kind: str
    facts: dict[str, Any]


def rows_in(database: Path, ahead_s: int = 0) -> list[StoredRow]:
    """Every mark, roll, event and fault. Raises sqlite3.Error.

    ahead_s: so far ahead of the true time the controller may have dated what a false clock told.
    """
    latest_ms = wall_ms() + ahead_s * 1000 + _PLAY_MS

    def row_for(row: sqlite3.Row, kind: str, facts: dict[str, Any]) -> StoredRow:
        common = {"room": row["room"], "at_ms": _said_ms(row, latest_ms), "lesson": row["lesson"]}
        return StoredRow(row["agent"], row["event_id"], kind, common | facts)

    with _opened(database) as db:
        marks = [
            row_for(row, "attendance", {name: row[name] for name in _MARK})
            for row in _all(db, "marks")
        ]
        rolls = [
            row_for(row, "roll_reopened" if row["reopened"] else "roll_confirmed", _roll(row))
            for row in _all(db, "rolls")
        ]
        events = [
            row_for(row, row["kind"], {"body": json.loads(row["body"])})
            for row in _all(db, "events")
        ]
        faults = [row_for(row, "fault", {"part": row["part"]}) for row in _all(db, "faults")]
    return marks + rolls + events + faults


def devices_in(database: Path) -> dict[str, tuple[str, str, str]]:
    """Agent, status and model of every device that is there, by its id. Raises sqlite3.Error."""
    with _opened(database) as db:
        return {
            row["device_id"]: (row["agent"], row["status"], row["model"])
            for row in _all(db, "devices")
            if row["removed_ms"] is None
        }


def uses_in(database: Path, school: str) -> set[tuple[Any, ...]]:
    """The weeks of use that are kept of a school. Raises sqlite3.Error."""
    with _opened(database) as db:
        return {
            tuple(row[name] for name in _USE)
            for row in _all(db, "use_weeks")
            if row["school"] == school
        }


def items_in(database: Path, school: str) -> dict[str, tuple[Any, ...]]:
    """The items of a school that are there, by their id. Raises sqlite3.Error."""
    with _opened(database) as db:
        return {
            row["device_id"]: (row["asset_tag"], row["room"], row["serial"], row["state"])
            for row in _all(db, "assets")
            if row["school"] == school and row["removed_ms"] is None
        }


def heard_in(database: Path, school: str) -> int:
    """When a department heard a school last, by its own time; 0: never. Raises sqlite3.Error."""
    with _opened(database) as db:
        query = "SELECT heard_ms FROM schools WHERE school = ?"
        row = db.execute(query, (school,)).fetchone()
    return int(row[0]) if row else 0


def waiting_in(outbox: Path) -> set[str]:
    """The ids of the events that wait in an outbox. Raises sqlite3.Error."""
    if not outbox.exists():
        return set()
    with _opened(outbox) as db:
        return {name for (name,) in db.execute("SELECT id FROM parcel WHERE lane > 0")}


def archived_in(outbox: Path) -> set[str]:
    """The ids of the events that an outbox keeps after their ack. Raises sqlite3.Error."""
    if not outbox.exists():
        return set()
    with _opened(outbox) as db:
        return {name for (name,) in db.execute("SELECT id FROM archive")}


def dropped_in(outbox: Path) -> int:
    """How many events an outbox had to drop. Raises sqlite3.Error."""
    with _opened(outbox) as db:
        row = db.execute("SELECT value FROM tally WHERE name = 'dropped'").fetchone()
    return int(row[0]) if row else 0


def _roll(row: sqlite3.Row) -> dict[str, Any]:
    return {"day": row["told_day"] or row["day"], "lines": json.loads(row["lines"])}


def _said_ms(row: sqlite3.Row, latest_ms: int) -> int:
    """When its agent said that it happened; where that cannot be, it is placed where it may."""
    at_ms: int = row["at_ms"]
    told_ms: int | None = row["told_ms"] if "told_ms" in row.keys() else None  # noqa: SIM118 - no mapping
    is_placed = wall_ms() - _PLAY_MS < at_ms < latest_ms
    return told_ms if told_ms is not None and is_placed else at_ms


def _all(db: sqlite3.Connection, table: str) -> Iterator[sqlite3.Row]:
    return iter(db.execute(f"SELECT * FROM {table}"))  # noqa: S608 - names of ours


def _opened(database: Path) -> closing[sqlite3.Connection]:
    db = sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True, timeout=_WAIT_S)
    db.row_factory = sqlite3.Row
    return closing(db)
