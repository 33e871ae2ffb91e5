"""This file keeps messages that could not be taken, bounded, and counts them by what is wrong.

One sender's are bounded too, so that a broken one does not push out what others sent.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Delete, Select, delete, func, select

from controller.database.changes import of_kind
from controller.database.reading import row_of, rows_of
from controller.database.scope import everywhere
from controller.database.set_aside import Quarantined, Released
from controller.database.writing import insert_into
from controller.quarantine.tables import quarantine, tallies
from protocol.messages import MAX_BYTES

MAX_ROWS: Final = 1000
MAX_SENDER_ROWS: Final = 100
MAX_TOTAL_BYTES: Final = 32 * 1024 * 1024
TOO_LONG_BYTES: Final = 4096  # what is kept of a message that is longer than any may be
LIST_BYTES: Final = 2048
_DROPPED: Final = "dropped"  # stands among the flaws in the tallies


class QuarantinedLine(NamedTuple):
    """A message in quarantine, as the list shows it. raw: the first bytes; whole: all of them."""

    no: int
    topic: str
    sender: str
    flaw: str
    detail: str
    size: int
    whole: bool
    raw: bytes
    received_ms: int


def keep(db: Connection, changes: Sequence[object], now_ms: int) -> None:
    """Keep what a batch could not take, and forget what was taken after all."""
    for released in of_kind(changes, Released):
        db.execute(_deleted(released.no))
    fresh = of_kind(changes, Quarantined)
    if not fresh:
        return
    _count(db, Counter(message.flaw for message in fresh))
    db.execute(quarantine.insert(), [_row(message, now_ms) for message in fresh])
    _bound(db, {message.sender for message in fresh})


def lines(db: Connection) -> list[QuarantinedLine]:
    """What is kept, the newest first."""
    query = _lines(func.substr(quarantine.c.raw, 1, LIST_BYTES))
    rows = rows_of(db, query.order_by(quarantine.c.no.desc()))
    return [QuarantinedLine(**row) for row in rows]


def line_of(db: Connection, no: int) -> QuarantinedLine | None:
    """One message with all that is kept of it; None if it is not there."""
    row = row_of(db, _lines(quarantine.c.raw).where(quarantine.c.no == no))
    return QuarantinedLine(**row) if row else None


def length_of(db: Connection) -> int:
    """How many messages are kept."""
    query = select(func.count()).select_from(quarantine).where(everywhere(quarantine))
    return int(db.execute(query).scalar_one())


def let_go(db: Connection, no: int) -> list[Released]:
    """Forget a message; empty if it is not there any more."""
    return [Released(no)] if db.execute(_deleted(no)).rowcount else []


def forget_naming(db: Connection, words: Iterable[str]) -> int:
    """Forget the messages that hold one of these words, as text or as JSON; returns how many."""
    needles = [form.encode() for word in words if word for form in {word, json.dumps(word)[1:-1]}]
    columns = (quarantine.c.no, quarantine.c.raw, quarantine.c.detail)
    query = select(*columns).where(everywhere(quarantine))
    gone = [
        row["no"]
        for row in rows_of(db, query)
        if any(needle in row["raw"] or needle in row["detail"].encode() for needle in needles)
    ]
    for no in gone:
        db.execute(_deleted(no))
    return len(gone)


def counts(db: Connection) -> dict[str, int]:
    """How many were refused, by the names that /metrics shows, and how many are kept."""
    query = select(tallies.c.name, tallies.c.value).where(everywhere(tallies))
    tally = {row.name: row.value for row in db.execute(query)}
    dropped = tally.pop(_DROPPED, 0)
    refused = {f'messages_refused_total{{flaw="{flaw}"}}': tally[flaw] for flaw in tally}
    kept = {"messages_quarantined": length_of(db), "messages_quarantine_dropped_total": dropped}
    return refused | kept


def _row(message: Quarantined, now_ms: int) -> dict[str, object]:
    size = len(message.payload)
    return {
        "topic": message.topic[:256],
        "sender": message.sender,
        "flaw": message.flaw,
        "detail": message.detail[:256],
        "size": size,
        "raw": message.payload if size <= MAX_BYTES else message.payload[:TOO_LONG_BYTES],
        "received_ms": now_ms,
    }


def _bound(db: Connection, senders: Iterable[str]) -> None:
    """Drop the oldest of whoever sent too much, then of all; it is counted."""
    newest_first = quarantine.c.no.desc()
    bytes_so_far = func.sum(func.length(quarantine.c.raw)).over(order_by=newest_first)
    dropped = 0
    for sender in senders:
        own = select(quarantine.c.no).where(everywhere(quarantine), quarantine.c.sender == sender)
        dropped += _drop(db, own.order_by(newest_first).offset(MAX_SENDER_ROWS))
    every = select(quarantine.c.no).where(everywhere(quarantine))
    dropped += _drop(db, every.order_by(newest_first).offset(MAX_ROWS))
    by_bytes = select(quarantine.c.no, bytes_so_far.label("so_far")).where(everywhere(quarantine))
    heavy = by_bytes.subquery()
    dropped += _drop(
        db, select(heavy.c.no).where(everywhere(heavy), heavy.c.so_far > MAX_TOTAL_BYTES)
    )
    if dropped:
        _count(db, {_DROPPED: dropped})


def _drop(db: Connection, numbers: Select[Any]) -> int:
    among = quarantine.c.no.in_(numbers)
    return db.execute(delete(quarantine).where(everywhere(quarantine), among)).rowcount


def _count(db: Connection, counted: Mapping[str, int]) -> None:
    for name, count in counted.items():
        statement = insert_into(db, tallies).values(name=name, value=count)
        total = tallies.c.value + statement.excluded.value
        db.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"value": total}))


def _lines(raw: ColumnElement[Any]) -> Select[Any]:
    named = [
        quarantine.c[name]
        for name in ("no", "topic", "sender", "flaw", "detail", "size", "received_ms")
    ]
    whole = quarantine.c.size == func.length(quarantine.c.raw)
    columns = (*named, raw.label("raw"), whole.label("whole"))
    return select(*columns).where(everywhere(quarantine))


def _deleted(no: int) -> Delete:
    return delete(quarantine).where(everywhere(quarantine), quarantine.c.no == no)
