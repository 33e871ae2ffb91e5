"""This file keeps messages. Every function works in a transaction of the store's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, delete, select, update

from controller.alerts.alert import Alert
from controller.alerts.tables import alerts
from controller.database.reading import bunches, rows_of
from controller.database.scope import codes_of, of
from controller.database.shape import Shape
from controller.database.writing import insert_into
from protocol.model import Place

ALERTS: Final = Shape(Alert, alerts)
REMEMBER_MS: Final = 60 * 86_400_000  # for so long nobody is told of a cause twice
_KEY: Final = ["province", "school", "receiver", "about"]


def told_by(db: Connection, place: Place) -> Mapping[str, frozenset[str]]:
    """What each receiver was told of, or is to be."""
    query = select(alerts.c.receiver, alerts.c.about).where(of(alerts, place))
    told: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows_of(db, query):
        told[row["receiver"]].add(row["about"])
    return {receiver: frozenset(abouts) for receiver, abouts in told.items()}


def keep_new(db: Connection, place: Place, new: Iterable[Alert]) -> None:
    """Keep messages to be sent; of what a receiver was told of already there is no second."""
    for alert in new:
        values = codes_of(place) | ALERTS.values(alert)
        db.execute(
            insert_into(db, alerts).values(values).on_conflict_do_nothing(index_elements=_KEY)
        )


def waiting(db: Connection, place: Place) -> Sequence[Alert]:
    """Those that wait, the oldest first."""
    is_waiting = alerts.c.sent_ms.is_(None) & alerts.c.dropped.is_(False)
    query = select(alerts).where(of(alerts, place), is_waiting)
    return ALERTS.records(rows_of(db, query.order_by(alerts.c.no)))


def alert_about(db: Connection, place: Place, receiver: str, about: str) -> Alert:
    """A receiver's message of a thing, which must be there."""
    is_it = (alerts.c.receiver == receiver) & (alerts.c.about == about)
    (row,) = rows_of(db, select(alerts).where(of(alerts, place), is_it))
    return ALERTS.record(row)


def newest(db: Connection, place: Place, limit: int) -> Sequence[Alert]:
    """The last ones, the newest first."""
    query = select(alerts).where(of(alerts, place)).order_by(alerts.c.no.desc()).limit(limit)
    return ALERTS.records(rows_of(db, query))


def change(db: Connection, place: Place, changed: Iterable[Alert]) -> None:
    """Keep how messages stand now."""
    for alert in changed:
        own = update(alerts).where(of(alerts, place), alerts.c.no == alert.no)
        db.execute(own.values(ALERTS.values(alert)))


def drop_before(db: Connection, place: Place, before_ms: int, still: Collection[str]) -> int:
    """Let old ones go that wait no more; how many. still: what goes on, and is not told of anew."""
    is_over = alerts.c.sent_ms.is_not(None) | alerts.c.dropped.is_(True)
    is_old = alerts.c.made_ms < before_ms
    old = select(alerts.c.no, alerts.c.about).where(of(alerts, place), is_old, is_over)
    gone = [row["no"] for row in rows_of(db, old) if row["about"] not in still]
    for some in bunches(gone):
        db.execute(delete(alerts).where(of(alerts, place), alerts.c.no.in_(some)))
    return len(gone)
