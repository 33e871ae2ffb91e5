"""This file says what the register brings: the equipment book, decisions and conditions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from controller.feature import Feature, MenuEntry, Program
from controller.register.tables import conditions, decisions, register
from protocol.words import N_

if TYPE_CHECKING:
    from fastapi import APIRouter


def _pages(program: Program) -> APIRouter:
    from controller.register.import_pages import pages  # noqa: PLC0415 - commands need no web

    return pages(program)


FEATURE: Final = Feature(
    name="register",
    planned=(register, decisions, conditions),
    pages=_pages,
    menu=(
        MenuEntry(
            "/register",
            N_("Equipment book"),
            lambda frame: frame["own_rooms"] and frame["one_school"],
        ),
    ),
)
