"""This file says what reconciling brings: the figure, day by day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from controller.feature import Feature, Program
from controller.reconcile.tables import figures

if TYPE_CHECKING:
    from fastapi import APIRouter


def _api(program: Program) -> APIRouter:
    from controller.reconcile.api import api  # noqa: PLC0415 - commands need no web

    return api(program)


def _pages(program: Program) -> APIRouter:
    from controller.reconcile.pages import pages  # noqa: PLC0415 - commands need no web

    return pages(program)


FEATURE: Final = Feature(
    name="reconcile",
    planned=(figures,),
    api=_api,
    pages=_pages,
)
