"""This file says what the stocktake brings: counts, scans and labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from controller.feature import Feature, Program
from controller.stocktake.tables import labels, scans, stocktakes

if TYPE_CHECKING:
    from fastapi import APIRouter


def _api(program: Program) -> APIRouter:
    from controller.stocktake.api import api  # noqa: PLC0415 - commands need no web

    return api(program)


def _pages(program: Program) -> APIRouter:
    from controller.stocktake.pages import pages  # noqa: PLC0415 - commands need no web

    return pages(program)


FEATURE: Final = Feature(
    name="stocktake",
    planned=(stocktakes, scans, labels),
    api=_api,
    pages=_pages,
)
