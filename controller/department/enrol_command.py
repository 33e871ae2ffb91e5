"""This file is `lophoc-controller enrol CODE`: a school's controller joins its department's."""

from __future__ import annotations

import argparse
import os
import platform
from pathlib import Path

from controller.cli.folder import add_place, data_folder, told_school
from controller.cli.output import tell
from controller.config import ENVIRONMENT
from protocol.command_line import CommandParser, unwritable
from protocol.enrolment import Credential
from protocol.joining import (
    Computer,
    Controller,
    EnrolError,
    Joined,
    controller_at,
    enrol,
    invited_by,
)
from protocol.model import Place
from protocol.settings import SettingsError, speaker
from protocol.typed_code import code_of
from protocol.words import N_, Translate


def fill_enrol(parser: CommandParser, say: Translate) -> None:
    """Give the command its arguments."""
    code = say(N_("the code, or the link, that the department's page shows"))
    parser.add_argument("code", nargs="+", metavar="CODE", help=code)
    where = say(N_("the department's server; a link names it itself"))
    parser.add_argument("--department", default="", metavar="HOST[:PORT]", help=where)
    add_place(parser, say)
    parser.set_defaults(command=_enrol)


def _enrol(options: argparse.Namespace) -> int:
    code, folder = code_of(options.code), data_folder(options)
    joined = join_department(code, options.department, told_school(options), folder)
    _tell(joined.credential, joined.words, folder)
    return 0


def join_department(code: str, address: str, school: Place, folder: Path) -> Joined:
    """Join the department above. address: empty where the code is a link. Raises LopHocError."""
    if not (school.school and school.province):
        raise SettingsError(
            "school_unknown",
            N_("Which school is this?"),
            N_("Name its settings with --config, or set LOPHOC_CONTROLLER_SCHOOL and _PROVINCE."),
        )
    invited = invited_by(code)
    department = _department(address) or invited.controller
    if department is None:
        raise SettingsError(
            "department_unknown",
            N_("Where is the department's server?"),
            N_("Write its address after --department, as its page shows it."),
        )
    computer = Computer(school.school, platform.node())
    with unwritable(folder):
        return enrol(
            invited, [department], computer, folder, lambda granted: _check(granted, school)
        )


def _department(address: str) -> Controller | None:
    return controller_at(address) if address else None


def _check(granted: Credential, school: Place) -> None:
    """Raises EnrolError where the code is for another school, or for a room."""
    if (granted.province, granted.agent) != (school.province, school.school):
        raise EnrolError(
            "code_of_another",
            N_("This code is for {name}, not for this school."),
            N_("Have one made for this school's code: {school}."),
            name=granted.agent,
            school=school.school,
        )


def _tell(credential: Credential, words: str, folder: Path) -> None:
    say = speaker(ENVIRONMENT, os.environ)
    tell(
        say(N_("Enrolled: {school} at {department}.")).format(
            school=credential.agent, department=credential.school
        )
    )
    tell(say(N_("The controller's page shows the same four words: {words}")).format(words=words))
    tell(say(N_("Start the controller again; its folder is {folder}.")).format(folder=folder))
