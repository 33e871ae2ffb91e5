"""This file says what the doctor brings: a command, and its page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from controller.feature import Feature, MenuEntry, Program
from controller.people.person import Permission
from protocol.doctor import Diagnosis
from protocol.model import instant
from protocol.words import N_


def _findings(program: Program) -> Iterable[Diagnosis]:
    from controller.doctor.screens import screens_fact  # noqa: PLC0415 - commands need no TLS

    fact = screens_fact(program.config, instant(program.now_ms()))
    return [fact.judge()] if fact else []


FEATURE: Final = Feature(
    name="doctor",
    findings=_findings,
    held=("GET /doctor", "POST /doctor"),
    menu=(MenuEntry("/doctor", N_("Doctor"), (Permission.MANAGE,), rank=8, is_tool=True),),
)
