"""This file says what the department brings: what schools tell, areas and mergers."""

from __future__ import annotations

from typing import Final

from controller.department import store
from controller.department.listener import SchoolsListener
from controller.feature import Feature, Program


def _listener(program: Program) -> SchoolsListener | None:
    return SchoolsListener(program) if program.hears_schools else None


FEATURE: Final = Feature(name="department", keep=store.keep, listener=_listener)
