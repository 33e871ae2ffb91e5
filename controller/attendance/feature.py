"""This file says what attendance brings: lessons, rolls and marks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from controller.attendance import store
from controller.attendance.listener import PlanListener
from controller.attendance.tables import lessons, marks, rolls
from controller.database.writing import Writing
from controller.feature import Feature, MenuEntry, Program
from protocol.words import N_

if TYPE_CHECKING:
    from fastapi import APIRouter


def _api(program: Program) -> APIRouter:
    from controller.attendance.api import api  # noqa: PLC0415 - commands need no web

    return api(program)


def _pages(program: Program) -> APIRouter:
    from controller.attendance.pages import pages  # noqa: PLC0415 - commands need no web

    return pages(program)


FEATURE: Final = Feature(
    name="attendance",
    keep=store.keep,
    written={
        lessons: Writing.UPSERT,
        marks: Writing.INSERT_NEW,
        rolls: Writing.INSERT_NEW,
    },
    counted=(marks, rolls),
    forget_pupils=store.forget_marks,
    listener=PlanListener,
    api=_api,
    pages=_pages,
    menu=(MenuEntry("/attendance", N_("Attendance"), lambda frame: frame["own_rooms"]),),
)
