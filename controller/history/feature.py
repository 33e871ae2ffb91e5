"""This file says what the history brings to a department: figures and files, night by night."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from controller.feature import Feature, Jobs, Level, MenuEntry, Program
from controller.people.person import Permission
from protocol.words import N_


@contextmanager
def _jobs(program: Program) -> Iterator[Jobs]:
    if program.config.upstream:
        yield {}
        return
    from controller.history.nightly import Nightly  # noqa: PLC0415 - for a running controller alone

    yield {"history": Nightly(program).run}


FEATURE: Final = Feature(
    name="history",
    level=Level.DEPARTMENT,
    jobs=_jobs,
    menu=(MenuEntry("/history", N_("History"), (Permission.DEPARTMENT,)),),
)
