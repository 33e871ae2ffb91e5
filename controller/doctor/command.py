"""This file is `lophoc-controller doctor`: what is wrong, what to do, and what may be sent on."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from controller.broker.above import with_department
from controller.cli.folder import add_place, data_folder, told_settings
from controller.cli.output import output, tell
from controller.copies.content import COPIES, SETTINGS_FILE
from controller.doctor.probes import UNIT, probes
from protocol import probing
from protocol.command_line import CommandParser
from protocol.doctor import WRITTEN, Check, Fact, bundle, diagnose, exit_code, report
from protocol.formats import phrase
from protocol.settings import SettingsError
from protocol.symptoms import TroubleFact
from protocol.words import N_, Translate


def fill_doctor(parser: CommandParser, say: Translate) -> None:
    """Give the command its arguments."""
    add_place(parser, say)
    text = say(N_("write what may be sent to who helps you; it holds no name, code or address"))
    parser.add_argument("--bundle", type=Path, metavar="FILE", help=text)
    parser.set_defaults(command=lambda options: _doctor(options, say))


def _doctor(options: argparse.Namespace, say: Translate) -> int:
    diagnoses = diagnose(_facts(options))
    sys.stdout.write(report(diagnoses, say))
    if options.bundle:
        with output(options.bundle) as file:
            file.write(bundle(UNIT, diagnoses, probing.figures()).encode())
        tell(phrase(WRITTEN, say, path=options.bundle))
    return exit_code(diagnoses)


def _facts(options: argparse.Namespace) -> list[Fact]:
    folder = data_folder(options)
    try:
        config = with_department(told_settings(options, folder / COPIES / SETTINGS_FILE))
    except SettingsError as error:
        return [TroubleFact(Check.SETTINGS, error), probing.folder(folder)]
    return probing.examine(probes(config))
