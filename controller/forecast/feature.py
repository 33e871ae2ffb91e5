"""This file says what the forecast brings: what must be replaced when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from controller.feature import Feature, MenuEntry, Program
from protocol.words import N_

if TYPE_CHECKING:
    from fastapi import APIRouter


def _api(program: Program) -> APIRouter:
    from controller.forecast.api import api  # noqa: PLC0415 - commands need no web

    return api(program)


def _pages(program: Program) -> APIRouter:
    from controller.forecast.pages import pages  # noqa: PLC0415 - commands need no web

    return pages(program)


FEATURE: Final = Feature(
    name="forecast",
    api=_api,
    pages=_pages,
    menu=(MenuEntry("/forecast", N_("End of life"), lambda frame: not frame["own_rooms"]),),
)
