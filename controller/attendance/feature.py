"""This file says what attendance brings: lessons, rolls and marks."""

from __future__ import annotations

from typing import Final

from controller.attendance import store
from controller.attendance.listener import PlanListener
from controller.attendance.tables import corrections, erasure_proofs, lessons, marks, rolls
from controller.database.writing import Writing
from controller.feature import Feature, Level, MenuEntry
from controller.people.person import Permission
from protocol.words import N_

FEATURE: Final = Feature(
    name="attendance",
    level=Level.SCHOOL,
    keep=store.keep,
    written={
        lessons: Writing.UPSERT,
        marks: Writing.INSERT_NEW,
        rolls: Writing.INSERT_NEW,
        erasure_proofs: Writing.INSERT_NEW,
    },
    counted=(marks, rolls, corrections),
    forget_pupils=(marks.c.received_ms, rolls.c.received_ms, corrections.c.received_ms),
    listener=PlanListener,
    menu=(
        MenuEntry(
            "/attendance",
            N_("Attendance"),
            (Permission.MARKS, Permission.SCHOOL),
        ),
    ),
)
