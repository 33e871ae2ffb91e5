"""This file is `lophoc-controller password`: set the office's password."""

from __future__ import annotations

import argparse
import getpass
import sys

from controller.access.password import Office
from controller.cli.folder import add_place, existing_folder
from controller.cli.output import tell, unwritable
from protocol.command_line import CommandParser
from protocol.words import N_, Translate


def fill_password(parser: CommandParser, say: Translate) -> None:
    """Give the command its deed."""
    parser.add_argument("deed", choices=["set"])
    add_place(parser, say)
    parser.set_defaults(command=lambda options: _password(options, say))


def _password(options: argparse.Namespace, say: Translate) -> int:
    path = existing_folder(options) / "office.json"
    prompt = say(N_("New password: "))
    typed = getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    with unwritable(path):
        Office(path).set_password(typed)
    tell(say(N_("The office's password is set; who was logged in must log in again.")))
    return 0
