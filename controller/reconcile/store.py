"""This file reads what the book is held against, and keeps the figure day by day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, func, select

from controller.database.plan_version import version_of
from controller.database.reading import row_of, rows_of
from controller.database.scope import of
from controller.database.writing import Writing, write
from controller.fleet.records import DeviceRecord
from controller.fleet.store import agents_of, devices_and_presences
from controller.fleet.tables import devices
from controller.reconcile.evidence import Observation, SeenBy, arrived, observations_of
from controller.reconcile.kpi import Kpi, figure_of
from controller.reconcile.reconcile import Reconciled, named_devices, reconcile
from controller.reconcile.tables import figures
from controller.register import life_store as lives
from controller.register import store as register
from controller.register.decisions import Rulings
from controller.stocktake.scan import Scan
from controller.stocktake.store import scans_of
from protocol.model import Place, instant

_COUNTS: Final = ("declared", "complete", "verified", "managed")


def note_figure(db: Connection, place: Place, day: str, kpi: Kpi) -> None:
    """Keep the figure of a local day; the last of a day stands."""
    write(db, figures, [(place.province, place.school, day, *kpi.counts)], Writing.UPSERT)


def kpi_in(row: Mapping[str, Any]) -> Kpi:
    """The figure of these counts, such as a row of `figures` holds."""
    return figure_of(**{name: row[name] for name in _COUNTS})


def figures_since(db: Connection, place: Place, day: str) -> dict[str, Kpi]:
    """The figures of that day and of those behind it, by day."""
    query = select(figures).where(of(figures, place), figures.c.day >= day)
    return {row["day"]: kpi_in(row) for row in rows_of(db, query.order_by(figures.c.day))}


def figure_until(db: Connection, place: Place, day: str) -> tuple[str, Kpi] | None:
    """The newest figure of that day or before, and its day."""
    query = (
        select(figures)
        .where(of(figures, place), figures.c.day <= day)
        .order_by(figures.c.day.desc())
        .limit(1)
    )
    row = row_of(db, query)
    return (row["day"], kpi_in(row)) if row else None


def reconciled(
    db: Connection,
    place: Place,
    as_of_ms: int,
    extra: Sequence[Observation] = (),
    now_ms: int | None = None,
) -> Reconciled:
    """The school's register against what agents and persons saw, and what is told beside.

    now_ms: where it is about another moment. What is dated later than now is of a clock that ran
    ahead: it was seen by now, and counts.
    """
    return reconciled_with(db, place, as_of_ms, sights_of(db, place), extra=extra, now_ms=now_ms)


def reconciled_with(
    db: Connection,
    place: Place,
    as_of_ms: int,
    sights: Sights,
    *,
    extra: Sequence[Observation] = (),
    now_ms: int | None = None,
) -> Reconciled:
    """The same, with what was read already."""
    lines = register.lines_of(db, place)
    is_past = now_ms is not None and as_of_ms < now_ms
    observations = (
        *observations_of(sights.devices, sights.roaming),
        *observations_of_scans(db, place),
        *extra,
    )
    return reconcile(
        lines,
        arrived(observations, max(as_of_ms, now_ms or 0)),
        as_of_ms,
        rulings=sights.rulings,
        elsewhere=register.schools_with(db, place, lines),
        conditions=lives.standing_of(db, place, as_of_ms if is_past else None),
    )


class Sights(NamedTuple):
    """What the agents see of a school, which of them roam, and what persons decided about it."""

    devices: tuple[DeviceRecord, ...]
    roaming: frozenset[str]
    rulings: Rulings


def sights_of(db: Connection, school: Place) -> Sights:
    """What the book is held against: what the school's own agents and persons tell."""
    agents = agents_of(db, school, limit=None)
    return Sights(
        tuple(devices_and_presences(db, school)),
        frozenset(agent.place.agent for agent in agents if agent.roaming),
        Rulings(register.decisions_of(db, school)),
    )


def named_in(db: Connection, school: Place) -> frozenset[str]:
    """The agents' ids of what the school's book names by a person's word."""
    rulings = Rulings(register.decisions_of(db, school))
    return named_devices(register.lines_of(db, school), rulings)


def mark_of(db: Connection, school: Place, zone: tzinfo, now_ms: int) -> str:
    """What the records are made of, in short: another mark, and they are made anew."""
    query = select(func.max(devices.c.change)).where(of(devices, school))
    newest = db.execute(query).scalar_one() or 0
    version = version_of(db, school)
    hour = instant(now_ms).astimezone(zone).strftime("%Y-%m-%dT%H")
    return f"{newest}/{version}/{hour}"


def observations_of_scans(db: Connection, place: Place) -> tuple[Observation, ...]:
    """What persons found, as evidence for the register; also what came after a stocktake's end.

    A thing that only its type names is known by its scan.
    """
    scans = scans_of(db, place)
    gone = {scan.cancels for scan in scans if scan.cancels}
    return tuple(
        _observation(scan)
        for scan in scans
        if scan.found and not scan.cancels and scan.id not in gone
    )


def _observation(scan: Scan) -> Observation:
    unnamed = scan.line is None and not (scan.asset_tag or scan.serial)
    return Observation(
        at_ms=scan.seen_ms,
        by=SeenBy.PERSON_SCAN,
        room=scan.room,
        serial=scan.serial,
        asset_tag=scan.asset_tag,
        type=scan.type,
        condition=scan.condition,
        device=f"scan-{scan.id}" if unnamed else "",
        line=scan.line,
    )
