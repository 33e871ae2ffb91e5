"""This file says what copies bring: everything, often, elsewhere, and a test of restoring it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from controller.copies.service import copies_of
from controller.feature import Feature, Jobs, Level, Program
from protocol.doctor import Diagnosis
from protocol.symptoms import CopiesFact


@contextmanager
def _jobs(program: Program) -> Iterator[Jobs]:
    copies = program.service(copies_of)
    yield {"copies": copies.run} if copies.places else {}


def _frame(program: Program, language: str) -> Mapping[str, Any]:
    from controller.copies.words import NONE_ELSEWHERE, copy_line  # noqa: PLC0415 - commands need no web
    from controller.web.words import Words  # noqa: PLC0415 - commands need no web

    copies = program.service(copies_of)
    words = Words(language, program.translate_to(language), program.zone)
    is_set_up = bool(copies.places) and copies.has_key
    now_ms = program.clock.look()
    is_school = Level.SCHOOL in program.levels()
    line = copy_line(copies.standing(), now_ms, words, is_set_up=is_set_up, is_school=is_school)
    return {"copy_line": line, "none_elsewhere": NONE_ELSEWHERE[is_school]}


def _health(program: Program) -> Mapping[str, object]:
    newest = program.service(copies_of).standing().newest
    age_ms = program.clock.look() - newest[1].made_ms if newest else None
    return {"copy_age_s": None if age_ms is None else age_ms // 1000}


def _findings(program: Program) -> Iterable[Diagnosis]:
    copies = program.service(copies_of)
    standing = copies.standing()
    newest = standing.newest
    fact = CopiesFact(
        is_set_up=bool(copies.places) and copies.has_key,
        age_ms=max(program.clock.look() - newest[1].made_ms, 0) if newest else None,
        is_test_failed=bool(standing.rehearsal and standing.rehearsal.trouble),
    )
    return [fact.judge()]


FEATURE: Final = Feature(
    name="copies",
    jobs=_jobs,
    frame=_frame,
    health=_health,
    findings=_findings,
    held=("GET /copies", "POST /copies"),
)
