"""This file says what use brings: what shows that boards are on, and the hours of each week."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from controller.database.writing import Writing
from controller.feature import Feature, MenuEntry, Program
from controller.use import signs
from controller.use.tables import board_signs, watches
from protocol.words import N_

if TYPE_CHECKING:
    from fastapi import APIRouter


def _api(program: Program) -> APIRouter:
    from controller.use.api import api  # noqa: PLC0415 - commands need no web

    return api(program)


def _pages(program: Program) -> APIRouter:
    from controller.use.pages import pages  # noqa: PLC0415 - commands need no web

    return pages(program)


FEATURE: Final = Feature(
    name="use",
    keep=signs.keep,
    written={board_signs: Writing.UPSERT, watches: Writing.UPSERT},
    forget=signs.forget,
    api=_api,
    pages=_pages,
    menu=(MenuEntry("/use", N_("Board use"), lambda _frame: True),),
)
