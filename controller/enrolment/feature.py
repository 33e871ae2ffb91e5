"""This file says what enrolment brings: its door, its page, and who has joined."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from controller.enrolment.door import EnrolmentDoor
from controller.enrolment.listener import EnrolmentListener
from controller.enrolment.service import Enrolment
from controller.feature import Feature, Jobs, MenuEntry, Program
from controller.people.person import Permission
from protocol.words import N_


@contextmanager
def _jobs(program: Program) -> Iterator[Jobs]:
    config = program.config
    enrolment = program.service(Enrolment)
    door = EnrolmentDoor(enrolment, program.name, config.mqtt_host, config.enrol_port)
    yield {"enrolment": door.run, "enrolled": enrolment.use_spoken}


def _frame(program: Program, _language: str) -> Mapping[str, object]:
    return {"not_enrolled": program.service(Enrolment).members.typed()}


FEATURE: Final = Feature(
    name="enrolment",
    held=("GET /enrolment", "POST /enrolment"),
    jobs=_jobs,
    listener=EnrolmentListener,
    frame=_frame,
    menu=(MenuEntry("/enrolment", N_("Add a room"), (Permission.MANAGE,), rank=7, is_tool=True),),
)
