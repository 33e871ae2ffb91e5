"""This file says what use brings: what shows that boards are on, and the hours of each week."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

from controller.database.writing import Writing
from controller.feature import Feature, Jobs, MenuEntry, Program
from controller.people.person import Permission
from controller.use import signs
from controller.use.tables import board_signs, watches
from protocol.words import N_


@contextmanager
def _jobs(program: Program) -> Iterator[Jobs]:
    from controller.use.daily import keep_figures  # noqa: PLC0415 - commands need none

    figures = partial(keep_figures, program.store, program.school, program.zone, program.now_ms)
    yield {"figures": figures}


def _choose(program: Program) -> Callable[[Any, Any, Any], Any]:
    from controller.use.choosing import choosing_of  # noqa: PLC0415 - of pages alone

    return choosing_of(program)


FEATURE: Final = Feature(
    name="use",
    choose=_choose,
    keep=signs.keep,
    written={board_signs: Writing.UPSERT, watches: Writing.UPSERT},
    forget=(board_signs.c.at_ms, watches.c.until_ms),
    jobs=_jobs,
    menu=(MenuEntry("/use", N_("Board use"), (Permission.SCHOOL,), above=Permission.DEPARTMENT),),
)
