"""This file keeps the heads that agents told, and gives the newest; no record is read here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, func, select

from controller.database.changes import of_kind
from controller.database.reading import rows_of
from controller.database.scope import within
from controller.database.shape import Shape, written_columns
from controller.database.writing import insert_new
from controller.evidence.tables import chain_heads
from controller.fleet.records import ChainHeadRecord
from protocol.model import Place

HEADS: Final = Shape(ChainHeadRecord, chain_heads)


def keep(db: Connection, changes: Sequence[object], now_ms: int) -> None:
    """Keep the heads of a batch, each as it was told first."""
    del now_ms
    for head in of_kind(changes, ChainHeadRecord):
        row = dict(zip(written_columns(chain_heads), HEADS.row(head), strict=True))
        insert_new(db, chain_heads, row, *(column.name for column in chain_heads.primary_key))


def heads_of(db: Connection, scope: Place) -> list[ChainHeadRecord]:
    """Every head that was told."""
    return HEADS.records(rows_of(db, select(chain_heads).where(within(chain_heads, scope))))


def newest_heads(db: Connection, scope: Place) -> list[ChainHeadRecord]:
    """The highest head of each agent and key that signed one."""
    is_signed = chain_heads.c.signature != ""
    highest = (
        select(chain_heads.c.agent, chain_heads.c.key, func.max(chain_heads.c.links).label("links"))
        .where(within(chain_heads, scope), is_signed)
        .group_by(chain_heads.c.agent, chain_heads.c.key)
        .subquery()
    )
    same = (
        (chain_heads.c.agent == highest.c.agent)
        & (chain_heads.c.key == highest.c.key)
        & (chain_heads.c.links == highest.c.links)
    )
    query = select(chain_heads).join(highest, same).where(within(chain_heads, scope), is_signed)
    return HEADS.records(rows_of(db, query.order_by(chain_heads.c.received_ms.desc())))
