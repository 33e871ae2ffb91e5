"""This file keeps messages that could not be taken, bounded, and counts them by what is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import Column, Connection, LargeBinary, Table, delete, func, select

from controller.database.schema import NUMBER, keys, longs, metadata, texts
from controller.database.scope import everywhere
from controller.database.writing import insert_into

KEPT_POISON_ROWS: Final = 1000
KEPT_POISON_BYTES: Final = 4096

poison: Final = Table(
    "poison",
    metadata,
    Column("no", NUMBER, primary_key=True),
    *texts("topic", "flaw"),
    *longs("size"),
    Column("raw", LargeBinary, nullable=False),  # the first bytes only
    *longs("received_ms"),
    sqlite_autoincrement=True,
)


tallies: Final = Table("tallies", metadata, *keys("name"), *longs("value"))


class Poison(NamedTuple):
    """A message that could not be taken: where, why, and what it held."""

    topic: str
    flaw: str
    payload: bytes


def keep_poisons(db: Connection, poisons: Sequence[Poison], now_ms: int) -> None:
    """Count them all, keep the newest, and of each the first bytes."""
    for flaw, count in Counter(message.flaw for message in poisons).items():
        statement = insert_into(db, tallies).values(name=flaw, value=count)
        total = tallies.c.value + statement.excluded.value
        db.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"value": total}))
    db.execute(
        poison.insert(),
        [
            {
                "topic": message.topic[:256],
                "flaw": message.flaw,
                "size": len(message.payload),
                "raw": message.payload[:KEPT_POISON_BYTES],
                "received_ms": now_ms,
            }
            for message in poisons[-KEPT_POISON_ROWS:]
        ],
    )
    newest = db.execute(select(func.max(poison.c.no)).where(everywhere(poison))).scalar_one()
    old = poison.c.no <= newest - KEPT_POISON_ROWS
    db.execute(delete(poison).where(everywhere(poison), old))


def counts(db: Connection) -> dict[str, int]:
    """How many were refused, by the names that /metrics shows."""
    query = select(tallies.c.name, tallies.c.value).where(everywhere(tallies))
    refused = db.execute(query).all()
    return {f'messages_refused_total{{flaw="{name}"}}': number for name, number in refused}


def forget(db: Connection, before_ms: int) -> int:
    """Forget what was received before; returns how many rows went."""
    old = delete(poison).where(everywhere(poison), poison.c.received_ms < before_ms)
    return db.execute(old).rowcount
