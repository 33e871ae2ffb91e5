"""This file says what the inventory brings: items, and where rooms lie."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final

from controller.feature import Feature, Jobs, Program
from controller.inventory.tables import spots

if TYPE_CHECKING:
    from fastapi import APIRouter


@contextmanager
def _jobs(program: Program) -> Iterator[Jobs]:
    from controller.inventory.daily import keep_figures  # noqa: PLC0415 - commands need none

    figures = partial(keep_figures, program.store, program.school, program.zone, program.now_ms)
    yield {"figures": figures}


def _api(program: Program) -> APIRouter:
    from controller.inventory.api import api  # noqa: PLC0415 - commands need no web

    return api(program)


FEATURE: Final = Feature(
    name="inventory",
    planned=(spots,),
    api=_api,
    jobs=_jobs,
)
