"""This file draws from a seed what goes wrong, and when. Pure."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from random import Random
from typing import Final, NamedTuple


class Fault(StrEnum):
    """What happens to the programs, their lines, clocks and disks."""

    KILL_AGENT = "kill_agent"
    STOP_AGENT = "stop_agent"
    KILL_SCHOOL = "kill_school"
    STOP_SCHOOL = "stop_school"
    KILL_SCHOOL_BROKER = "kill_school_broker"
    STOP_SCHOOL_BROKER = "stop_school_broker"
    KILL_DEPARTMENT = "kill_department"
    STOP_DEPARTMENT = "stop_department"
    KILL_DEPARTMENT_BROKER = "kill_department_broker"
    STOP_DEPARTMENT_BROKER = "stop_department_broker"
    CUT = "cut"
    STALL = "stall"
    REFUSE = "refuse"
    POISON = "poison"
    POISON_UP = "poison_up"
    LATE = "late"
    FLOOD = "flood"
    BOOK = "book"
    FULL_SCHOOL = "full_school"
    FULL_DEPARTMENT = "full_department"
    FULL_AGENTS = "full_agents"
    FLIP_SCHOOL = "flip_school"
    FLIP_DEPARTMENT = "flip_department"
    FLIP_AGENT = "flip_agent"
    COPY_SCHOOL = "copy_school"
    COPY_DEPARTMENT = "copy_department"
    COPY_AGENT = "copy_agent"
    RESTORE_SCHOOL = "restore_school"
    RESTORE_DEPARTMENT = "restore_department"
    RESTORE_AGENT = "restore_agent"
    FORK_SCHOOL = "fork_school"
    CLOCK = "clock"


COPY_FOR: Final = {
    Fault.RESTORE_SCHOOL: Fault.COPY_SCHOOL,
    Fault.RESTORE_DEPARTMENT: Fault.COPY_DEPARTMENT,
    Fault.RESTORE_AGENT: Fault.COPY_AGENT,
}
# How often each is drawn; a copy is made for what is put back later, and not drawn.
WEIGHTS: Final = {
    Fault.KILL_AGENT: 14,
    Fault.STOP_AGENT: 5,
    Fault.KILL_SCHOOL: 8,
    Fault.STOP_SCHOOL: 4,
    Fault.KILL_SCHOOL_BROKER: 8,
    Fault.STOP_SCHOOL_BROKER: 3,
    Fault.KILL_DEPARTMENT: 5,
    Fault.STOP_DEPARTMENT: 3,
    Fault.KILL_DEPARTMENT_BROKER: 5,
    Fault.STOP_DEPARTMENT_BROKER: 2,
    Fault.CUT: 12,
    Fault.STALL: 6,
    Fault.REFUSE: 6,
    Fault.POISON: 6,
    Fault.POISON_UP: 4,
    Fault.LATE: 6,
    Fault.FLOOD: 6,
    Fault.BOOK: 6,
    Fault.FULL_SCHOOL: 2,
    Fault.FULL_DEPARTMENT: 1,
    Fault.FULL_AGENTS: 3,
    Fault.FLIP_SCHOOL: 2,
    Fault.FLIP_DEPARTMENT: 2,
    Fault.FLIP_AGENT: 3,
    Fault.RESTORE_SCHOOL: 2,
    Fault.RESTORE_DEPARTMENT: 2,
    Fault.RESTORE_AGENT: 3,
    Fault.FORK_SCHOOL: 3,
    Fault.CLOCK: 4,
}
FULL: Final = frozenset({Fault.FULL_SCHOOL, Fault.FULL_DEPARTMENT, Fault.FULL_AGENTS})
# Quick to heal: for a play of seconds.
LIGHT: Final = frozenset(
    {
        Fault.KILL_AGENT,
        Fault.STOP_AGENT,
        Fault.CUT,
        Fault.STALL,
        Fault.REFUSE,
        Fault.POISON,
        Fault.POISON_UP,
        Fault.LATE,
        Fault.FLOOD,
        Fault.FLIP_AGENT,
        Fault.RESTORE_AGENT,
        Fault.FULL_AGENTS,
        Fault.KILL_SCHOOL_BROKER,
        Fault.KILL_DEPARTMENT_BROKER,
    }
)


class Blow(NamedTuple):
    """One fault, and how long after the one before it comes."""

    after_s: float
    fault: Fault


def blows_of(seed: int, count: int, possible: Collection[Fault]) -> list[Blow]:
    """The faults of a seed, those of `possible` by their weights, in their order."""
    random = Random(f"{seed}/faults")  # noqa: S311 - play
    drawn = [fault for fault in WEIGHTS if fault in possible]
    faults = random.choices(drawn, [WEIGHTS[fault] for fault in drawn], k=count)
    for restore, copy in COPY_FOR.items():
        if restore in faults:
            faults.insert(random.randrange(faults.index(restore) + 1), copy)
    return [Blow(random.uniform(0.1, 1.5), fault) for fault in faults]
