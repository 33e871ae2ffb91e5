"""This file keeps what the processes of one database hand over: questions, answers, how it goes.

A page that needs what the running ingest holds is asked of it here, and answered here; a row lives
for as long as somebody waits. PostgreSQL tells the other side at once, by NOTIFY.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, NamedTuple

from sqlalchemy import Connection, Table, delete, select, text, update

from controller.database.schema import keys, longs, metadata, texts
from controller.database.scope import everywhere
from controller.database.writing import Writing, write

held_requests: Final = Table(
    "held_requests",
    metadata,
    *keys("id"),
    *longs("asked_ms"),
    *texts("question"),  # JSON, without cookie and token
    *texts("answer", nullable=True),  # JSON
)


ingest_status: Final = Table(
    "ingest_status",
    metadata,
    *keys("name"),
    *longs("at_ms"),
    *texts("body"),  # JSON
)

_ONE: Final = "ingest"
_NOTIFY: Final = text("SELECT pg_notify(:channel, :payload)")


class Channel(StrEnum):
    """What PostgreSQL tells who listens."""

    SHOWN = "lophoc_shown"
    ASKED = "lophoc_asked"
    ANSWERED = "lophoc_answered"


class Asked(NamedTuple):
    """A question that waits."""

    id: str
    question: str


def tell(db: Connection, channel: Channel, payloads: Iterable[str]) -> None:
    """Tell whoever listens, once this is committed; at most 7,999 bytes each (NOTIFY)."""
    if db.dialect.name != "postgresql":  # a file is one process's
        return
    for payload in payloads:
        db.execute(_NOTIFY, {"channel": channel.value, "payload": payload})


def ask(db: Connection, asked: Asked, now_ms: int) -> None:
    """Put a question where the ingest finds it."""
    row = {"id": asked.id, "asked_ms": now_ms, "question": asked.question}
    db.execute(held_requests.insert().values(row))
    tell(db, Channel.ASKED, [asked.id])


def asked_now(db: Connection, most: int) -> list[Asked]:
    """The questions that nobody has answered, oldest first."""
    table = held_requests.c
    query = select(table.id, table.question).where(everywhere(held_requests))
    waiting = query.where(table.answer.is_(None)).order_by(table.asked_ms, table.id).limit(most)
    return [Asked(*row) for row in db.execute(waiting)]


def answer(db: Connection, number: str, said: str) -> None:
    """Answer a question, if somebody still waits for it."""
    own = held_requests.c.id == number
    db.execute(update(held_requests).where(everywhere(held_requests), own).values(answer=said))
    tell(db, Channel.ANSWERED, [number])


def answer_of(db: Connection, number: str) -> str | None:
    """What was answered; None while nothing was."""
    own = held_requests.c.id == number
    query = select(held_requests.c.answer).where(everywhere(held_requests), own)
    return db.execute(query).scalar_one_or_none()


def forget(db: Connection, number: str) -> None:
    """Nobody waits for it any more."""
    own = held_requests.c.id == number
    db.execute(delete(held_requests).where(everywhere(held_requests), own))


def forget_before(db: Connection, before_ms: int) -> None:
    """What was asked before, by who is gone."""
    is_old = held_requests.c.asked_ms < before_ms
    db.execute(delete(held_requests).where(everywhere(held_requests), is_old))


def note_status(db: Connection, body: str, now_ms: int, name: str = _ONE) -> None:
    """How the ingest is now, or what else one process found out for all. body: JSON."""
    write(db, ingest_status, [(name, now_ms, body)], Writing.UPSERT)


def status_of(db: Connection, name: str = _ONE) -> tuple[int, str] | None:
    """When that was said last, and what; None before the first time."""
    table = ingest_status.c
    query = select(table.at_ms, table.body).where(everywhere(ingest_status), table.name == name)
    row = db.execute(query).first()
    return (row.at_ms, row.body) if row else None
