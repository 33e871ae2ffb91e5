"""This file keeps incidents, what is watched, and what people did about them.

Every function works in a transaction of the store's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, delete, func, select

from controller.database.reading import bunches, row_of, rows_of
from controller.database.scope import codes_of, of
from controller.database.shape import Shape
from controller.database.writing import insert_into
from controller.incidents.causes import Scope
from controller.incidents.handling import HandlingMove
from controller.incidents.incident import GROUPS, REOPEN_MS, Incident, IncidentBook, Watch
from controller.incidents.quiet import Maintenance
from controller.incidents.tables import (
    incident_moves,
    incident_subnets,
    incident_watches,
    incidents,
    maintenances,
)
from protocol.model import Place

INCIDENTS: Final = Shape(Incident, incidents)
WATCHES: Final = Shape(Watch, incident_watches)
MOVES: Final = Shape(HandlingMove, incident_moves)
MAINTENANCES: Final = Shape(Maintenance, maintenances)
_KEY: Final = ["province", "school", "no"]
_WATCH_KEY: Final = ["province", "school", "key"]
_AGENT_KEY: Final = ["province", "school", "agent"]


def book_of(db: Connection, place: Place, now_ms: int) -> IncidentBook:
    """What the next look goes on from: what is open, ended lately, or was a group's."""
    own = select(incidents).where(of(incidents, place)).order_by(incidents.c.no)
    late = incidents.c.closed_ms.is_(None) | (incidents.c.closed_ms >= now_ms - REOPEN_MS)
    group = incidents.c.scope == Scope.GROUP.value
    newest = own.where(group).order_by(None).order_by(incidents.c.no.desc()).limit(GROUPS)
    rows = [*rows_of(db, own.where(late)), *rows_of(db, newest)]
    known = {row["no"]: INCIDENTS.record(row) for row in rows}
    watched = select(incident_watches).where(of(incident_watches, place))
    last = select(func.max(incidents.c.no)).where(of(incidents, place))
    return IncidentBook(
        incidents=tuple(known[no] for no in sorted(known)),
        watches={row["key"]: WATCHES.record(row) for row in rows_of(db, watched)},
        next_no=(db.execute(last).scalar() or 0) + 1,
    )


def keep_book(db: Connection, place: Place, before: IncidentBook, after: IncidentBook) -> None:
    """Keep what another look has changed."""
    known = {incident.no: incident for incident in before.incidents}
    for incident in after.incidents:
        if known.get(incident.no) != incident:
            _put(db, place, incident)
    for key, watch in after.watches.items():
        if before.watches.get(key) != watch:
            values = codes_of(place) | WATCHES.values(watch)
            new = insert_into(db, incident_watches).values(values)
            rest = {name: values[name] for name in values if name not in _WATCH_KEY}
            db.execute(new.on_conflict_do_update(index_elements=_WATCH_KEY, set_=rest))
    for some in bunches(before.watches.keys() - after.watches.keys()):
        gone = incident_watches.c.key.in_(some)
        db.execute(delete(incident_watches).where(of(incident_watches, place), gone))


def _put(db: Connection, place: Place, incident: Incident) -> None:
    values = codes_of(place) | INCIDENTS.values(incident)
    rest = {name: values[name] for name in values if name not in _KEY}
    new = insert_into(db, incidents).values(values)
    db.execute(new.on_conflict_do_update(index_elements=_KEY, set_=rest))


def open_incidents(db: Connection, place: Place) -> list[Incident]:
    """Those that are not over, by their number."""
    query = select(incidents).where(of(incidents, place), incidents.c.closed_ms.is_(None))
    return INCIDENTS.records(rows_of(db, query.order_by(incidents.c.no)))


def closed_incidents(
    db: Connection, place: Place, *, before: int | None = None, scope: str = "", limit: int
) -> list[Incident]:
    """Those that are over, the newest first. before: only with a smaller number."""
    query = select(incidents).where(of(incidents, place), incidents.c.closed_ms.is_not(None))
    if before is not None:
        query = query.where(incidents.c.no < before)
    if scope:
        query = query.where(incidents.c.scope == scope)
    return INCIDENTS.records(rows_of(db, query.order_by(incidents.c.no.desc()).limit(limit)))


def incident_at(db: Connection, place: Place, number: int) -> Incident | None:
    """The incident of this number."""
    row = row_of(db, select(incidents).where(of(incidents, place), incidents.c.no == number))
    return INCIDENTS.record(row) if row else None


def moves_of(
    db: Connection, place: Place, numbers: Collection[int]
) -> Mapping[int, Sequence[HandlingMove]]:
    """What people did about these incidents, by the incident's number."""
    moves: dict[int, list[HandlingMove]] = defaultdict(list)
    for some in bunches(sorted(numbers)):
        own = incident_moves.c.incident.in_(some)
        query = select(incident_moves).where(of(incident_moves, place), own)
        query = query.order_by(incident_moves.c.no)
        for move in MOVES.records(rows_of(db, query)):
            moves[move.incident].append(move)
    return moves


def keep_handling(db: Connection, place: Place, move: HandlingMove) -> None:
    """Keep a deed."""
    db.execute(incident_moves.insert().values(codes_of(place) | MOVES.values(move)))


def subnets_of(db: Connection, place: Place) -> dict[str, str]:
    """From which network each agent spoke last."""
    query = select(incident_subnets).where(of(incident_subnets, place))
    return {row["agent"]: row["subnet"] for row in rows_of(db, query)}


def keep_subnets(db: Connection, place: Place, subnets: Iterable[tuple[str, str]]) -> None:
    """Keep from which network agents speak."""
    for agent, subnet in subnets:
        values = codes_of(place) | {"agent": agent, "subnet": subnet}
        new = insert_into(db, incident_subnets).values(values)
        put = new.on_conflict_do_update(index_elements=_AGENT_KEY, set_={"subnet": subnet})
        db.execute(put)


def maintenances_since(db: Connection, place: Place, since_ms: int) -> list[Maintenance]:
    """The times of maintenance that end after a moment, by when they begin."""
    order = maintenances.c.begins_ms, maintenances.c.no
    query = select(maintenances).where(of(maintenances, place), maintenances.c.ends_ms > since_ms)
    query = query.order_by(*order)
    return MAINTENANCES.records(rows_of(db, query))


def keep_maintenance(db: Connection, place: Place, maintenance: Maintenance) -> None:
    """Keep a time of maintenance."""
    values = codes_of(place) | MAINTENANCES.values(maintenance)
    db.execute(maintenances.insert().values(values))


def drop_maintenance(db: Connection, place: Place, number: int) -> None:
    """Let a time of maintenance go."""
    db.execute(delete(maintenances).where(of(maintenances, place), maintenances.c.no == number))
