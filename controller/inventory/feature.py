"""This file says what the inventory brings: items, and where rooms lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from controller.feature import Feature, Program
from controller.inventory.tables import spots

if TYPE_CHECKING:
    from fastapi import APIRouter


def _api(program: Program) -> APIRouter:
    from controller.inventory.api import api  # noqa: PLC0415 - commands need no web

    return api(program)


FEATURE: Final = Feature(
    name="inventory",
    planned=(spots,),
    api=_api,
)
