"""This file keeps how far attendance logs went in each school, a count and a seal a week.

Of a week the highest is kept, the first where two are as high: who shortens a log later, or makes
it anew, cannot take back what was heard.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from sqlalchemy import Connection, select

from controller.database.changes import of_kind
from controller.database.reading import rows_of
from controller.database.scope import of
from controller.database.shape import Shape
from controller.database.writing import Writing, write
from controller.department.schools import Sealed
from controller.department.tables import told_seals
from controller.evidence.seals import KeptSeal
from protocol.model import Place
from protocol.upward import LogSeal

WEEK_MS: Final = 7 * 86_400_000


class ToldSeal(NamedTuple):
    """One agent's log in one week, as its school told. week: since 1970."""

    place: Place
    key: str
    week: int
    links: int
    at_ms: int
    heard_ms: int
    seal: str


SEALS: Final = Shape(ToldSeal, told_seals)
_KEPT: Final = Shape(KeptSeal, told_seals)


def keep_seals(db: Connection, changes: Sequence[object]) -> None:
    """Keep what a batch brought, where it goes further than what is kept of the week."""
    for told in of_kind(changes, Sealed):
        week = told.heard_ms // WEEK_MS
        before = {(seal.place, seal.key): seal.links for seal in _of_week(db, told.place, week)}
        fresh = [
            seal
            for seal in _rows(told, week)
            if seal.links > before.get((seal.place, seal.key), -1)
        ]
        write(db, told_seals, [*map(SEALS.row, fresh)], Writing.UPSERT)


def seals_of(db: Connection, school: Place) -> list[KeptSeal]:
    """What was kept of a school, by agent and week."""
    query = select(told_seals).where(of(told_seals, school))
    return _KEPT.records(rows_of(db, query.order_by(told_seals.c.agent, told_seals.c.week)))


def _of_week(db: Connection, school: Place, week: int) -> list[ToldSeal]:
    query = select(told_seals).where(of(told_seals, school), told_seals.c.week == week)
    return SEALS.records(rows_of(db, query))


def _rows(told: Sealed, week: int) -> Iterable[ToldSeal]:
    """Each log's highest: a statement takes a key once."""
    highest: dict[tuple[str, str], LogSeal] = {}
    for seal in told.seals:
        known = highest.setdefault((seal.agent, seal.key), seal)
        if seal.links > known.links:
            highest[seal.agent, seal.key] = seal
    for seal in highest.values():
        place = told.place.of_agent(seal.agent)
        yield ToldSeal(place, seal.key, week, seal.links, seal.at_ms, told.heard_ms, seal.seal)
