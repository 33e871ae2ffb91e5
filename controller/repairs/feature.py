"""This file says what repairs bring: faults that teachers report, and what became of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from controller.database.writing import Writing
from controller.feature import Feature, MenuEntry, Program
from controller.repairs import store
from controller.repairs.listener import FaultListener
from controller.repairs.tables import faults, repair_moves, repairs
from protocol.words import N_

if TYPE_CHECKING:
    from fastapi import APIRouter


def _api(program: Program) -> APIRouter:
    from controller.repairs.api import api  # noqa: PLC0415 - commands need no web

    return api(program)


def _pages(program: Program) -> APIRouter:
    from controller.repairs.pages import pages  # noqa: PLC0415 - commands need no web

    return pages(program)


FEATURE: Final = Feature(
    name="repairs",
    keep=store.keep,
    written={faults: Writing.INSERT_NEW},
    planned=(repairs, repair_moves),
    listener=FaultListener,
    api=_api,
    pages=_pages,
    menu=(MenuEntry("/repairs", N_("Repairs"), lambda frame: frame["own_rooms"]),),
)
