"""This file says what access brings: the log of who looked, forgotten with what they looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from controller.access import store
from controller.feature import Feature, Program

if TYPE_CHECKING:
    from fastapi import APIRouter


def _pages(program: Program) -> APIRouter:
    from controller.access.pages import pages  # noqa: PLC0415 - commands need no web

    return pages(program)


FEATURE: Final = Feature(
    name="access",
    forget_pupils=store.forget,
    pages=_pages,
)
