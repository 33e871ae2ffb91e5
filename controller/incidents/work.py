"""This file puts together what somebody has to do: causes that they may see, the worst first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from controller.incidents.causes import Scope
from controller.incidents.handling import Handling
from controller.incidents.incident import Incident
from controller.live.rooms import URGENT_FIRST
from controller.people.person import Person

_WIDE_FIRST = {Scope.SERVER: 0, Scope.SCHOOL: 1, Scope.GROUP: 2}


class WorkLine(NamedTuple):
    """An incident, and how it is handled."""

    incident: Incident
    handling: Handling


class Work(NamedTuple):
    """What there is to do. waiting: the worst first, what somebody is on last; snoozed: put off.

    repairs: that are open; needs: causes that wait, and open repairs, each once.
    """

    waiting: list[WorkLine]
    snoozed: list[WorkLine]
    repairs: int = 0

    @property
    def needs(self) -> int:
        """How much needs doing; a teacher's report is counted as the repair that it opened."""
        causes = sum(line.incident.scope is not Scope.REPORT for line in self.waiting)
        return causes + self.repairs


def work_of(handled: Iterable[tuple[Incident, Handling]], person: Person, repairs: int = 0) -> Work:
    """What of open incidents somebody may see."""
    lines = [WorkLine(*pair) for pair in handled if is_seen_by(pair[0], person)]
    lines.sort(key=_order)
    return Work(
        [line for line in lines if line.handling.until_ms is None],
        [line for line in lines if line.handling.until_ms is not None],
        repairs,
    )


def is_seen_by(incident: Incident, person: Person) -> bool:
    """Whether a person may see it: one of its rooms is theirs; the server's is for who sees all."""
    if not incident.rooms:
        return person.rooms is None and not person.sees_part
    return any(person.has_room(code, school) for school, code in incident.rooms)


def _order(line: WorkLine) -> tuple[bool, int, int, int]:
    incident = line.incident
    return (
        line.handling.taken_by is not None,
        _WIDE_FIRST.get(incident.scope, len(_WIDE_FIRST)),
        URGENT_FIRST.index(incident.status),
        incident.began_ms,
    )
