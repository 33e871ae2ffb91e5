"""This file says what incidents bring: causes of what is wrong, watched by a job."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from controller.feature import Feature, Jobs, Level, MenuEntry, Program
from controller.incidents.changed import IncidentsChanged
from controller.incidents.tables import incident_moves, incidents, maintenances
from controller.people.person import Permission
from protocol.words import N_


@contextmanager
def _jobs(program: Program) -> Iterator[Jobs]:
    from controller.incidents.service import Incidents  # noqa: PLC0415 - commands need no web

    yield {"incidents": program.service(Incidents).run}


def _publish(program: Program) -> Callable[[Sequence[object]], None]:
    from controller.incidents.service import Incidents  # noqa: PLC0415 - commands need no web

    return program.service(Incidents).hear


FEATURE: Final = Feature(
    name="incidents",
    level=Level.SCHOOL,
    counted=(incidents,),
    forget=(incidents.c.closed_ms, maintenances.c.ends_ms, incident_moves.c.at_ms),
    jobs=_jobs,
    publish=_publish,
    shown=(IncidentsChanged,),
    menu=(MenuEntry("/incidents", N_("Incidents"), (Permission.ROOMS,)),),
)
