"""This file lists the controller's features in order, each a folder: none knows a later one."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pkgutil import resolve_name
from typing import Any, Final

from sqlalchemy import Column, Connection

from controller.database import required
from controller.database.changes import SortedChanges
from controller.database.handover import forget_before
from controller.database.plan_version import adopt
from controller.database.reading import count_of
from controller.database.writing import prepare
from controller.feature import Feature, Listener, Program
from protocol.model import Place

_ORDER: Final = (
    *(
        "access",
        "quarantine",
        "copies",
        "guests",
        "supervision",
        "fleet",
        "cameras",
        "kits",
        "identity",
    ),
    *("roster", "schedule", "cards", "teachers", "attendance", "students", "dossier", "evidence"),
    *("areas", "register", "stocktake", "repairs", "reconcile", "inventory"),
    *("webhooks", "use", "updates"),
    *("live", "incidents", "alerts", "measures", "dashboard", "things"),
    "home_assistant",
    *("department", "inspection", "forecast", "equipment", "reports"),
    *("history", "lines"),
    *("enrolment", "trust", "connections", "doctor", "setup"),
)
FEATURES: Final[Sequence[Feature]] = tuple(
    resolve_name(f"controller.{name}.feature:FEATURE") for name in _ORDER
)
FIRST: Final[Sequence[Feature]] = tuple(feature for feature in FEATURES if feature.is_first)


def _know_tables() -> None:
    """Whatever parts of a feature are in use, copies and moves know all of its tables."""
    for name in _ORDER:
        tables = f"controller.{name}.tables"
        if find_spec(tables):
            import_module(tables)


_know_tables()


def keep_batch(db: Connection, changes: Sequence[object], now_ms: int) -> list[object]:
    """Keep a batch, feature by feature; returns what else has changed by it."""
    followed: list[object] = []
    sorted_changes = SortedChanges(changes)
    for feature in FEATURES:
        if feature.keep and (more := feature.keep(db, sorted_changes, now_ms)):
            followed += more
    return followed


def prepare_batches(db: Connection) -> None:
    """Spell out what every batch writes, so that the first ones need not wait for it."""
    for feature in FEATURES:
        prepare(db.dialect, feature.written.items())


def note_start(db: Connection, program: Program) -> None:
    """Write what features remember of each start of the program; nobody waits for answers yet."""
    forget_before(db, program.now_ms())
    for feature in program.features:
        if feature.started:
            feature.started(db, program)


def adopt_plan(db: Connection, school: Place) -> None:
    """Make this school's what people gave before its code was known."""
    adopt(db, school, [table for feature in FEATURES for table in feature.planned])


def listeners_of(program: Program) -> list[Listener[Any]]:
    """The features' parts in the ingest, in their order."""
    made = (feature.listener(program) for feature in FEATURES if feature.listener)
    return [listener for listener in made if listener]


def is_readable(table: str, row: required.Row) -> bool:
    """Whether every reader of the table takes the row; all of them are known here."""
    return required.is_readable(table, row)


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


def ages() -> list[Column[int]]:
    """By which moments rows of equipment's past grow old."""
    return [column for feature in FEATURES for column in feature.forget]


def ages_of_pupils() -> list[Column[int]]:
    """By which moments rows of pupils' past grow old."""
    return [column for feature in FEATURES for column in feature.forget_pupils]
