"""This file keeps events that their receiver has, in case it loses them: bounded, oldest go first.

It lies in the outbox's file, and every function works in a transaction of the outbox's.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec
from msgspec.structs import replace

from protocol.messages import (
    ERASED,
    Ack,
    AnyEvent,
    AttendanceMarked,
    MessageError,
    RollConfirmed,
    StoredRun,
    Tombstone,
    to_bytes,
    up_from,
)
from protocol.model import FIRST_MS
from protocol.parcel import Lane, Parcel, aged
from protocol.ranges import gaps_of
from protocol.shapes import json_decoder
from protocol.topics import Channel, address_of, topic_of

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS archive (
    no      INTEGER PRIMARY KEY,        -- its place in the outbox, where it waited
    lane    INTEGER NOT NULL,
    id      TEXT NOT NULL UNIQUE,
    boot    TEXT NOT NULL,
    number  INTEGER NOT NULL,
    topic   TEXT NOT NULL,
    payload BLOB NOT NULL,
    lived_s REAL NOT NULL               -- the outbox's running time when it was put
) STRICT;
CREATE INDEX IF NOT EXISTS archive_boot ON archive (boot, number);
"""
_COLUMNS: Final = "no, lane, id, boot, number, topic, payload, lived_s"
_AGED_AT_ONCE: Final = 100
_SHARE: Final = 8  # of what is here, so much goes when the disk is full
_LEAST: Final = 2000


class Archive:
    """How much is kept in the table, and what is let go. max_bytes: 0 where nothing is kept."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self.bytes = 0

    def recount(self, db: sqlite3.Connection) -> None:
        """Measure what lies here."""
        query = "SELECT coalesce(sum(length(payload)), 0) FROM archive"
        (self.bytes,) = db.execute(query).fetchone()

    def keep(self, db: sqlite3.Connection, boot: str, low: int, high: int) -> None:
        """Take over the events of the outbox that its receiver has now."""
        if not self._max_bytes:
            return
        chosen = "FROM parcel WHERE lane > 0 AND boot = ? AND number BETWEEN ? AND ?"
        bounds = (boot, low, high)
        same = f"id IN (SELECT id {chosen}) OR no IN (SELECT no {chosen})"
        self._delete(db, same, *bounds, *bounds)
        moving = f"INSERT INTO archive ({_COLUMNS}) SELECT {_COLUMNS} {chosen}"
        moved = db.execute(f"{moving} RETURNING length(payload)", bounds).fetchall()
        self.bytes += sum(size for (size,) in moved)
        while self.bytes > self._max_bytes:
            self._delete(db, "no = (SELECT min(no) FROM archive)")

    def age(self, db: sqlite3.Connection, before_s: float) -> None:
        """Let go of what was put before, by the outbox's running time; some at a time."""
        oldest = "SELECT no, lived_s FROM archive ORDER BY no LIMIT ?"
        aged = f"no IN (SELECT no FROM ({oldest}) WHERE lived_s < ?)"  # noqa: S608 - own names
        self._delete(db, aged, _AGED_AT_ONCE, before_s)

    def shrink(self, db: sqlite3.Connection) -> None:
        """Let go of the oldest, an eighth of them, or about a megabyte."""
        (count,) = db.execute("SELECT count(*) FROM archive").fetchone()
        some = max(count // _SHARE, _LEAST)
        self._delete(db, "no IN (SELECT no FROM archive ORDER BY no LIMIT ?)", some)

    def erase(self, db: sqlite3.Connection, tombstones: Iterable[Tombstone]) -> None:
        """Put tombstones where the receiver has them."""
        for tombstone in tombstones:
            query = "SELECT no, payload FROM archive WHERE id = ?"
            for no, payload in db.execute(query, (tombstone.id,)).fetchall():
                erased = _erased(payload, tombstone.lines)
                db.execute("UPDATE archive SET payload = ? WHERE no = ?", (erased, no))
                self.bytes += len(erased) - len(payload)

    def erase_pupil(self, db: sqlite3.Connection, is_pupil: Callable[[str], bool]) -> int:
        """Put tombstones where this pupil stands; returns in how many events."""
        erased, bytes_more = without_pupil_in(db, "archive", is_pupil)
        self.bytes += bytes_more
        return erased

    def _delete(self, db: sqlite3.Connection, where: str, *values: object) -> None:
        deleting = f"DELETE FROM archive WHERE {where} RETURNING length(payload)"  # noqa: S608
        self.bytes -= sum(size for (size,) in db.execute(deleting, values).fetchall())


def without_pupil_in(
    db: sqlite3.Connection, table: str, is_pupil: Callable[[str], bool]
) -> tuple[int, int]:
    """Put tombstones in a table of events; returns in how many, and by how many bytes it grew."""
    query = f"SELECT no, payload FROM {table} WHERE lane > 0"  # noqa: S608 - own names
    erased = 0
    bytes_more = 0
    for no, payload in db.execute(query).fetchall():
        lines = _lines_of(payload, is_pupil)
        if lines is None:
            continue
        rest = _erased(payload, lines)
        db.execute(f"UPDATE {table} SET payload = ? WHERE no = ?", (rest, no))  # noqa: S608
        erased += 1
        bytes_more += len(rest) - len(payload)
    return erased, bytes_more


def answered(db: sqlite3.Connection, ack: Ack) -> list[int]:
    """The places of the archived events that an ack names."""
    query = "SELECT no FROM archive WHERE boot = ? AND number BETWEEN ? AND ?"
    return [no for pair in ack.seqs for (no,) in db.execute(query, (ack.of, *pair))]


def lacking(db: sqlite3.Connection, topic: str, runs: Iterable[StoredRun]) -> list[int]:
    """The places of this sender's events that are in none of the runs, oldest first."""
    ranges = {run.boot: run.seqs for run in runs}
    query = "SELECT no FROM archive WHERE boot = ? AND number BETWEEN ? AND ? AND topic = ?"
    return sorted(
        no
        for (boot,) in db.execute("SELECT DISTINCT boot FROM archive").fetchall()
        for gap in gaps_of(ranges.get(boot, ()))
        for (no,) in db.execute(query, (boot, *gap, topic))
    )


def parcels(
    db: sqlite3.Connection, places: Sequence[int], since_ms: int, age_s: Callable[[float], int]
) -> list[Parcel]:
    """What lies at these places and happened since, as it is told again, oldest first.

    age_s: for how long the outbox ran since a time of its own.
    """
    marks = ", ".join("?" * len(places))
    columns = "no, lane, topic, payload, lived_s"
    query = f"SELECT {columns} FROM archive WHERE no IN ({marks}) ORDER BY no"  # noqa: S608 - question marks
    return [
        Parcel(no, Lane(lane), _retold(topic), aged(payload, age_s(lived_s)))
        for no, lane, topic, payload, lived_s in db.execute(query, tuple(places)).fetchall()
        if not FIRST_MS <= _moment(payload) < since_ms
    ]


class _Moment(msgspec.Struct):
    """When it happened, by the sender's clock."""

    at_ms: int = 0


_moments: Final = json_decoder(_Moment)


def _moment(payload: bytes) -> int:
    try:
        return _moments.decode(payload).at_ms
    except (msgspec.DecodeError, UnicodeDecodeError):
        return 0


def _retold(topic: str) -> str:
    return topic_of(address_of(topic)._replace(channel=Channel.RETOLD))


def _erased(payload: bytes, lines: Sequence[int]) -> bytes:
    """The event without its pupil; of one that cannot be read nothing is left."""
    try:
        event = up_from(payload)
    except MessageError:
        return b"{}"
    return to_bytes(_without_pupil(event, frozenset(lines)))  # type: ignore[arg-type]


def _lines_of(payload: bytes, is_pupil: Callable[[str], bool]) -> list[int] | None:
    """In which lines of a roll the pupil stands, none of a mark; None where it is another's."""
    try:
        event = up_from(payload)
    except MessageError:
        return None
    match event:
        case AttendanceMarked() if is_pupil(event.student):
            return []
        case RollConfirmed():
            own = [at for at, line in enumerate(event.lines) if is_pupil(line.student)]
            return own or None
        case _:
            return None


def _without_pupil(event: AnyEvent, lines: frozenset[int]) -> AnyEvent:
    match event:
        case AttendanceMarked():
            return replace(event, student=ERASED)
        case RollConfirmed():
            told = enumerate(event.lines)
            rest = [replace(line, student=ERASED) if at in lines else line for at, line in told]
            return replace(event, lines=tuple(rest))
        case _:
            return event
