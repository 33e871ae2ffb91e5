"""This file says what an import of class lists or of a schedule changed, so that it can be undone.

Pure. An import can be taken back while the school's plan is as it left it: what somebody brought in
since is never overwritten.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from controller.roster.plan import Schedule, SchoolClass, SchoolPlan


class PlanPart(StrEnum):
    """What is brought in whole."""

    LISTS = "lists"
    SCHEDULE = "schedule"


class PlanState(msgspec.Struct, frozen=True, kw_only=True):
    """What an import speaks of, as it was or as it became; None for what it leaves alone."""

    classes: tuple[SchoolClass, ...] | None = None
    schedule: Schedule | None = None

    def __repr__(self) -> str:
        """No name stands in a log."""
        return f"PlanState({len(self.classes or ())} classes)"


class Origin(NamedTuple):
    """Who brought a file in, when by the school's zone, and what the file is called."""

    who: str
    at: datetime
    file: str

    @property
    def day(self) -> str:
        """The local day from which it counts."""
        return self.at.date().isoformat()

    @property
    def at_ms(self) -> int:
        """When, in milliseconds since 1970."""
        return round(self.at.timestamp() * 1000)


class PlanImport(msgspec.Struct, frozen=True, kw_only=True):
    """An import that changed something. undone_ms: when it was taken back, else None."""

    no: int
    part: PlanPart
    who: str
    at_ms: int
    file: str
    was: PlanState
    became: PlanState
    undone_ms: int | None = None

    def __repr__(self) -> str:
        """No name stands in a log."""
        return f"PlanImport({self.no}, {self.part})"


def lists_of(plan: SchoolPlan) -> PlanState:
    """The class lists as they are."""
    return PlanState(classes=plan.classes)


def schedule_of(plan: SchoolPlan, given: Schedule) -> PlanState:
    """Those parts of the schedule as they are that are given."""
    now = {
        name: getattr(plan, name)
        for name in Schedule.__struct_fields__
        if getattr(given, name) is not None
    }
    return PlanState(schedule=Schedule(**now))


def is_as_left(plan: SchoolPlan, record: PlanImport) -> bool:
    """Whether what the import spoke of is as it left it."""
    if record.became.schedule is not None:
        return schedule_of(plan, record.became.schedule) == record.became
    return lists_of(plan) == record.became


def without(record: PlanImport, student: str) -> PlanImport:
    """The import as if a pupil had never been in any list."""
    return replace(
        record, was=_without(record.was, student), became=_without(record.became, student)
    )


def _without(state: PlanState, student: str) -> PlanState:
    if state.classes is None:
        return state
    classes = tuple(
        replace(one, pupils=tuple(pupil for pupil in one.pupils if pupil.student != student))
        for one in state.classes
    )
    return replace(state, classes=classes)
