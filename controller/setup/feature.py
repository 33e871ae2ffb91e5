"""This file says what the first start brings: its pages, and the line that leads back to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection

from controller.cli.own_settings import is_unnamed
from controller.feature import Feature, MenuEntry, Program
from controller.people.person import Permission
from controller.setup.steps import WORDS, FirstStart
from controller.setup.store import change_first_start, first_start, is_a_schools
from protocol.settings import SettingsError
from protocol.words import N_


def _started(db: Connection, program: Program) -> None:
    """A server that nobody has named begins its first start; others were set up otherwise.

    Raises SettingsError where its data are a school's: what named that is lost.
    """
    if not is_unnamed(program.config):
        return
    if is_a_schools(db):
        raise SettingsError(
            "school_unnamed",
            N_("The data in {folder} are a school's, but no settings name it any more."),
            N_(
                "Put the settings back from a copy, or write its school and province into them"
                " again."
            ),
            folder=program.config.data.absolute(),
        )
    change_first_start(db, lambda known: known)


def _frame(program: Program, _language: str) -> Mapping[str, Any]:
    """What every page shows while the first start goes on: where it is."""
    state: FirstStart | None = program.store.read(first_start)
    if state is None or state.is_finished:
        return {}
    step = state.next_step(is_known=not is_unnamed(program.config))
    return {"setup_step": step, "setup_title": WORDS[step].title}


FEATURE: Final = Feature(
    name="setup",
    is_first=True,
    started=_started,
    frame=_frame,
    menu=(MenuEntry("/settings", N_("Settings"), (Permission.MANAGE,), rank=9, is_tool=True),),
)
