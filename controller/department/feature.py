"""This file says what the department brings: what schools tell, areas and mergers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from controller.department import store
from controller.department.listener import SchoolsListener
from controller.department.tables import told_seals
from controller.feature import Feature, Jobs, MenuEntry, Program
from controller.people.person import Permission
from protocol.words import N_

if TYPE_CHECKING:
    from controller.department.overview import Department


def _listener(program: Program) -> SchoolsListener | None:
    return SchoolsListener(program) if program.config.hears_schools else None


def _department(program: Program) -> Department:
    from controller.department.overview import department_of  # noqa: PLC0415 - of pages alone

    return program.service(department_of)


def _frame(program: Program, _language: str) -> Mapping[str, Any]:
    department = _department(program)
    return {
        "above_schools": department.any_schools,
        "school_name_of": department.name_of,
        "own_rooms": _has_rooms(program) or not department.any_schools,
        "one_school": bool(program.school.school),
    }


def _home(program: Program) -> str:
    """A department without rooms of its own begins with its schools."""
    return "/schools" if _department(program).any_schools and not _has_rooms(program) else ""


def _has_rooms(program: Program) -> bool:
    from controller.dashboard.live import LiveView  # noqa: PLC0415 - of pages alone

    return bool(program.service(LiveView).rooms())


@contextmanager
def _jobs(program: Program) -> Iterator[Jobs]:
    from controller.department.upward import reporting  # noqa: PLC0415 - of a school alone

    with reporting(program) as upward:
        yield {"upward": upward.run} if upward else {}


FEATURE: Final = Feature(
    name="department",
    keep=store.keep,
    forget=(told_seals.c.heard_ms,),
    listener=_listener,
    menu=(
        MenuEntry(
            "/schools",
            N_("Schools"),
            (Permission.DEPARTMENT,),
            lambda frame: frame["above_schools"],
            rank=0,
        ),
    ),
    jobs=_jobs,
    look=lambda program: _department(program).look,
    frame=_frame,
    areas=lambda program: _department(program).schools_in,
    home=_home,
)
