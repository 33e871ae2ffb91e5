"""This file says what alerts bring: messages to people outside of the screens; off by default."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from controller.feature import Feature, Jobs, Level, MenuEntry, Program
from controller.incidents.changed import IncidentsChanged
from controller.people.person import Permission
from protocol.words import N_


@contextmanager
def _jobs(program: Program) -> Iterator[Jobs]:
    from controller.alerts.service import Alerts  # noqa: PLC0415 - commands need no web

    yield {"alerts": program.service(Alerts).run}


def _publish(program: Program) -> Callable[[Sequence[object]], None]:
    from controller.alerts.service import Alerts  # noqa: PLC0415 - commands need no web

    def stir(changes: Sequence[object]) -> None:
        if any(isinstance(change, IncidentsChanged) for change in changes):
            program.service(Alerts).stir()

    return stir


FEATURE: Final = Feature(
    name="alerts",
    level=Level.SCHOOL,
    jobs=_jobs,
    publish=_publish,
    menu=(
        MenuEntry("/alerts", N_("Messages to people"), (Permission.MANAGE,), rank=9, is_tool=True),
    ),
)
