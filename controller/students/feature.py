"""This file says what a pupil's own data brings: erasures that reach every computer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection

from controller.feature import Feature, Jobs, Level, MenuEntry, Program
from controller.people.person import Permission
from controller.students import store
from controller.students.listener import ErasureListener
from controller.students.service import wipe_brokers
from protocol.words import N_


def _started(db: Connection, program: Program) -> None:
    """Close what a version before this one had left to its next look."""
    store.close_proven(db, program.school, program.now_ms())


@contextmanager
def _jobs(program: Program) -> Iterator[Jobs]:
    yield {"erasures": lambda: wipe_brokers(program)}


FEATURE: Final = Feature(
    name="students",
    level=Level.SCHOOL,
    keep=store.keep_erased,
    started=_started,
    listener=ErasureListener,
    jobs=_jobs,
    menu=(
        MenuEntry("/students", N_("A pupil's data"), (Permission.MANAGE,), rank=8, is_tool=True),
    ),
)
