"""This file says what measures bring: a history that stays small, and what it foretells."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from controller.feature import Feature, Jobs, Level, MenuEntry, Program
from controller.people.person import Permission
from protocol.words import N_


@contextmanager
def _jobs(program: Program) -> Iterator[Jobs]:
    from controller.measures.service import Measures  # noqa: PLC0415 - commands need no web

    yield {"measures": program.service(Measures).run}


FEATURE: Final = Feature(
    name="measures",
    level=Level.SCHOOL,
    jobs=_jobs,
    menu=(
        MenuEntry("/wear", N_("What will fail next"), (Permission.SCHOOL,), rank=5, is_tool=True),
    ),
)
