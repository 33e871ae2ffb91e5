"""This file lists the controller's features in order, each a folder: none knows a later one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Table

from controller.access.feature import FEATURE as ACCESS
from controller.attendance.feature import FEATURE as ATTENDANCE
from controller.cards.feature import FEATURE as CARDS
from controller.dashboard.feature import FEATURE as DASHBOARD
from controller.database.plan_version import adopt
from controller.database.reading import count_of
from controller.database.writing import prepare
from controller.department.feature import FEATURE as DEPARTMENT
from controller.feature import Feature, Listener, Program
from controller.fleet.feature import FEATURE as FLEET
from controller.forecast.feature import FEATURE as FORECAST
from controller.inventory.feature import FEATURE as INVENTORY
from controller.quarantine.feature import FEATURE as QUARANTINE
from controller.reconcile.feature import FEATURE as RECONCILE
from controller.register.feature import FEATURE as REGISTER
from controller.repairs.feature import FEATURE as REPAIRS
from controller.roster.feature import FEATURE as ROSTER
from controller.stocktake.feature import FEATURE as STOCKTAKE
from controller.use.feature import FEATURE as USE
from protocol.model import Place

FEATURES: Final[Sequence[Feature]] = (
    ACCESS,
    QUARANTINE,
    FLEET,
    ROSTER,
    CARDS,
    ATTENDANCE,
    REGISTER,
    STOCKTAKE,
    REPAIRS,
    RECONCILE,
    INVENTORY,
    USE,
    FORECAST,
    DASHBOARD,
    DEPARTMENT,
)


def keep_batch(db: Connection, changes: Sequence[object], now_ms: int) -> list[object]:
    """Keep a batch, feature by feature; returns what else has changed by it."""
    followed: list[object] = []
    for feature in FEATURES:
        if feature.keep and (more := feature.keep(db, changes, now_ms)):
            followed += more
    return followed


def prepare_batches(db: Connection) -> None:
    """Spell out what every batch writes, so that the first ones need not wait for it."""
    for feature in FEATURES:
        prepare(db.dialect, feature.written.items())


def adopt_plan(db: Connection, school: Place) -> None:
    """Make this school's what people gave before its code was known."""
    adopt(db, school, _planned())


def listeners_of(program: Program) -> list[Listener[Any]]:
    """The features' parts in the ingest, in their order."""
    made = (feature.listener(program) for feature in FEATURES if feature.listener)
    return [listener for listener in made if listener]


def counts(db: Connection) -> dict[str, int]:
    """What is stored and what was refused, by the names that /metrics shows."""
    figures = {
        f"{table.name}_stored_total": count_of(db, table)
        for feature in FEATURES
        for table in feature.counted
    }
    for feature in FEATURES:
        if feature.figures:
            figures |= feature.figures(db)
    return figures


def forget(db: Connection, before_ms: int) -> int:
    """Forget what happened to equipment before; returns how many rows went."""
    gone = (feature.forget(db, before_ms) for feature in FEATURES if feature.forget)
    return sum(gone)


def forget_pupils(db: Connection, before_ms: int) -> int:
    """Forget what was received of pupils before; returns how many rows went."""
    return sum(
        feature.forget_pupils(db, before_ms) for feature in FEATURES if feature.forget_pupils
    )


def _planned() -> Iterator[Table]:
    for feature in FEATURES:
        yield from feature.planned
