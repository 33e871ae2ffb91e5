"""This file says what the department brings: what schools tell, areas and mergers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from controller.department import store
from controller.department.above import LineAbove
from controller.department.listener import SchoolsListener
from controller.department.tables import item_steps, told_seals
from controller.department.whole_list import is_known, note_begun
from controller.feature import Feature, Jobs, Level, MenuEntry, Program
from controller.people.person import Permission
from protocol.doctor import Diagnosis
from protocol.words import N_

if TYPE_CHECKING:
    from controller.department.overview import Department


def _listener(program: Program) -> SchoolsListener | None:
    return SchoolsListener(program) if program.config.hears_schools else None


def _department(program: Program) -> Department:
    from controller.department.overview import department_of  # noqa: PLC0415 - of pages alone

    return program.service(department_of)


def _frame(program: Program, _language: str) -> Mapping[str, Any]:
    return {
        "one_school": bool(program.school.school),
        "list_open": bool(program.config.upstream) and not program.store.read(is_known, program),
    }


def _home(program: Program) -> str:
    """A department without rooms of its own begins with its schools."""
    return "/schools" if program.levels() == {Level.DEPARTMENT} else ""


def _choose(program: Program) -> Callable[[Any, Any, Any], Any]:
    from controller.department.choosing import choosing_of  # noqa: PLC0415 - of pages alone

    return choosing_of(program)


def _stands(program: Program) -> Level | None:
    department = _department(program)
    department.look()
    return Level.DEPARTMENT if department.any_schools else None


@contextmanager
def _jobs(program: Program) -> Iterator[Jobs]:
    from controller.department.upward import reporting  # noqa: PLC0415 - of a school alone

    jobs: Jobs = {}
    if program.config.hears_schools:
        from controller.department.overview import keep_counted  # noqa: PLC0415 - of pages, too

        jobs = {"census": lambda: keep_counted(program)}
    with reporting(program) as upward:
        if upward:
            program.service(LineAbove).watch = upward.carried
        yield {**jobs, "upward": upward.run} if upward else jobs


def _findings(program: Program) -> Iterable[Diagnosis]:
    fact = program.service(LineAbove).fact(program.now_ms())
    return [fact.judge()] if fact else []


FEATURE: Final = Feature(
    name="department",
    level=Level.DEPARTMENT,
    stands=_stands,
    keep=store.keep,
    forget=(told_seals.c.heard_ms, item_steps.c.at_ms),
    started=note_begun,
    listener=_listener,
    menu=(MenuEntry("/schools", N_("Schools"), (Permission.DEPARTMENT,), rank=0),),
    jobs=_jobs,
    findings=_findings,
    look=lambda program: _department(program).look,
    frame=_frame,
    areas=lambda program: _department(program).schools_in,
    choose=_choose,
    home=_home,
    rest=lambda program: _department(program).rest,
    school_name=lambda program: _department(program).name_of,
)
