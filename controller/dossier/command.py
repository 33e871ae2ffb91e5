"""This file is `lophoc-controller dossier`: the notice, the register, the safety dossier."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from controller.cli.folder import add_place, data_folder, told_settings
from controller.cli.output import add_out, output
from controller.cli.school import opened
from controller.copies.content import COPIES, SETTINGS_FILE
from controller.dossier.facts import SchoolFacts, facts_of
from controller.dossier.safety import safety_text
from controller.roster.plan import SchoolClass
from controller.roster.store import classes_of
from protocol.command_line import CommandParser
from protocol.settings import SettingsError
from protocol.words import N_, Translate


def fill_dossier(parser: CommandParser, say: Translate) -> None:
    """Give the command its deeds."""
    deeds = parser.add_subparsers(required=True, metavar="DEED")
    notice = deeds.add_parser("notice", help=say(N_("the notice on pupils' data, to hang up")))
    add_out(notice, say, ".pdf")
    register = deeds.add_parser(
        "register", help=say(N_("a class's lines for parents to sign, or all classes'"))
    )
    register.add_argument(
        "--class", dest="code", default="", metavar="CLASS", help=say(N_("such as 10A1"))
    )
    add_out(register, say, ".pdf")
    safety = deeds.add_parser("safety", help=say(N_("the safety dossier's text, in Vietnamese")))
    add_out(safety, say, ".md")
    for deed, run in ((notice, _notice), (register, _register), (safety, _safety)):
        add_place(deed, say)
        deed.set_defaults(command=run)


def _notice(options: argparse.Namespace) -> int:
    from controller.dossier.drawing import draw_notice  # noqa: PLC0415 - heavy

    with output(options.out) as file:
        draw_notice(file, _facts(options))
    return 0


def _register(options: argparse.Namespace) -> int:
    from controller.dossier.drawing import draw_register  # noqa: PLC0415 - heavy

    with opened(options) as (store, school):
        classes = chosen(store.read(classes_of, school), options.code)
    with output(options.out) as file:
        draw_register(file, _facts(options), classes)
    return 0


def _safety(options: argparse.Namespace) -> int:
    with output(options.out) as file:
        file.write(safety_text(_facts(options)).encode())
    return 0


def chosen(classes: Sequence[SchoolClass], code: str) -> list[SchoolClass]:
    """The class of this code, or all. Raises SettingsError where there is none."""
    found = [each for each in classes if not code or each.code == code]
    if not found:
        raise SettingsError(
            "class_unknown", N_("There is no such class."), N_("Bring the class lists in first.")
        )
    return found


def _facts(options: argparse.Namespace) -> SchoolFacts:
    return facts_of(told_settings(options, data_folder(options) / COPIES / SETTINGS_FILE))
