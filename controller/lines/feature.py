"""This file says what lines bring to a department: how well each school reaches it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from controller.feature import Feature, Level, MenuEntry, Program
from controller.lines import store
from controller.lines.listener import LinesListener
from controller.lines.tables import line_days
from controller.people.person import Permission
from protocol.words import N_


def _listener(program: Program) -> LinesListener | None:
    return LinesListener(program) if program.config.hears_schools else None


def _frame(program: Program, _language: str) -> Mapping[str, Any]:
    """What the schools' own pages ask for, where they show it."""
    if program.config.upstream:
        return {}
    from controller.lines.service import Lines  # noqa: PLC0415 - of pages alone

    lines = program.service(Lines)
    return {"line_of": lines.of_school, "stopped_programs": lines.stopped}


FEATURE: Final = Feature(
    name="lines",
    level=Level.DEPARTMENT,
    keep=store.keep,
    forget=(line_days.c.at_ms,),
    listener=_listener,
    frame=_frame,
    menu=(MenuEntry("/lines", N_("Lines to schools"), (Permission.DEPARTMENT,)),),
)
